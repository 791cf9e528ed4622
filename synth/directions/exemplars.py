"""Synthetic exemplars: sounds whose every property is a setting, made after W. W. Gaver's everyday listening.

Bursts of filtered noise, struck bars and plates, scrapes and bubbles (Gaver, "How do we hear in the world? Explorations
in ecological acoustics" and "Synthesizing auditory icons", both 1993). Each kind is a dataclass of settings in physical
units, and `synthesise` turns it into samples: the same ones for the same settings and seed, on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from scipy.signal import butter, fftconvolve, lfilter, sosfilt

from synth.errors import AudioError

MAX_EVENTS = 10_000
MAX_ORDER = 8
# Of the energy that a vibration loses in a cycle, over 2 pi (Wildes & Richards, "Recovering material properties from
# sound", 1988): what tells a material by ear, more than its pitch. Speed: of sound along a bar, m/s.
MATERIALS = {"metal": (0.0008, 5000.0), "glass": (0.003, 5200.0), "wood": (0.02, 3800.0), "rubber": (0.12, 600.0)}
SHAPES = ("bar", "plate")
MODES = 24
SOFTEST_SECONDS, HARDEST_SECONDS = 0.004, 0.0001  # how long mallets touch


@dataclass(frozen=True)
class Bursts:
    """Bursts of noise through a band-pass.

    width: seconds of a burst; count: how many, evenly over the sound; irregularity: 0 even .. 1 anywhere; low, high:
    edges of the band in Hz; order: of the Butterworth filter, 0 for none; fade_in, fade_out: shares of a burst, 0..1;
    exponent: of the fades' curve, 1 straight, above it steeper.
    """

    width: float = 0.05
    count: int = 7
    irregularity: float = 0.0
    low: float = 1.0
    high: float = 700.0
    order: int = 5
    fade_in: float = 0.0
    fade_out: float = 0.5
    exponent: float = 1.0


@dataclass(frozen=True)
class Strikes:
    """A bar or plate, struck.

    material: one of MATERIALS; shape: of SHAPES; size: its length in m; hardness: of the mallet, 0 felt .. 1 steel;
    count and irregularity as of Bursts.
    """

    material: str = "wood"
    shape: str = "bar"
    size: float = 0.3
    hardness: float = 0.5
    count: int = 1
    irregularity: float = 0.0


@dataclass(frozen=True)
class Scrapes:
    """Friction: noise of a rough surface under strokes, through the object's resonance.

    width: seconds of a stroke; speed: m/s, which lifts the noise's pitch; grain: m between the surface's bumps;
    resonance: Hz; count and irregularity as of Bursts.
    """

    width: float = 0.3
    speed: float = 0.5
    grain: float = 0.0004
    resonance: float = 2000.0
    count: int = 4
    irregularity: float = 0.0


@dataclass(frozen=True)
class Bubbles:
    """A liquid: bubbles, each a decaying sine that rises (van den Doel, "Physically based models for liquid sounds").

    radius: of the typical bubble in m; spread: octaves, standard deviation; rise: how much faster they ring as they
    near the surface; count and irregularity as of Bursts.
    """

    radius: float = 0.003
    spread: float = 0.5
    rise: float = 0.1
    count: int = 40
    irregularity: float = 1.0


Exemplar = Bursts | Strikes | Scrapes | Bubbles

LIMITS: dict[str, tuple[float, float]] = {
    "width": (0.0, 60.0),
    "count": (0, MAX_EVENTS),
    "irregularity": (0.0, 1.0),
    "low": (0.0, 1e5),
    "high": (0.0, 1e5),
    "order": (0, MAX_ORDER),
    "fade_in": (0.0, 1.0),
    "fade_out": (0.0, 1.0),
    "exponent": (0.1, 10.0),
    "size": (0.01, 10.0),
    "hardness": (0.0, 1.0),
    "speed": (0.01, 20.0),
    "grain": (1e-5, 0.1),
    "resonance": (20.0, 1e5),
    "radius": (1e-4, 0.1),
    "spread": (0.0, 3.0),
    "rise": (0.0, 10.0),
}


def synthesise(exemplar: Exemplar, seconds: float, rate: int, seed: int = 0) -> np.ndarray:
    """Samples (n,) float32 of an exemplar, peak 1; silence where it has no events or its band is empty.

    Raises AudioError for settings out of range.
    """
    check(exemplar)
    rng = np.random.default_rng(seed)
    x = _KINDS[type(exemplar)](exemplar, round(seconds * rate), rate, rng)
    peak = np.abs(x).max(initial=0.0)
    return (x / peak if peak > 0.0 else x).astype(np.float32)


def check(exemplar: Exemplar) -> None:
    """Raises AudioError that names the first setting which is out of range, and the range."""
    for item in fields(exemplar):
        value = getattr(exemplar, item.name)
        if item.name in LIMITS:
            low, high = LIMITS[item.name]
            if not low <= value <= high:  # NaN is in no range
                raise AudioError(f"{item.name} must lie in {low:g}..{high:g}, not {value:g}: set it within")
        else:
            choices = MATERIALS if item.name == "material" else SHAPES
            if value not in choices:
                raise AudioError(f"{item.name} must be one of {', '.join(choices)}, not {value!r}: choose one")


def farther(x: np.ndarray, rate: int, metres: float, seed: int = 0) -> np.ndarray:
    """Samples (n,) as heard from so many metres in a hall: less direct sound, its high frequencies lost on the way.

    The direct sound falls as 1 / metres, a reverberation of 1.2 s does not; the low-pass is at 12 kHz / metres, far
    below what clear air takes, as over soft ground and through leaves. Peak 1 again.
    """
    n = np.arange(round(0.8 * rate))
    hall = np.random.default_rng(seed).standard_normal(n.size) * 10.0 ** (-3.0 * n / (1.2 * rate))
    hall *= math.sqrt(1.0 / float(np.square(hall).sum()))
    wet = fftconvolve(x, hall)[: x.size]
    heard = _filtered(x / metres + 0.1 * wet, 0.0, 12000.0 / metres, 1, rate)
    return (heard / max(float(np.abs(heard).max(initial=0.0)), 1e-9)).astype(np.float32)


def _bursts(s: Bursts, n: int, rate: int, rng: np.random.Generator) -> np.ndarray:
    width = min(round(s.width * rate), n)
    shape = _fades(width, s.fade_in, s.fade_out, s.exponent)
    x = np.zeros(n)
    for start in _starts(s.count, s.irregularity, n - width, rng):
        x[start : start + width] += shape * rng.standard_normal(width)
    return _filtered(x, s.low, s.high, s.order, rate)


def _strikes(s: Strikes, n: int, rate: int, rng: np.random.Generator) -> np.ndarray:
    contact = SOFTEST_SECONDS * (HARDEST_SECONDS / SOFTEST_SECONDS) ** s.hardness
    one = _modes(s, n, rate, rng)
    blow = np.hanning(max(round(contact * rate), 1) + 2)
    one = fftconvolve(one, blow / blow.sum())[:n]
    x = np.zeros(n)
    for start in _starts(s.count, s.irregularity, n - n // 10, rng):
        x[start:] += rng.uniform(0.7, 1.0) * one[: n - start]
    return x


def _modes(s: Strikes, n: int, rate: int, rng: np.random.Generator) -> np.ndarray:
    """The object's answer to an impulse: decaying sines, those of high frequency dying first."""
    loss, speed = MATERIALS[s.material]
    order = np.arange(1, MODES + 1)
    if s.shape == "bar":  # free at both ends, a fiftieth as thick as long
        ratios = ((2 * order + 1) / 3.0112) ** 2
        first = 1.028 * speed * 0.02 / s.size
    else:  # supported at its edges, and nearly square
        grid = np.add.outer(order[:8] ** 2, 1.21 * order[:8] ** 2).ravel()
        ratios = np.sort(grid)[:MODES] / grid.min()
        first = 0.9 * speed * 0.02 / s.size
    t = np.arange(n) / rate
    x = np.zeros(n)
    for ratio in ratios:
        f = first * ratio
        if f < 0.45 * rate:
            fall = math.pi * f * loss + 2.0
            x += rng.uniform(0.5, 1.0) * np.exp(-fall * t) * np.sin(2.0 * np.pi * f * t)
    return x


