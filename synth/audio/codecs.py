"""Codecs: waveform <-> the tensor that a generator makes; those of magnitudes and of samples, and all by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from synth.audio.codec import Codec, decode_magnitude, fit_length
from synth.audio.mel import LogMel, MelDecibels
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
        return self.scale(self.stft.forward(fit_length(x, self.samples)).abs()[..., :-1, :]).unsqueeze(-3)

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
        """Tensor (..., 1, F, T) -> samples (..., n) float32, whose loudest bin is about as loud as y says (+1: 1.0)."""
        return decode_magnitude(self.magnitude(y.float()), self.stft, method, seed)


@dataclass(frozen=True)
class Waveform:
    """The samples themselves, relative to the clip's peak: (..., n) <-> (..., 1, n) in [-1, 1]."""

    sample_rate: int = 16000
    samples: int = 32768

    @property
    def shape(self) -> tuple[int, int]:
        return 1, self.samples

    def encode(self, x: Tensor) -> Tensor:
        x = fit_length(x, self.samples)
        return (x / x.abs().amax(dim=-1, keepdim=True).clamp_min(1e-12)).unsqueeze(-2)

    def decode(self, y: Tensor, method: str = "pghi+gl", seed: int = 0) -> np.ndarray:
        """Tensor (..., 1, n) -> samples (..., n) float32. There is no phase to find: method and seed do nothing."""
        return y.detach().squeeze(-2).float().cpu().numpy()


AnyCodec = GaussianLogSTFT | LogMel | MelDecibels | Waveform
CODECS: dict[str, type[GaussianLogSTFT] | type[LogMel] | type[MelDecibels] | type[Waveform]] = {
    "GaussianLogSTFT": GaussianLogSTFT,
    "LogMel": LogMel,
    "MelDecibels": MelDecibels,
    "Waveform": Waveform,
}


def settings(codec: Codec) -> dict[str, Any]:
    """A codec as a checkpoint's card keeps it: its name and its fields, plain JSON types."""
    return {"name": type(codec).__name__, **asdict(codec)}  # type: ignore[call-overload]


def from_settings(values: Mapping[str, Any]) -> Codec:
    """The inverse of `settings`; fields left out take their defaults. Raises ValueError for anything unknown."""
    fields = dict(values)
    name = fields.pop("name", None)
    if name not in CODECS:
        raise ValueError(f"unknown codec {name!r}: use one of {', '.join(CODECS)}")
    unknown = set(fields) - set(CODECS[name].__dataclass_fields__)
    if unknown:
        raise ValueError(f"{name} has no setting {', '.join(sorted(unknown))}")
    return CODECS[name](**fields)
