"""How far two sounds are apart, as a picture and as one figure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CELL = 4  # bins and columns a side: within a cell, noise may fall as it likes


@dataclass(frozen=True)
class Difference:
    """levels: (bins, frames) float32 in dB, above zero where the second sound is louder; decibels: mean of its size."""

    levels: np.ndarray
    decibels: float


def difference(first: np.ndarray, second: np.ndarray, range_db: float) -> Difference:
    """Of two pictures as `Sound.spectrogram` draws them, uint8 (bins, frames), 255 standing for `range_db`.

    Both are relative to their own loudest bin, so the level of a sound does not count.
    """
    apart = _cells(second) - _cells(first)
    levels = (apart * (range_db / 255.0)).astype(np.float32)
    return Difference(levels, float(np.abs(levels).mean()))


def _cells(levels: np.ndarray) -> np.ndarray:
    """Means over cells, (bins / CELL, frames / CELL)."""
    bins, frames = (n // CELL for n in levels.shape)
    return levels[: bins * CELL, : frames * CELL].reshape(bins, CELL, frames, CELL).mean(axis=(1, 3))