def _scrapes(s: Scrapes, n: int, rate: int, rng: np.random.Generator) -> np.ndarray:
    width = min(round(s.width * rate), n)
    bumps = min(s.speed / s.grain, 0.4 * rate)  # how many pass in a second: the pitch of the noise
    x = np.zeros(n)
    for start in _starts(s.count, s.irregularity, n - width, rng):
        x[start : start + width] += np.hanning(width) * rng.standard_normal(width)
    x = _filtered(x, 0.5 * bumps, 2.0 * bumps, 1, rate)
    return x + 2.0 * _resonance(x, min(s.resonance, 0.4 * rate), rate)


def _bubbles(s: Bubbles, n: int, rate: int, rng: np.random.Generator) -> np.ndarray:
    x = np.zeros(n)
    for start in _starts(s.count, s.irregularity, n, rng):
        radius = s.radius * 2.0 ** (s.spread * rng.standard_normal())
        f = 3.0 / radius  # Minnaert's resonance in water
        fall = 0.13 / radius + 0.0072 * radius**-1.5
        t = np.arange(min(n - start, round(7.0 / fall * rate))) / rate
        sine = np.sin(2.0 * np.pi * np.minimum(f * (1.0 + s.rise * fall * t), 0.45 * rate) * t)
        x[start : start + t.size] += radius * rng.uniform(0.1, 1.0) * np.exp(-fall * t) * sine
    return x


