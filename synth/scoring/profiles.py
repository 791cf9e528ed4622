"""Copies by eye: how alike a sound's spectrum and envelope are to those of the nearest training clip.

A frozen network may find a near copy new, and two sounds of the same kind the same. Here a sound is its log
spectrogram's mean over time (a spectrum) and its mean over frequency (an envelope), each less its own mean and of
length 1: whatever draws a training clip's profiles again, a little later or with other noise, is found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from synth.audio.codecs import GaussianLogSTFT
from synth.scoring.metrics import COPY_QUANTILE

HOP_SECONDS, WINDOW_SECONDS = 0.008, 0.032
FLOOR_DB = -60.0
LAGS = 16  # frames that an envelope may come earlier or later
_SILENCE = 1e-6  # of a profile's length


@dataclass(frozen=True)
class ProfileCopies:
    """Correlations with the nearest training clip, mean of spectrum and envelope: medians of sounds, of valid clips, of
    training clips with others.

    `copy_correlation` is the valid clips' highest hundredth, `copies` the share of sounds that are no less alike.
    """

    sounds: float
    valid: float
    train: float
    copy_correlation: float
    copies: float


class Profiles:
    """An embedder: samples (B, n) at `sample_rate` -> (B, 1, F + T), a spectrum and an envelope."""

    name = "profiles"

    def __init__(self, sample_rate: int):
        self.sample_rate = sample_rate
        self.length = 2 * round(WINDOW_SECONDS * sample_rate / 2)
        self.hop = round(HOP_SECONDS * sample_rate)

    @property
    def bins(self) -> int:
        return self.length // 2

    def __call__(self, samples: Tensor) -> Tensor:
        frames = max(samples.shape[-1] // self.hop, 1)
        levels = GaussianLogSTFT(self.sample_rate, self.length, self.hop, frames, FLOOR_DB).encode(samples).squeeze(1)
        return torch.cat([levels.mean(2), levels.mean(1)], dim=1).unsqueeze(1)


def profile_copies(sounds: np.ndarray, valid: np.ndarray, train: np.ndarray, bins: int) -> ProfileCopies:
    """Of profiles (N, 1, F + T), (V, 1, F + T) and (M, 1, F + T) with F = `bins`; M at least 2."""
    made, real = (correlations(x, train, bins).max(1) for x in (sounds, valid))
    others = correlations(train, train, bins)
    np.fill_diagonal(others, -np.inf)
    limit = float(np.quantile(real, 1.0 - COPY_QUANTILE))
    return ProfileCopies(
        sounds=float(np.median(made)),
        valid=float(np.median(real)),
        train=float(np.median(others.max(1))),
        copy_correlation=limit,
        copies=float((made >= limit).mean()),
    )


def correlations(sounds: np.ndarray, train: np.ndarray, bins: int) -> np.ndarray:
    """Profiles (N, 1, F + T) and (M, 1, F + T) -> (N, M), each at the lag at which the envelopes agree best."""
    (spectra, envelopes), (known, outlines) = ((x[:, 0, :bins], x[:, 0, bins:]) for x in (sounds, train))
    most = min(LAGS, envelopes.shape[1] - 1)
    shown = _unit(outlines).T
    best = np.full((len(sounds), len(train)), -1.0, np.float32)
    for lag in range(-most, most + 1):
        np.maximum(best, _unit(_shifted(envelopes, lag)) @ shown, out=best)
    return np.asarray((_unit(spectra) @ _unit(known).T + best) / 2.0)


def _shifted(envelopes: np.ndarray, lag: int) -> np.ndarray:
    """(N, T), `lag` frames later; silence comes in."""
    held = np.full_like(envelopes, -1.0)
    source, target = slice(max(-lag, 0), envelopes.shape[1] - max(lag, 0)), slice(max(lag, 0), None)
    held[:, target][:, : envelopes.shape[1] - abs(lag)] = envelopes[:, source]
    return held


def _unit(x: np.ndarray) -> np.ndarray:
    """(N, K) less each row's mean, of length 1; a row without shape becomes zero."""
    centred = x - x.mean(1, keepdims=True)
    return np.asarray(centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), _SILENCE), np.float32)
