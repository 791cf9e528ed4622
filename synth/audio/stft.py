"""Short-time Fourier transform with an exact inverse.

Frames are centred: frame t looks at samples around t * hop, with zeros before the first and after the last sample.
The inverse overlap-adds with the canonical dual window, w / sum_t w^2(n - t * hop), so that `inverse(forward(x)) == x`
to rounding, whatever window and hop, as long as every sample is seen by some frame.

A circular transform has no ends: its last sample is followed by its first, and n is frames * hop.
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
# length / hop at the least. The end of the last frame must still be loud enough to be divided by the window there: a
# Gaussian has 1 % at its end, a Hann window nothing.
REDUNDANCY = {"gauss": 2, "hann": 3}


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
        if self.length < 4 or self.length % 2:
            raise ValueError(f"length must be even and at least 4, not {self.length}")
        longest = self.length // REDUNDANCY[self.window]
        if not 0 < self.hop <= longest:
            raise ValueError(f"hop must lie in 1..{longest} for this window, not {self.hop}")

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

    def forward(self, x: Tensor, circular: bool = False) -> Tensor:
        """Samples (..., n) -> complex64 bins (..., F, T)."""
        n, half = x.shape[-1], self.length // 2
        if circular:
            padded = x[..., torch.arange(-half, n - self.hop + half) % n]
        else:
            after = (self.frames(n) - 1) * self.hop + half - n
            padded = torch.nn.functional.pad(x, (half, max(after, 0)))
        framed = padded.unfold(-1, self.length, self.hop)[..., : self.frames(n), :]
        found: Tensor = torch.fft.rfft(framed * self.taps(x.device)).transpose(-1, -2)
        return found

    def inverse(self, bins: Tensor, n: int | None = None, circular: bool = False) -> Tensor:
        """Complex bins (..., F, T) -> samples (..., n); n is T * hop unless told."""
        lead, frames = bins.shape[:-2], bins.shape[-1]
        n = frames * self.hop if n is None else n
        framed = torch.fft.irfft(bins.transpose(-1, -2), n=self.length) * self.taps(bins.device)
        line = overlap_add(framed.reshape(-1, frames, self.length), self.hop)
        line *= self.gain(frames, circular).to(bins.device)
        if circular:
            line[:, : line.shape[1] - n] += line[:, n:].clone()
            return line[:, :n].roll(-(self.length // 2), dims=1).reshape(*lead, n)
        out = torch.nn.functional.pad(line[:, self.length // 2 :], (0, n))[:, :n]
        return out.reshape(*lead, n)

    def gain(self, frames: int, circular: bool = False) -> Tensor:
        """What turns the overlap-added frames into the sound, (N,) on the CPU: 1 / sum_t w^2(n - t * hop).

        Times the window it is the canonical dual. Sample 0 of the sound stands at length // 2.
        """
        return _gain(self, frames, circular)


def overlap_add(framed: Tensor, hop: int, line: Tensor | None = None) -> Tensor:
    """Frames (B, T, length) -> (B, N), N = (T - 1 + R) * hop, R = ceil(length / hop); `line` may lend the memory.

    Adds R times all frames a hop's width at once, instead of T times one frame.
    """
    batch, frames, length = framed.shape
    rows = -(-length // hop)
    pieces = torch.nn.functional.pad(framed, (0, rows * hop - length)) if length % hop else framed
    pieces = pieces.reshape(batch, frames, rows, hop)
    if line is None:
        line = framed.new_empty(batch, (frames - 1 + rows) * hop)
    hops = line.zero_().view(batch, -1, hop)
    for row in range(rows):
        hops[:, row : row + frames] += pieces[:, :, row]
    return line


@lru_cache(maxsize=64)
def _gain(stft: STFT, frames: int, circular: bool) -> Tensor:
    squares = stft.taps().square().expand(1, frames, stft.length)
    power = overlap_add(squares, stft.hop)[0]
    if circular:
        n, over = frames * stft.hop, len(power) - frames * stft.hop
        power[:over] += power[n:].clone()
        power[n:] = power[:over]
    return 1.0 / power.clamp_min(1e-8)


@lru_cache(maxsize=16)
def _window(kind: str, length: int, gamma: float) -> Tensor:
    n = torch.arange(length, dtype=torch.float64) - length // 2
    if kind == "gauss":
        taps = torch.exp(-math.pi * n**2 / gamma)
    else:
        taps = torch.hann_window(length, periodic=True, dtype=torch.float64)
    return taps.float()