_KINDS: dict[type, Callable[[Any, int, int, np.random.Generator], np.ndarray]] = {
    Bursts: _bursts,
    Strikes: _strikes,
    Scrapes: _scrapes,
    Bubbles: _bubbles,
}


def _starts(count: int, irregularity: float, last: int, rng: np.random.Generator) -> np.ndarray:
    """Sample indices of `count` events in 0..last, from evenly spaced to anywhere."""
    even = np.arange(count) / max(count, 1)
    anywhere = rng.uniform(0.0, 1.0, count)
    return np.sort(((1.0 - irregularity) * even + irregularity * anywhere) * max(last, 0)).astype(int)


def _fades(n: int, fade_in: float, fade_out: float, exponent: float) -> np.ndarray:
    """Gain (n,) that rises over the first and falls over the last share of it."""
    at = (np.arange(n) + 0.5) / max(n, 1)
    rise = np.clip(at / fade_in, 0.0, 1.0) if fade_in > 0.0 else np.ones(n)
    fall = np.clip((1.0 - at) / fade_out, 0.0, 1.0) if fade_out > 0.0 else np.ones(n)
    return (rise * fall) ** exponent


def _filtered(x: np.ndarray, low: float, high: float, order: int, rate: int) -> np.ndarray:
    """x through a Butterworth band-pass; an edge at 0 or beyond the band limit filters nothing on that side."""
    if order == 0:
        return x
    if low >= high:
        return np.zeros_like(x)
    if low >= 1.0:
        x = sosfilt(butter(order, min(low, 0.49 * rate), "highpass", fs=rate, output="sos"), x)
    if high < 0.49 * rate:
        x = sosfilt(butter(order, max(high, 1.0), "lowpass", fs=rate, output="sos"), x)
    return x


def _resonance(x: np.ndarray, hertz: float, rate: int, q: float = 8.0) -> np.ndarray:
    """x through a two-pole resonance of unit gain at its peak."""
    radius, angle = math.exp(-math.pi * hertz / q / rate), 2.0 * math.pi * hertz / rate
    gain = (1.0 - radius) * math.sqrt(1.0 - 2.0 * radius * math.cos(2.0 * angle) + radius**2)
    found: np.ndarray = lfilter([gain], [1.0, -2.0 * radius * math.cos(angle), radius**2], x)
    return found
