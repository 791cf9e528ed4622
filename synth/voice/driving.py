"""A recording drives a sound: lanes with which the sound does over time what the recording does.

What the sound does by itself is measured by the same yardstick and made up for, in ROUNDS of rendering and listening.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from synth.errors import AudioError
from synth.instruments.style import StyleInstrument
from synth.patch import lanes
from synth.patch.lanes import RANGES, SLIDER_RANGE, SLIDERS, Lane
from synth.patch.patch import Patch
from synth.voice.track import HZ, Track, track

ROUNDS = 5
POINTS = 100
SMOOTH = 3  # moments, over which a lane is evened
TILT = 2.0  # dB an octave of tilt for an octave that the brightness is off
DRIVEN = ("loudness", "brightness", "pitch", "noisiness")
USUAL = {"loudness": 1.0, "brightness": 1.0, "pitch": 0.0, "noisiness": 0.0}
NOISY = 2.0  # units of the slider for a standard deviation of noisiness


def driven(instrument: StyleInstrument, patch: Patch, voice: Track, amounts: Mapping[str, float] = USUAL) -> Patch:
    """The patch with lanes that follow a recording from its beginning on; those that it has for the same are replaced.

    amounts: how much of each of DRIVEN, 0..1. Raises AudioError for amounts that are none, PatchError as `render`.
    """
    asked = _asked(amounts)
    bare = replace(patch, start=False, end=False, length=None, loop=False, stretch=1.0, lufs=None, width=0.0)
    seconds = instrument.codec.samples / instrument.codec.sample_rate
    times = np.arange(round(seconds * HZ)) / HZ
    others = [lane for lane in patch.automated if lane.name not in asked]
    curves = {name: np.zeros(len(times)) for name in asked if name in RANGES}
    fixed = [*others, *_noisy(instrument, voice, times, asked.get("noisiness", 0.0))]
    for _ in range(ROUNDS if curves else 0):
        sound = instrument.render(replace(bare, lanes=lanes.text([*fixed, *_lanes(curves)])))
        own = track(sound.samples[0], sound.sample_rate, pitched="pitch" in curves, cut=False)
        for name, curve in curves.items():
            curve += asked[name] * _off(name, voice, own, times)
    return replace(patch, lanes=lanes.text([*fixed, *_lanes(curves)]) or None)


def _asked(amounts: Mapping[str, float]) -> dict[str, float]:
    unknown = [name for name in amounts if name not in DRIVEN]
    if unknown or not all(0.0 <= amount <= 1.0 for amount in amounts.values()):
        raise AudioError(f"amounts are 0..1 of {', '.join(DRIVEN)}")
    return {name: amount for name, amount in amounts.items() if amount > 0.0}


def _off(name: str, voice: Track, own: Track, times: np.ndarray) -> np.ndarray:
    """By how much a sound is off a recording, (n,), in the units of a lane; each from its own middle."""
    theirs, ours = (_over(of, name, times) for of in (voice, own))
    known = np.isfinite(theirs) & np.isfinite(ours)
    if not known.any():
        return np.zeros(len(times))
    off = (theirs - np.median(theirs[known])) - (ours - np.median(ours[known]))
    off = np.interp(np.arange(len(times)), np.flatnonzero(known), off[known])
    return np.asarray(off * (TILT if name == "brightness" else 1.0))


def _over(of: Track, name: str, times: np.ndarray) -> np.ndarray:
    """Values (n,) at times in seconds; no number where there is nothing to follow, but for loudness."""
    values = np.asarray(getattr(of, name), np.float64)
    at = np.minimum(np.round(times * HZ).astype(int), len(values) - 1)
    followed = values if name == "loudness" else np.where(of.heard, values, np.nan)
    found = followed[at]
    return np.where(times <= of.seconds, found, of.loudness.min() if name == "loudness" else np.nan)


def _noisy(instrument: StyleInstrument, voice: Track, times: np.ndarray, amount: float) -> list[Lane]:
    """A lane of the slider that moves noisiness, where the model has one."""
    slider = next(
        (d.name for d in instrument.directions if d.calibration and d.calibration.descriptor == "noisiness"), None
    )
    if not amount or slider is None:
        return []
    values = _over(voice, "noisiness", times)
    known = np.isfinite(values)
    spread = max(float(values[known].std()), 1e-6)
    curve = np.where(known, (values - values[known].mean()) / spread, 0.0) * NOISY * amount
    return [_lane(SLIDERS + slider, curve, SLIDER_RANGE)]


def _lanes(curves: Mapping[str, np.ndarray]) -> list[Lane]:
    return [_lane(name, curve, RANGES[name]) for name, curve in curves.items()]


def _lane(name: str, curve: np.ndarray, bounds: tuple[float, float]) -> Lane:
    """A curve (n,) over all of a sound as POINTS points, evened and as far as it goes."""
    even = np.convolve(np.pad(curve, SMOOTH // 2, mode="edge"), np.ones(SMOOTH) / SMOOTH, mode="valid")
    places = np.linspace(0.0, len(curve) - 1.0, min(POINTS, len(curve)))
    values = np.interp(places, np.arange(len(curve)), even).clip(*bounds)
    return Lane(name, tuple((float(p / (len(curve) - 1)), float(v), 0.0) for p, v in zip(places, values, strict=True)))
