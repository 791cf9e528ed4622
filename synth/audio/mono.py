"""One channel of several, and without what is no sound: how a recording is heard in mono.

It is the mean of the channels, to the bit, unless they cancel: then it is what keeps most. A constant offset, which is
0 Hz and not heard, but inside the range of codecs and descriptors, is taken out; where there is none nothing changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.fft import rfft

CELL = 0.005  # s, what is measured at a time
_KEPT = 0.2  # of the channels' mean energy: what must be left of every loud part; of unrelated channels a half is left
_ALIKE = 0.9  # of what the best way keeps: a way that keeps as much is as good, and rounding does not choose
_LOUD = 0.01  # of the energy of the loudest part
_PART = 20  # cells in a part
_FRAME = 4096  # samples, from which the energies of octaves are taken
_LOWEST = 3  # bin: the first octave of these starts with it, as the window spreads 0 Hz over those below
_SMOOTH = 40  # cells, 0.2 s: a mean under a Hann window so long hears nothing of 20 Hz and more
_LEAST = 8  # cells in which an offset can be told from sound
_OFFSET = 1e-3  # of the peak: a smaller offset lies 60 dB below the sound
_AGREE = 0.5  # of the offset: as far apart the middle half of its measurements may lie
WAYS = ("mean", "left", "right", "difference")


@dataclass(frozen=True)
class Mixdown:
    """How channels become one: by one of WAYS, minus an offset from sample `first` to `last`, where there is sound."""

    way: str = "mean"
    offset: float = 0.0
    first: int = 0
    last: int = 0

    def __call__(self, block: np.ndarray, at: int = 0) -> np.ndarray:
        """Samples (m, channels) that begin at sample `at` of the whole, as (m,) float32."""
        mixed: np.ndarray = _mixed(block, self.way)
        if self.offset:
            inside = slice(max(self.first - at, 0), max(self.last - at, 0))
            mixed = mixed.copy()
            mixed[inside] -= np.float32(self.offset)
        return mixed

    @property
    def note(self) -> str:
        """What was done that a person should know of, in words that follow a name; "" for nothing."""
        return "" if self.way == "mean" else f"has channels that cancel each other, so its {_TOLD[self.way]} is used"


_TOLD = {"left": "left one", "right": "right one", "difference": "difference"}


def mono(samples: np.ndarray, rate: int) -> np.ndarray:
    """Samples (n, channels) as one channel, (n,) float32."""
    return mixdown([samples], rate)(samples)


def mixdown(blocks: Iterable[np.ndarray], rate: int) -> Mixdown:
    """How the channels of a sound that comes in blocks (m, channels) become one."""
    measured = Measured(rate)
    for block in blocks:
        measured.add(block)
    return measured.mixdown()


class Measured:
    """What a mixdown goes by, of a sound that comes in blocks: in every cell the peak and the sum of each channel, of
    two channels their sums of products as well, and the same in octaves of the whole."""

    def __init__(self, rate: int):
        self.size = max(round(rate * CELL), 1)
        self.stride = self.size * (_FRAME // self.size + 1)  # whole cells that hold a frame
        self.waiting = np.zeros((0, 1), np.float32)
        self.peaks: list[np.ndarray] = []
        self.sums: list[np.ndarray] = []
        self.products: list[np.ndarray] = []
        self.octaves = np.zeros((1, 3))
        self.samples = 0

    def add(self, block: np.ndarray) -> None:
        """Samples (m, channels) that follow those before."""
        self.samples += len(block)
        held = np.concatenate([self.waiting, block]) if len(self.waiting) else block
        whole = len(held) - len(held) % (self.stride if held.shape[1] == 2 else self.size)
        if whole:
            self._measure(held[:whole])
        self.waiting = held[whole:].copy()

    def mixdown(self) -> Mixdown:
        if len(self.waiting):
            self._measure(np.pad(self.waiting, ((0, -len(self.waiting) % self.size), (0, 0))))
            self.waiting = self.waiting[:0]
        if not self.sums:
            return Mixdown()
        peaks, means = np.concatenate(self.peaks), np.concatenate(self.sums) / self.size
        offsets = np.array([_offset(means[:, c], float(peaks[:, c].max())) for c in range(means.shape[1])])
        way = self._way(offsets) if self.products else WAYS[0]
        if not offsets.any():
            return Mixdown(way)
        sounding = np.flatnonzero(peaks.max(axis=1))
        last = min((int(sounding[-1]) + 1) * self.size, self.samples)
        return Mixdown(way, float(_mixed(offsets[None], way)[0]), int(sounding[0]) * self.size, last)

    def _measure(self, block: np.ndarray) -> None:
        cells = np.ascontiguousarray(block.T).reshape(block.shape[1], -1, self.size)
        self.peaks.append(np.abs(cells).max(axis=2).T)
        self.sums.append((cells @ np.ones(self.size, np.float32)).T.astype(np.float64))
        if len(cells) == 2:
            pairs = ((cells[0], cells[0]), (cells[1], cells[1]), (cells[0], cells[1]))
            self.products.append(np.stack([np.einsum("ij,ij->i", a, b) for a, b in pairs], axis=1).astype(np.float64))
            self.octaves = _summed(self.octaves, _octaves(cells.reshape(2, -1), self.stride))

    def _way(self, offsets: np.ndarray) -> str:
        """The mean where it keeps enough of every loud part and octave, else the first that keeps about the most."""
        products = np.concatenate(self.products)
        sums = np.concatenate(self.sums)
        pairs = ((0, 0), (1, 1), (0, 1))
        about = np.stack(
            [
                products[:, i] - offsets[a] * sums[:, b] - offsets[b] * sums[:, a] + self.size * offsets[a] * offsets[b]
                for i, (a, b) in enumerate(pairs)
            ],
            axis=1,
        )
        parts = np.add.reduceat(about, np.arange(0, len(about), _PART))
        kept = np.minimum(_kept(parts), _kept(self.octaves))
        return WAYS[0] if kept[0] >= _KEPT else WAYS[int((kept >= _ALIKE * kept.max()).argmax())]


def _mixed(block: np.ndarray, way: str) -> np.ndarray:
    if way == "difference":
        return np.asarray((block[:, 0] - block[:, 1]) * block.dtype.type(0.5))
    if way == "mean" and block.shape[1] > 1:
        return np.asarray(block.mean(axis=1))
    return block[:, max(WAYS.index(way) - 1, 0)]


def _kept(energies: np.ndarray) -> np.ndarray:
    """What each of WAYS keeps of the channels' mean energy, in the loud part where that is least.

    energies: (parts, 3), left squared, right squared and their product.
    """
    left, right, both = np.maximum(energies[:, 0], 0.0), np.maximum(energies[:, 1], 0.0), energies[:, 2]
    mean = 0.5 * (left + right)
    loud = mean > _LOUD * mean.max(initial=0.0)
    if not loud.any():
        return np.ones(len(WAYS))
    ways = np.stack([0.25 * (left + right + 2 * both), left, right, 0.25 * (left + right - 2 * both)])
    return np.asarray((ways[:, loud] / mean[loud]).min(axis=1))


def _octaves(block: np.ndarray, stride: int) -> np.ndarray:
    """Energies of the octaves of samples (2, m), a frame a stride, (octaves, 3) as `_kept` takes them."""
    stride = min(stride, block.shape[1])
    size = min(_FRAME, stride)
    frames = block[:, : block.shape[1] // stride * stride].reshape(2, -1, stride)[..., :size]
    left, right = rfft(frames * np.hanning(size).astype(np.float32))
    powers = [(a * b.conj()).real for a, b in ((left, left), (right, right), (left, right))]
    spectra = np.stack([power.sum(axis=0, dtype=np.float64) for power in powers], axis=1)
    starts = [_LOWEST]
    while 2 * starts[-1] < len(spectra):
        starts.append(2 * starts[-1])
    return np.add.reduceat(spectra, starts) if len(spectra) > _LOWEST else np.zeros((1, 3))


def _summed(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Sum of two tables with perhaps unequal numbers of rows."""
    rows = max(len(a), len(b))
    return np.asarray(sum(np.pad(x, ((0, rows - len(x)), (0, 0))) for x in (a, b)))


def _offset(means: np.ndarray, peak: float) -> float:
    """The offset of a channel by the means of its cells; 0 where they do not agree on one.

    Most means, over a time in which any sound is heard as several periods, stand at the offset; where they are about 0
    or spread widely, as those of low sounds are, there is none.
    """
    if not (means[0] and means[-1]):
        sounding = np.flatnonzero(means)
        means = means[sounding[0] : sounding[-1] + 1] if len(sounding) else means[:0]
    if len(means) < _LEAST:
        return 0.0
    smooth = np.sort(np.convolve(means, _window(min(_SMOOTH, len(means) // 2)), "valid"))
    low, middle, high = (smooth[round(part * (len(smooth) - 1))] for part in (0.25, 0.5, 0.75))
    agreed = abs(middle) >= _OFFSET * peak and high - low <= _AGREE * abs(middle)
    return float(middle) if agreed else 0.0


@cache
def _window(size: int) -> np.ndarray:
    """A Hann window whose sum is 1."""
    window = np.hanning(size + 2)[1:-1]
    return np.asarray(window / window.sum())
