"""Codecs: waveform <-> the tensor that a generator makes.

A codec's scaling is a constant of the codec. The analysis divides by the loudest bin (or sample) of the clip, the
synthesis does not: what a generator makes quiet stays quiet. So `encode` and `decode` are inverses up to the phase, the
level of the clip, and what lies under the codec's floor or between its bands.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Protocol

import librosa
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
        return self.scale(self.stft.forward(_fit_length(x, self.samples)).abs()[..., :-1, :]).unsqueeze(-3)

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
        return _decode_magnitude(self.magnitude(y.float()), self.stft, method, seed)


@dataclass(frozen=True)
class LogMel:
    """log(1 + gain * m) of a Hann-window mel magnitude m: samples (..., n) <-> (..., 1, mels, frames) in [-1, 1].

    m is relative to the clip's loudest mel bin, which becomes +1; silence is -1. Bands are Slaney's, area-normalised,
    as librosa makes them.
    """

    sample_rate: int = 22050
    length: int = 1024
    hop: int = 256
    frames: int = 512
    mels: int = 128
    gain: float = 1000.0

    @property
    def stft(self) -> STFT:
        return STFT("hann", self.length, self.hop)

    @property
    def samples(self) -> int:
        return self.frames * self.hop

    @property
    def shape(self) -> tuple[int, int, int]:
        return 1, self.mels, self.frames

    @property
    def bands(self) -> Tensor:
        """The mel filter bank, (mels, F) float32."""
        return _mel_bands(self.sample_rate, self.length, self.mels)

    def encode(self, x: Tensor) -> Tensor:
        mel = self.bands.to(x.device) @ self.stft.forward(_fit_length(x, self.samples)).abs()
        relative = mel / mel.amax(dim=(-2, -1), keepdim=True).clamp_min(1e-12)
        return (torch.log1p(self.gain * relative) * (2.0 / math.log1p(self.gain)) - 1.0).unsqueeze(-3)

    def magnitude(self, y: Tensor) -> Tensor:
        """Tensor (..., 1, mels, T) -> linear magnitude (..., F, T) whose mel bands y gives."""
        mel = torch.expm1((y.squeeze(-3).clamp(-1.0, 1.5) + 1.0) * (math.log1p(self.gain) / 2.0)) / self.gain
        return _nonnegative_inverse(self.bands.to(y.device), mel)

    def decode(self, y: Tensor, method: str = "pghi+gl", seed: int = 0) -> np.ndarray:
        return _decode_magnitude(self.magnitude(y.float()), self.stft, method, seed)


@dataclass(frozen=True)
class Waveform:
    """The samples themselves, relative to the clip's peak: (..., n) <-> (..., 1, n) in [-1, 1]."""

    sample_rate: int = 16000
    samples: int = 32768

    @property
    def shape(self) -> tuple[int, int]:
        return 1, self.samples

    def encode(self, x: Tensor) -> Tensor:
        x = _fit_length(x, self.samples)
        return (x / x.abs().amax(dim=-1, keepdim=True).clamp_min(1e-12)).unsqueeze(-2)

    def decode(self, y: Tensor, method: str = "pghi+gl", seed: int = 0) -> np.ndarray:
        """Tensor (..., 1, n) -> samples (..., n) float32. There is no phase to find: method and seed do nothing."""
        return y.detach().squeeze(-2).float().cpu().numpy()


CODECS: dict[str, type[GaussianLogSTFT] | type[LogMel] | type[Waveform]] = {
    "GaussianLogSTFT": GaussianLogSTFT,
    "LogMel": LogMel,
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


def _fit_length(x: Tensor, n: int) -> Tensor:
    """Samples (..., any) -> (..., n), padded with silence or cut."""
    return torch.nn.functional.pad(x[..., :n], (0, max(n - x.shape[-1], 0)))


def _decode_magnitude(magnitude: Tensor, stft: STFT, method: str, seed: int) -> np.ndarray:
    """Magnitude (..., F, T) with any leading dimensions -> samples (..., n)."""
    lead = magnitude.shape[:-2]
    return reconstruct(magnitude.reshape(-1, *magnitude.shape[-2:]), stft, method, seed).reshape(*lead, -1)


@lru_cache(maxsize=8)
def _mel_bands(sample_rate: int, length: int, mels: int) -> Tensor:
    return torch.from_numpy(librosa.filters.mel(sr=sample_rate, n_fft=length, n_mels=mels))


def _nonnegative_inverse(bands: Tensor, mel: Tensor, steps: int = 60) -> Tensor:
    """x >= 0 (..., F, T) with bands @ x near mel (..., mels, T) in the least squares sense.

    Multiplicative updates (Lee & Seung, "Algorithms for non-negative matrix factorization", NIPS 2000) from the mel
    bands spread over their bins, so the spectrum between the centres of two bands is smooth.
    """
    spread = bands.T / bands.sum(0, keepdim=True).T.clamp_min(1e-12) / bands.sum(1).clamp_min(1e-12)
    x = spread @ mel
    target, gram = bands.T @ mel, bands.T @ bands
    for _ in range(steps):
        x = x * target / (gram @ x).clamp_min(1e-20)
    return x
