"""A part of a sound: cut out, and found where the sound is loudest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from synth.errors import AudioError
from synth.sound.sound import Sound

GRID = 0.01  # s
SHARE = 0.9  # of the energy of the loudest part: what another may have to be chosen instead
EDGE = 3  # cells of the grid before and after, by which a rise is judged
QUIET = 1e-4  # of the loudest cell: below it a rise is none
LEAD = 0.02  # s, kept before a rise


def cut(sound: Sound, start: float, seconds: float) -> Sound:
    """`seconds` of a sound from `start`, both in seconds, or what there is of them; never less than one sample."""
    first = min(max(round(start * sound.sample_rate), 0), sound.samples.shape[1] - 1)
    return replace(sound, samples=sound.samples[:, first : first + max(round(seconds * sound.sample_rate), 1)])


def chosen(sound: Sound, start: float | None, seconds: float) -> Sound:
    """`seconds` of a sound from `start`, or where it is loudest; raises AudioError for a start beyond its end."""
    if start is not None and not 0.0 <= start < sound.seconds:
        raise AudioError(f"No part begins at {start:g} s: the sound has {sound.seconds:.2f} s; choose an earlier one.")
    return cut(sound, loudest(sound, seconds) if start is None else start, seconds)


def loudest(sound: Sound, seconds: float) -> float:
    """Where the loudest `seconds` begin, in seconds; 0 for a sound that is no longer than that.

    Of all parts that have nearly the most energy, it is the one that begins where the level rises most: with an onset,
    rather than amidst a sound.
    """
    step = max(round(GRID * sound.sample_rate), 1)
    grid = np.arange(0, sound.samples.shape[1], step)
    energy = np.add.reduceat(np.square(sound.samples).mean(axis=0, dtype=np.float64), grid)
    width = round(seconds * sound.sample_rate / step)
    if width >= len(energy):
        return 0.0
    windows = _sums(energy, width)
    candidates = np.flatnonzero(windows >= SHARE * windows.max())
    begin = candidates[_rises(energy)[candidates].argmax()] * step / sound.sample_rate
    return float(max(begin - LEAD, 0.0))


def _rises(energy: np.ndarray) -> np.ndarray:
    """How many times more energy the cells from each one on have than those before it, EDGE of them each."""
    quiet = QUIET * energy.max() + 1e-12
    sums = _sums(np.pad(energy, EDGE), EDGE)
    found: np.ndarray = (sums[EDGE : EDGE + len(energy)] + quiet) / (sums[: len(energy)] + quiet)
    return found


def _sums(x: np.ndarray, width: int) -> np.ndarray:
    """Sums of `width` neighbours, (n - width + 1,)."""
    totals = np.concatenate([[0.0], np.cumsum(x)])
    return np.asarray(totals[width:] - totals[:-width])
