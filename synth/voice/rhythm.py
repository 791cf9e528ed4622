"""A beatboxed rhythm becomes a take: a hit of a category at each onset of a recording, as hard as it is there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from synth.audio import ends
from synth.audio.loudness import normalise
from synth.instruments.instrument import Instrument
from synth.patch.patch import Patch
from synth.sound.sound import Sound
from synth.voice.track import Track, track

TURNS = 4  # sounds that take turns, so that no hit is the one before it
CANDIDATES = 12  # seeds of which those are taken that strike least often
CHOKE_SECONDS = 0.03  # over which a hit makes room for the next one
SOFTEST_DB = -24.0  # of a velocity of 0


def take(instrument: Instrument, patch: Patch, voice: Track) -> Sound:
    """One sound with a hit at each onset, at the patch's loudness; each begins at its onset. Raises as `render`."""
    hits = _hits(instrument, patch)
    rate = instrument.card.sample_rate
    lead = round(ends.LEAD_SECONDS * rate)
    starts = [max(round(at * rate) - lead, 0) for at in voice.onsets]
    channels, last = hits[0].shape[0], max(hit.shape[1] for hit in hits)
    samples = np.zeros((channels, max(starts) + last), np.float32)
    for i, (start, velocity) in enumerate(zip(starts, voice.velocities, strict=True)):
        hit = hits[i % TURNS]
        if i + 1 < len(starts):
            hit = _choked(hit, starts[i + 1] - start, rate)
        gain = np.float32(10.0 ** (SOFTEST_DB * (1.0 - velocity) / 20.0))
        samples[:, start : start + hit.shape[1]] += gain * hit / max(float(np.abs(hit).max()), 1e-9)
    return Sound(normalise(samples, rate, patch.lufs), rate, patch=None)


def _hits(instrument: Instrument, patch: Patch) -> list[np.ndarray]:
    """TURNS sounds (channels, n) around a patch, those that strike least often."""
    patches = [replace(patch, seed=(patch.seed + i) % 2**32, start=True, lufs=None) for i in range(CANDIDATES)]
    sounds = [sound.samples for sound in instrument.renders(patches)]
    strikes = [len(track(x.mean(0), instrument.card.sample_rate, pitched=False, cut=False).onsets) for x in sounds]
    order = sorted(range(CANDIDATES), key=lambda i: (strikes[i], i))
    return [sounds[i] for i in order[:TURNS]]


def _choked(hit: np.ndarray, n: int, rate: int) -> np.ndarray:
    """A hit (channels, m) that falls to nothing CHOKE_SECONDS after n samples."""
    fall = round(CHOKE_SECONDS * rate)
    gain = np.clip((n + fall - np.arange(hit.shape[1])) / fall, 0.0, 1.0).astype(np.float32)
    return np.asarray(hit[:, : n + fall] * gain[: n + fall])
