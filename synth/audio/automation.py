"""Lanes on maps: level, tilt and pitch that change over the time of a sound, before it has a phase."""

from __future__ import annotations

import numpy as np

from synth.patch.lanes import Lane, total

PIVOT = 8.0  # half the rate over the frequency that a tilt leaves as it is
TILTED = 4.0  # octaves to either side of it, over which a tilt grows


def automated(
    level: np.ndarray, gate: np.ndarray, lanes: tuple[Lane, ...], below: float
) -> tuple[np.ndarray, np.ndarray]:
    """Level in dB and gate, (F, T) each, with the lanes of loudness, brightness and pitch on them.

    below: dB of what comes in where a sound that is lowered has nothing.
    """
    bins, frames = level.shape
    times = np.arange(frames) / max(frames - 1, 1)
    pitch = total(lanes, "pitch", times)
    if pitch.any():
        level, gate = _raised(level, pitch, below), _raised(gate, pitch, 0.0)
    octaves = np.log2(np.maximum(np.arange(bins), 1.0) * (PIVOT / bins)).clip(-TILTED, TILTED)
    shift = total(lanes, "loudness", times) + octaves[:, None] * total(lanes, "brightness", times)
    return level + shift.astype(np.float32), gate


def _raised(cells: np.ndarray, semitones: np.ndarray, outside: float) -> np.ndarray:
    """(F, T) with frequencies moved by so many semitones (T,), frame by frame."""
    bins = cells.shape[0]
    places = np.arange(bins)[:, None] * 2.0 ** (-semitones / 12.0)
    low = np.minimum(places.astype(int), bins - 1)
    share = (places - low).astype(np.float32)
    here, there = (np.take_along_axis(cells, at, 0) for at in (low, np.minimum(low + 1, bins - 1)))
    return np.where(places <= bins - 1, here + share * (there - here), np.float32(outside))
