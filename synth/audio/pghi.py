"""Phase gradient heap integration (PGHI) for real signals.

Prusa, Balazs & Sondergaard, "A noniterative method for reconstruction of phase from STFT magnitude", IEEE/ACM TASLP
25(5), 2017. For a Gaussian window the gradient of the phase follows from that of the log magnitude; it is integrated
from the loudest bin outwards, always along the loudest border.

Two things make it fast. The border is a bucket queue over the log magnitude in steps of `STEP_DB` instead of a heap,
so adding and taking a bin cost a few memory accesses. And the bins are laid out with an empty margin, whose level 0
means "nothing to do here" as it does for a bin that already has its phase, so the loop asks one question a neighbour.
"""

from __future__ import annotations

import heapq
import math

import numba
import numpy as np

from synth.audio.stft import STFT

TOLERANCE_DB = -80.0  # bins this far below the loudest one get a random phase
STEP_DB = 0.5
_BUCKETS = 2 + math.ceil(-TOLERANCE_DB / STEP_DB)


def integrate_phase(magnitude: np.ndarray, stft: STFT, rng: np.random.Generator) -> np.ndarray:
    """Linear magnitude (T, F) float32, frames first -> phase in radians (T, F) float32, not wrapped."""
    phase = _margin(rng.random(magnitude.shape, dtype=np.float32) * np.float32(2.0 * math.pi))
    peak = magnitude.max(initial=0.0)
    if peak > 0.0:
        tolerance = 10.0 ** (TOLERANCE_DB / 20.0)
        log = np.log(np.maximum(magnitude / peak, np.float32(tolerance)))
        level = np.ceil((log - math.log(tolerance)) * (20.0 / math.log(10.0) / STEP_DB)).astype(np.uint8)
        level = _margin(level)
        _integrate(level.ravel(), _slopes(log, stft).ravel(), phase.ravel(), level.shape[1], _BUCKETS)
    return phase[1:-1, 1:-1]


def _slopes(log: np.ndarray, stft: STFT) -> np.ndarray:
    """Phase to the next frame and phase to the next bin, (2, T + 2, F + 2) with margins.

    Equations 13 and 14, centred differences. Bins beyond 0 Hz and Nyquist mirror those inside; frames beyond the ends
    repeat the last ones. The phase refers to the start of the frame, not to its middle, which adds pi a bin.
    """
    ratio = stft.gamma / (stft.hop * stft.length)
    turns = np.arange(stft.bins) * stft.hop % stft.length / stft.length
    carrier = (2.0 * math.pi * np.where(turns > 0.5, turns - 1.0, turns)).astype(np.float32)
    slopes = np.zeros((2, log.shape[0] + 2, log.shape[1] + 2), np.float32)
    over_time, over_bins = slopes[:, 1:-1, 1:-1]
    over_time[:, 1:-1] = (log[:, 2:] - log[:, :-2]) * np.float32(0.5 / ratio)
    over_time += carrier
    over_bins[1:-1] = (log[2:] - log[:-2]) * np.float32(-0.5 * ratio)
    if log.shape[0] > 1:
        over_bins[0] = (log[1] - log[0]) * np.float32(-0.5 * ratio)
        over_bins[-1] = (log[-1] - log[-2]) * np.float32(-0.5 * ratio)
    over_bins += np.float32(math.pi)
    return slopes


def _margin(field: np.ndarray) -> np.ndarray:
    return np.pad(field, 1)


@numba.njit(nogil=True, cache=True)
def _integrate(level, slopes, phase, stride, buckets):  # type: ignore[no-untyped-def]
    """Fills `phase` from the loudest bin of each island outwards; `level` ends as all zeros. All flat, with margins.

    slopes: phase steps over time, then over bins, one behind the other. (No helper takes the inner loop: numba counts
    references to every array at every call.)
    """
    steps = (stride, -stride, 1, -1)
    offsets = (0, 0, level.size, level.size)
    halves = (np.float32(0.5), np.float32(-0.5), np.float32(0.5), np.float32(-0.5))
    seeds, next_seed = np.full(buckets, -1, np.int32), np.empty(level.size, np.int32)
    border, next_border = np.full(buckets, -1, np.int32), np.empty(level.size, np.int32)
    for i in range(level.size):
        next_seed[i] = seeds[level[i]]
        seeds[level[i]] = i

    for bucket in range(buckets - 1, 0, -1):
        seed = seeds[bucket]
        while seed >= 0:
            top = level[seed]  # 0 where the bin already has its phase
            if top > 0:
                level[seed], border[top], next_border[seed] = 0, seed, -1
            while top > 0:
                here = border[top]
                if here < 0:
                    top -= 1
                    continue
                border[top] = next_border[here]
                for side in range(4):
                    there = here + steps[side]
                    rank = level[there]
                    if rank > 0:
                        slope = slopes[offsets[side] + here] + slopes[offsets[side] + there]  # trapezoid rule
                        phase[there] = phase[here] + halves[side] * slope
                        level[there], next_border[there], border[rank] = 0, border[rank], there
                        top = max(top, rank)
            seed = next_seed[seed]


