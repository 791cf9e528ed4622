"""What a codec is, and what codecs have in common.

A codec's scaling is a constant of the codec. The analysis may divide by the loudest bin (or sample) of the clip, the
synthesis does not: what a generator makes quiet stays quiet. So `encode` and `decode` are inverses up to the phase, the
level of the clip, and what lies under the codec's floor or between its bands.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from synth.audio.phase import reconstruct
from synth.audio.stft import STFT


class Codec(Protocol):
    """What every codec offers. Its fields are its settings."""

    @property
    def sample_rate(self) -> int: ...

    @property
    def samples(self) -> int:
        """Length of the sound that one tensor stands for."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one tensor, without the batch."""

    def encode(self, x: Tensor) -> Tensor:
        """Samples (..., n) -> (..., *shape); shorter sounds are padded with silence, longer ones are cut."""

    def decode(self, y: Tensor, method: str = "pghi+gl", seed: int = 0) -> np.ndarray:
        """Tensor (..., *shape) -> samples (..., n) float32; `method` and `seed` as `phase.reconstruct` takes them."""


def fit_length(x: Tensor, n: int) -> Tensor:
    """Samples (..., any) -> (..., n), padded with silence or cut."""
    return torch.nn.functional.pad(x[..., :n], (0, max(n - x.shape[-1], 0)))


def decode_magnitude(magnitude: Tensor, stft: STFT, method: str, seed: int) -> np.ndarray:
    """Magnitude (..., F, T) with any leading dimensions -> samples (..., n)."""
    lead = magnitude.shape[:-2]
    return reconstruct(magnitude.reshape(-1, *magnitude.shape[-2:]), stft, method, seed).reshape(*lead, -1)
