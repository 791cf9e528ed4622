"""Codecs: waveform <-> the tensor that a generator makes.

A codec's scaling is a constant of the codec. The analysis divides by the loudest bin of the clip (peak-relative), the
synthesis does not: what a generator makes quiet stays quiet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from synth.audio.phase import reconstruct
from synth.audio.stft import STFT


@dataclass(frozen=True)
class GaussianLogSTFT:
    """Log magnitude of a Gaussian-window STFT: samples (..., n) <-> (..., 1, F, T) in [-1, 1].

    -1 is `floor_db` below the clip's loudest bin, +1 is the loudest bin. The Nyquist row is dropped, so F is
    length / 2. (Settings as in Gupta et al. 2021, arXiv 2103.07390, with a floor of 80 dB instead of 100 dB.)
    """

    sample_rate: int = 16000
    length: int = 512
    hop: int = 128
    frames: int = 256
    floor_db: float = -80.0

    @property
    def stft(self) -> STFT:
        return STFT("gauss", self.length, self.hop)

    @property
    def samples(self) -> int:
        """Length of the sound that one tensor stands for."""
        return self.frames * self.hop

    @property
    def shape(self) -> tuple[int, int, int]:
        return 1, self.length // 2, self.frames

    def encode(self, x: Tensor) -> Tensor:
        """Samples (..., n) -> (..., 1, F, T); shorter sounds are padded with silence, longer ones are cut."""
        x = torch.nn.functional.pad(x[..., : self.samples], (0, max(self.samples - x.shape[-1], 0)))
        return self.scale(self.stft.forward(x).abs()[..., :-1, :]).unsqueeze(-3)

    def scale(self, magnitude: Tensor) -> Tensor:
        """Linear magnitude (..., F, T) -> [-1, 1], relative to its own peak; silence becomes -1 everywhere."""
        peak = magnitude.amax(dim=(-2, -1), keepdim=True)
        db = 20.0 * torch.log10(magnitude.clamp_min(1e-12) / peak.clamp_min(1e-12))
        db = torch.where(peak > 0, db, torch.full_like(db, self.floor_db))
        return (db.clamp(self.floor_db, 0.0) / self.floor_db) * -2.0 + 1.0

    def magnitude(self, y: Tensor) -> Tensor:
        """Tensor (..., 1, F, T) -> linear magnitude (..., F + 1, T) with a silent Nyquist row, peak about 1."""
        db = (y.squeeze(-3).clamp(-1.5, 1.5) - 1.0) * (-self.floor_db / 2.0)
        magnitude = 10.0 ** (db / 20.0) * (db > self.floor_db)
        return torch.nn.functional.pad(magnitude, (0, 0, 0, 1))

    def decode(self, y: Tensor, method: str = "pghi+gl", seed: int = 0) -> np.ndarray:
        """Tensor (1, F, T) -> samples (n,), float32, phase by `method`."""
        return reconstruct(self.magnitude(y), self.stft, method, seed)
