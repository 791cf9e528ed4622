"""Loudness, peaks and fades of samples (channels, n).

Loudness is ITU-R BS.1770-4 / EBU R 128 integrated loudness. Its gating blocks of 400 ms begin every 100 ms; one that
the sound does not fill does not count, as in libebur128. Of a sound that is over within one block, alone or between
silences, the block that begins with it counts, so it reads the same wherever it stands, and a click is as quiet as the
ear, which integrates over about that time, takes it to be. pyloudnorm 0.2.0 counts a last block that is half full as a
whole one, so only its filters are taken. (Blocks that hold a part of it would make its loudness hang
on where they happen to begin; repeating it to fill the block would call a click as loud as a steady tone.)
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
from pyloudnorm import IIRfilter
from scipy.signal import firwin, sosfilt
from torch import Tensor
from torch.nn import functional as F

from synth.choices import CEILING_DBTP

OVERSAMPLING = 4
_REACH = 10  # samples to either side that say what lies between two
_STEPS = 4  # of 100 ms in a gating block
_OFFSET = -0.691  # LUFS of a mean square of 1
_ABSOLUTE, _RELATIVE = -70.0, -10.0  # LUFS, LU: the gates
_CLOSE, _LOOKS = 0.01, 20  # LU within which a loudness is reached, and looks that this may take
_WEIGHTS = (1.0, 1.0, 1.0, 1.41, 1.41)  # of the channels


def integrated(samples: np.ndarray, rate: int) -> float:
    """Integrated loudness in LUFS of samples (channels, n), 1 to 5 channels; -inf for silence (below -70 LUFS)."""
    return _gated(_powers(samples, rate))


def _powers(samples: np.ndarray, rate: int) -> np.ndarray:
    """Weighted power (blocks,) of the gating blocks of samples (channels, n); none of silence."""
    step = (rate + 5) // 10
    sounding = np.flatnonzero(samples.any(axis=0))
    if not len(sounding):
        return np.zeros(0)
    if sounding[-1] - sounding[0] < _STEPS * step:
        samples = samples[:, sounding[0] : sounding[0] + _STEPS * step]
    missing = max(_STEPS * step - samples.shape[1], 0)
    weighted = sosfilt(_k_weighting(rate), np.pad(samples.astype(np.float64), ((0, 0), (0, missing))))
    steps = np.square(weighted[:, : weighted.shape[1] // step * step]).reshape(len(samples), -1, step).mean(axis=2)
    return np.convolve(np.array(_WEIGHTS[: len(samples)]) @ steps, np.full(_STEPS, 1.0 / _STEPS), "valid")


def _gated(power: np.ndarray) -> float:
    """LUFS of blocks of such power, (blocks,), which pass both gates."""
    heard = power[power > 10.0 ** ((_ABSOLUTE - _OFFSET) / 10.0)]
    if not len(heard):
        return -math.inf
    return _OFFSET + 10.0 * math.log10(heard[heard > heard.mean() * 10.0 ** (_RELATIVE / 10.0)].mean())


@lru_cache(maxsize=16)
def _k_weighting(rate: int) -> np.ndarray:
    """The two filters of annex 1 at any rate, second-order sections (2, 6): at 48 kHz they are its tables.

    (De Man, "Evaluation of implementations of the EBU R128 loudness measurement", AES 145, 2018.)
    """
    shelf = IIRfilter(3.99984385397, 0.7071752369554193, 1681.9744509555319, rate, "high_shelf_DeMan")
    rumble = IIRfilter(0.0, 0.5003270373253953, 38.13547087613982, rate, "high_pass_DeMan")
    return np.array([[*shelf.b, *shelf.a], [*rumble.b, *rumble.a]])


def true_peak(samples: np.ndarray) -> float:
    """Peak in dBTP of samples (channels, n), between the samples too: 4 x oversampled, as BS.1770-4 annex 2 asks."""
    if samples.size == 0:
        return -math.inf
    channels = torch.from_numpy(samples.astype(np.float32))[:, None]
    between = F.conv1d(channels, _finer(), padding=2 * _REACH).abs().max()
    peak = max(float(between), float(np.abs(samples).max()))
    return 20.0 * math.log10(peak) if peak > 0.0 else -math.inf


@lru_cache(maxsize=1)
def _finer() -> Tensor:
    """Taps (OVERSAMPLING, 1, 2 * _REACH + 1) of `scipy.signal.resample_poly`, for each of the places between two
    samples: a convolution of PyTorch takes a quarter of its time."""
    half = _REACH * OVERSAMPLING
    taps = OVERSAMPLING * np.pad(firwin(2 * half + 1, 1.0 / OVERSAMPLING, window=("kaiser", 5.0)), OVERSAMPLING)
    first = half + OVERSAMPLING + np.arange(OVERSAMPLING)[:, None]
    places = first - OVERSAMPLING * np.arange(-_REACH, _REACH + 1)
    return torch.from_numpy(taps[places].astype(np.float32))[:, None]


def normalise(samples: np.ndarray, rate: int, lufs: float | None, ceiling_dbtp: float = CEILING_DBTP) -> np.ndarray:
    """Samples (channels, n) at an integrated loudness, or with None at the ceiling, by one gain; float32.

    The loudness is that of the mean of all channels, so that a sound which is widened stays as loud in mono. The
    ceiling holds for every channel.
    Where that would lift the true peak over the ceiling, the peak stands at the ceiling and the sound stays quieter
    than asked: nothing is clipped or limited. Silence stays silence.
    """
    peak = true_peak(samples)
    if not math.isfinite(peak):
        return samples.astype(np.float32)
    lifted = samples.astype(np.float64) * _gain(ceiling_dbtp - peak)
    if lufs is not None:
        lifted *= _gain(min(_db_to(lufs, _powers(lifted.mean(axis=0, keepdims=True), rate)), 0.0))
    return lifted.astype(np.float32)


def _db_to(lufs: float, power: np.ndarray) -> float:
    """The gain that brings blocks of such power, (blocks,), to a loudness; 0 for silence.

    A gain moves quiet blocks across the absolute gate, and what is left of them moves the relative one, so loudness
    does not follow it evenly (by up to 3 LU, in clicks with a faint tail): it is looked at again where it arrives.
    """
    gain = 0.0
    for _ in range(_LOOKS):
        loudness = _gated(power * 10.0 ** (gain / 10.0))
        if loudness == -math.inf:
            break
        gain += lufs - loudness
        if abs(lufs - loudness) < _CLOSE:
            break
    return gain


def fades(samples: np.ndarray, rate: int, fade_in: float, fade_out: float) -> np.ndarray:
    """Samples (channels, n) with raised-cosine fades of so many seconds, at most the whole sound each; float32."""
    n = samples.shape[1]
    rise, fall = (_rise(min(round(seconds * rate), n)) for seconds in (fade_in, fade_out))
    gain = np.ones(n, np.float32)
    gain[: rise.size] *= rise
    gain[n - fall.size :] *= fall[::-1]
    return samples.astype(np.float32) * gain


def _gain(db: float) -> float:
    found: float = 10.0 ** (db / 20.0)
    return found


def _rise(n: int) -> np.ndarray:
    """Half a period of a raised cosine, from 0 towards 1, (n,) float32."""
    return (0.5 - 0.5 * np.cos(np.pi * np.arange(n) / max(n, 1))).astype(np.float32)
