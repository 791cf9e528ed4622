"""Codecs of mel spectrograms: Hann window, Slaney's bands, area-normalised, as librosa makes them."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeVar

import librosa
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from synth.audio.codec import decode_magnitude, fit_length
from synth.audio.stft import STFT

CLIPPED = 0.05  # share of a data set's clips whose loudest bin may lie above what becomes +1
_CHUNK = 64  # clips analysed at a time

C = TypeVar("C")


class _MelCodec(ABC):
    """What both have in common."""

    sample_rate: int
    length: int
    hop: int
    frames: int
    mels: int

    @property
    def stft(self) -> STFT:
        return STFT("hann", self.length, self.hop)

    @property
    def samples(self) -> int:
        """Length of the sound that one tensor stands for."""
        return self.frames * self.hop

    @property
    def bands(self) -> Tensor:
        """The mel filter bank, (mels, F) float32."""
        return _mel_bands(self.sample_rate, self.length, self.mels)

    @abstractmethod
    def magnitude(self, y: Tensor) -> Tensor:
        """Tensor (..., *shape) -> linear magnitude (..., F, frames)."""

    def decode(self, y: Tensor, method: str = "pghi+gl", seed: int = 0) -> np.ndarray:
        """Tensor (..., *shape) -> samples (..., n) float32; `method` and `seed` as `phase.reconstruct` takes them."""
        return decode_magnitude(self.magnitude(y.float()), self.stft, method, seed)


@dataclass(frozen=True)
class LogMel(_MelCodec):
    """log(1 + gain * m) of a mel magnitude m: samples (..., n) <-> (..., 1, mels, frames) in [-1, 1]; silence is -1.

    reference: the mel magnitude that becomes +1, as `fitted` finds it for a data set; louder bins are clipped, levels
    are kept. With 0 it is each clip's own loudest bin on the way in, and 1 on the way out.
    """

    sample_rate: int = 22050
    length: int = 1024
    hop: int = 256
    frames: int = 512
    mels: int = 128
    gain: float = 1000.0
    reference: float = 0.0

    @property
    def shape(self) -> tuple[int, int, int]:
        return 1, self.mels, self.frames

    def mel(self, x: Tensor) -> Tensor:
        """Samples (..., n) -> mel magnitude (..., mels, frames)."""
        return self.bands.to(x.device) @ self.stft.forward(fit_length(x, self.samples)).abs()

    def encode(self, x: Tensor) -> Tensor:
        mel = self.mel(x)
        loudest = mel.amax(dim=(-2, -1), keepdim=True).clamp_min(1e-12)
        relative = (mel / self.reference).clamp_max(1.0) if self.reference > 0.0 else mel / loudest
        return (torch.log1p(self.gain * relative) * (2.0 / math.log1p(self.gain)) - 1.0).unsqueeze(-3)

    def magnitude(self, y: Tensor) -> Tensor:
        """Tensor (..., 1, mels, T) -> linear magnitude (..., F, T) whose mel bands y gives."""
        mel = torch.expm1((y.squeeze(-3).clamp(-1.0, 1.5) + 1.0) * (math.log1p(self.gain) / 2.0)) / self.gain
        return nonnegative_inverse(self.bands.to(y.device), mel * (self.reference or 1.0))


@dataclass(frozen=True)
class MelDecibels(_MelCodec):
    """Mel power in decibels: samples (..., n) <-> (..., 1, mels, columns) in [-1, 1].

    +1 is the clip's loudest bin, -1 is `floor_db` below it and all that is quieter; silence is -1. columns: width of
    the picture, to which the frames are resized (bilinear, anti-aliased), and back on the way out; 0 for a column a
    frame.
    """

    sample_rate: int = 22050
    length: int = 2048
    hop: int = 432
    frames: int = 256
    mels: int = 256
    floor_db: float = -80.0
    columns: int = 0

    @property
    def shape(self) -> tuple[int, int, int]:
        return 1, self.mels, self.columns or self.frames

    def encode(self, x: Tensor) -> Tensor:
        power = self.bands.to(x.device) @ self.stft.forward(fit_length(x, self.samples)).abs().square()
        loudest = power.amax(dim=(-2, -1), keepdim=True)
        db = 10.0 * torch.log10((power / loudest.clamp_min(1e-20)).clamp_min(10.0 ** (self.floor_db / 10.0)))
        return _resized(1.0 - 2.0 * db / self.floor_db, self.shape[-1]).unsqueeze(-3)

    def magnitude(self, y: Tensor) -> Tensor:
        """Tensor (..., 1, mels, columns) -> linear magnitude (..., F, frames) whose mel bands y gives."""
        db = (_resized(y.squeeze(-3).clamp(-1.0, 1.5), self.frames) - 1.0) * (-self.floor_db / 2.0)
        power = 10.0 ** (db / 10.0) * (db > self.floor_db)
        return nonnegative_inverse(self.bands.to(y.device), power).sqrt()


def fitted(codec: C, samples: Tensor) -> C:
    """A LogMel whose `reference` is that of a data set, clips (N, n); other codecs as they are.

    The reference is the loudest mel bin that all but CLIPPED of the clips stay below: neither a single loud clip nor
    many quiet ones move it. Silent clips do not count. Raises ValueError where all are silent.
    """
    if not isinstance(codec, LogMel):
        return codec
    loudest = torch.cat([codec.mel(chunk).amax(dim=(-2, -1)) for chunk in samples.split(_CHUNK)])
    heard = loudest[loudest > 0.0]
    if not len(heard):
        raise ValueError("all clips are silent: a codec cannot be fitted to them")
    return replace(codec, reference=heard.quantile(1.0 - CLIPPED).item())


def _resized(picture: Tensor, columns: int) -> Tensor:
    """(..., mels, any) -> (..., mels, columns)."""
    if picture.shape[-1] == columns:
        return picture
    rows = picture.shape[-2]
    flat = picture.reshape(-1, 1, *picture.shape[-2:])
    resized = F.interpolate(flat, (rows, columns), mode="bilinear", align_corners=False, antialias=True)
    return resized.reshape(*picture.shape[:-1], columns)


@lru_cache(maxsize=8)
def _mel_bands(sample_rate: int, length: int, mels: int) -> Tensor:
    return torch.from_numpy(librosa.filters.mel(sr=sample_rate, n_fft=length, n_mels=mels))


def nonnegative_inverse(bands: Tensor, mel: Tensor, steps: int = 30) -> Tensor:
    """x >= 0 (..., F, T) with bands @ x near mel (..., mels, T) in the least squares sense.

    Multiplicative updates (Lee & Seung, "Algorithms for non-negative matrix factorization", NIPS 2000) from the mel
    bands spread over their bins, so the spectrum between the centres of two bands is smooth. Of magnitudes a
    pseudo-inverse without its negative values comes nearly as near, of power it does not (`benchmarks/mel.py`).
    """
    spread = bands.T / bands.sum(0, keepdim=True).T.clamp_min(1e-12) / bands.sum(1).clamp_min(1e-12)
    x = spread @ mel
    target = bands.T @ mel
    for _ in range(steps):
        # Through the bands, which are fewer than bins: less to compute than with their Gram matrix.
        x = x * target / (bands.T @ (bands @ x)).clamp_min(1e-20)
    return x
