"""Loudness, peaks and fades of samples (channels, n).

Loudness is ITU-R BS.1770 / EBU R 128 integrated loudness (pyloudnorm). The meter works on gating blocks of 400 ms. A
shorter clip is followed by silence up to one block, so it reads the same alone as at any place in a longer silent
file, and a click is as quiet as the ear, which integrates over about that time, takes it to be. (Repeating the clip to
fill the block would call a click as loud as a steady tone.)
"""

from __future__ import annotations

import math
import warnings

import numpy as np
import pyloudnorm
from scipy.signal import resample_poly

BLOCK_SECONDS = 0.4
OVERSAMPLING = 4
_MARGIN = 16  # samples of silence at both ends, where the interpolated wave may still swing


def integrated(samples: np.ndarray, rate: int) -> float:
    """Integrated loudness in LUFS of samples (channels, n), 1 to 5 channels; -inf for silence (below -70 LUFS)."""
    block = math.ceil(BLOCK_SECONDS * rate) + 1
    missing = max(block - samples.shape[1], 0)
    padded = np.pad(samples.astype(np.float64), ((0, 0), (0, missing)))
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # the logarithm of silence
        loudness = float(pyloudnorm.Meter(rate, block_size=BLOCK_SECONDS).integrated_loudness(padded.T))
    return loudness if math.isfinite(loudness) else -math.inf


def true_peak(samples: np.ndarray) -> float:
    """Peak in dBTP of samples (channels, n), between the samples too: 4 x oversampled, as BS.1770-4 annex 2 asks."""
    if samples.size == 0:
        return -math.inf
    padded = np.pad(samples.astype(np.float32), ((0, 0), (_MARGIN, _MARGIN)))
    between = np.abs(resample_poly(padded, OVERSAMPLING, 1, axis=1)).max()
    peak = max(float(between), float(np.abs(samples).max()))
    return 20.0 * math.log10(peak) if peak > 0.0 else -math.inf


def normalise(samples: np.ndarray, rate: int, lufs: float | None, ceiling_dbtp: float = -1.0) -> np.ndarray:
    """Samples (channels, n) at an integrated loudness, or with None at the ceiling, by one gain; float32.

    Where that would lift the true peak over the ceiling, the peak stands at the ceiling and the sound stays quieter
    than asked: nothing is clipped or limited. Silence stays silence.
    """
    peak = true_peak(samples)
    if not math.isfinite(peak):
        return samples.astype(np.float32)
    lifted = samples.astype(np.float64) * _gain(ceiling_dbtp - peak)
    if lufs is not None:
        lifted *= _gain(min(lufs - integrated(lifted, rate), 0.0))
    return lifted.astype(np.float32)


def fades(samples: np.ndarray, rate: int, fade_in: float, fade_out: float) -> np.ndarray:
    """Samples (channels, n) with raised-cosine fades of so many seconds, at most the whole sound each; float32."""
    n = samples.shape[1]
    rise, fall = (_rise(min(round(seconds * rate), n)) for seconds in (fade_in, fade_out))
    gain = np.ones(n, np.float32)
    gain[: rise.size] *= rise
    gain[n - fall.size :] *= fall[::-1]
    return samples.astype(np.float32) * gain


def _gain(db: float) -> float:
    return 10.0 ** (db / 20.0)


def _rise(n: int) -> np.ndarray:
    """Half a period of a raised cosine, from 0 towards 1, (n,) float32."""
    return (0.5 - 0.5 * np.cos(np.pi * np.arange(n) / max(n, 1))).astype(np.float32)