def spread_phase(
    level: np.ndarray, asked: np.ndarray, bins: np.ndarray, magnitude: np.ndarray, stft: STFT, circular: bool = False
) -> None:
    """Gives the asked bins among complex ones (T, F + 1) the phase of their level's gradient, in place.

    level: dB, smooth, (T, F); asked: bool, (T, F); magnitude: linear, (T, F + 1). Each island of asked bins begins with
    the phase that its loudest bin has, and in a circular sound it goes on from the last frame to the first. For a few
    bins among many: slopes are found where they are asked for, on a heap.
    """
    ratio = stft.gamma / (stft.hop * stft.length)
    turns = np.arange(level.shape[1]) * stft.hop % stft.length / stft.length
    carrier = (2.0 * math.pi * np.where(turns > 0.5, turns - 1.0, turns)).astype(np.float32)
    scale = math.log(10.0) / 20.0
    slopes = np.float32(0.5 * scale / ratio), np.float32(-0.5 * scale * ratio)
    _spread(level, asked.copy(), bins, magnitude, carrier, *slopes, circular)


@numba.njit(nogil=True, cache=True)
def _spread(level, asked, bins, magnitude, carrier, over_bins, over_frames, circular):  # type: ignore[no-untyped-def]
    frames, width = level.shape
    phase = np.empty((frames, width), np.float32)
    places = np.flatnonzero(asked)
    order = np.argsort(level.ravel()[places])[::-1]
    for seed in places[order]:
        t, k = seed // width, seed % width
        if not asked[t, k]:
            continue
        asked[t, k] = False
        phase[t, k] = math.atan2(bins[t, k].imag, bins[t, k].real)
        heap = [(-level[t, k], t, k)]
        while heap:
            _, t, k = heapq.heappop(heap)
            bins[t, k] = magnitude[t, k] * complex(math.cos(phase[t, k]), math.sin(phase[t, k]))
            for side in range(4):
                u, j = t + (side == 0) - (side == 1), k + (side == 2) - (side == 3)
                if circular:
                    u = (u + frames) % frames
                if u < 0 or u >= frames or j < 0 or j >= width or not asked[u, j]:
                    continue
                if side < 2:
                    slope = carrier[k] + np.float32(0.5) * over_bins * (_across(level, t, k) + _across(level, u, k))
                else:
                    slope = np.float32(math.pi) + np.float32(0.5) * over_frames * (
                        _along(level, t, k, circular) + _along(level, t, j, circular)
                    )
                phase[u, j] = phase[t, k] + (slope if side % 2 == 0 else -slope)
                asked[u, j] = False
                heapq.heappush(heap, (-level[u, j], u, j))


@numba.njit(nogil=True, cache=True, inline="always")
def _across(level, t, k):  # type: ignore[no-untyped-def]
    """Difference of the levels on both sides along frequency; bins beyond the ends mirror those inside."""
    return level[t, k + 1] - level[t, k - 1] if 0 < k < level.shape[1] - 1 else np.float32(0.0)


@numba.njit(nogil=True, cache=True, inline="always")
def _along(level, t, k, circular):  # type: ignore[no-untyped-def]
    """Difference of the levels before and after; frames beyond the ends repeat the last ones, or follow in a circle."""
    last = level.shape[0] - 1
    if circular:
        return level[t + 1 if t < last else 0, k] - level[t - 1 if t else last, k]
    return level[min(t + 1, last), k] - level[max(t - 1, 0), k]
