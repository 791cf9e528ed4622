"""Short-time Fourier transform with an exact inverse.

Frames are centred: frame t looks at samples around t * hop, with zeros before the first and after the last sample.
The inverse overlap-adds with the canonical dual window, w / sum_t w^2(n - t * hop), so that `inverse(forward(x)) == x`
to rounding, whatever window and hop, as long as every sample is seen by some frame.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

# gamma / M^2 of a Gaussian exp(-pi n^2 / gamma) that has fallen to 1 % at +-M/2 (Prusa, Balazs & Sondergaard 2017),
# and of the Gaussian closest to a Hann window of length M (the same paper's companion toolbox, Table of windows).
GAMMA = {"gauss": math.pi / (4.0 * math.log(100.0)), "hann": 0.25645}


@dataclass(frozen=True)
class STFT:
    """A transform between samples (..., n) and complex bins (..., F, T), F = length // 2 + 1, T = frames(n).

    window: "gauss" (truncated Gaussian, 1 % at its ends) or "hann"; length and hop in samples.
    """

    window: str = "gauss"
    length: int = 512
    hop: int = 128

    def __post_init__(self) -> None:
        if self.window not in GAMMA:
            raise ValueError(f"unknown window {self.window!r}: use one of {', '.join(sorted(GAMMA))}")
        if not 0 < self.hop <= self.length // 2:
            raise ValueError(f"hop must lie in 1..{self.length // 2}, not {self.hop}")

    @property
    def bins(self) -> int:
        return self.length // 2 + 1

    @property
    def gamma(self) -> float:
        """Time-frequency ratio of the window in samples^2, as PGHI needs it."""
        return GAMMA[self.window] * self.length**2

    def frames(self, n: int) -> int:
        """Number of frames that analyse n samples: ceil(n / hop), at least 1."""
        return max(1, -(-n // self.hop))

    def taps(self, device: torch.device | str = "cpu") -> Tensor:
        """The window, (length,) float32."""
        return _window(self.window, self.length, self.gamma).to(device)

    def forward(self, x: Tensor) -> Tensor:
        """Samples (..., n) -> complex64 bins (..., F, T)."""
        n, half = x.shape[-1], self.length // 2
        after = (self.frames(n) - 1) * self.hop + half - n
        padded = torch.nn.functional.pad(x, (half, max(after, 0)))
        framed = padded.unfold(-1, self.length, self.hop)[..., : self.frames(n), :]
        return torch.fft.rfft(framed * self.taps(x.device)).transpose(-1, -2)

    def inverse(self, bins: Tensor, n: int | None = None) -> Tensor:
        """Complex bins (..., F, T) -> samples (..., n); n is T * hop unless told."""
        lead, t = bins.shape[:-2], bins.shape[-1]
        n = t * self.hop if n is None else n
        taps = self.taps(bins.device)
        framed = torch.fft.irfft(bins.transpose(-1, -2), n=self.length) * taps
        total = self._overlap_add(framed.reshape(-1, t, self.length))
        weight = self._overlap_add((taps * taps).expand(1, t, self.length)).clamp_min(1e-8)
        out = (total / weight)[:, self.length // 2 :]
        out = torch.nn.functional.pad(out, (0, max(n - out.shape[-1], 0)))[:, :n]
        return out.reshape(*lead, n)

    def _overlap_add(self, framed: Tensor) -> Tensor:
        """Frames (B, T, length) -> (B, (T - 1) * hop + length)."""
        size = (framed.shape[1] - 1) * self.hop + self.length
        folded = torch.nn.functional.fold(
            framed.transpose(1, 2), output_size=(1, size), kernel_size=(1, self.length), stride=(1, self.hop)
        )
        return folded[:, 0, 0]


@lru_cache(maxsize=16)
def _window(kind: str, length: int, gamma: float) -> Tensor:
    n = torch.arange(length, dtype=torch.float64) - length // 2
    if kind == "gauss":
        taps = torch.exp(-math.pi * n**2 / gamma)
    else:
        taps = torch.hann_window(length, periodic=True, dtype=torch.float64)
    return taps.float()
