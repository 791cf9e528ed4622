"""Phase by alternating projections: fast Griffin-Lim, and a search that leaves its local minima.

Both repeat one step. P projects onto the bins that some signal has (inverse, then forward transform), and fit() gives
bins the wanted magnitude and keeps their phase:

    y' = fit(P(z) - reflect * z) + keep * (z - P(z)),    z' = y' + momentum * (y' - y)

- reflect = keep = 0 is fast Griffin-Lim (Perraudin, Balazs & Sondergaard, WASPAA 2013): it settles in the nearest
  minimum. As P is linear, momentum before P is the same as momentum after it.
- reflect = (1 - rho) / 2, keep = 1 / (1 + rho) is the Griffin-Lim-like ADMM of Masuyama, Yatabe & Oikawa (IEEE SPL
  26(1), 2019) with its two variables folded into one, here with momentum and a rho that grows: it explores.

From the phase of PGHI, some 40 steps of exploring and 4 of settling do what takes fast
Griffin-Lim alone hundreds (`benchmarks/phase.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

import numba
import numpy as np
import torch
from torch import Tensor

from synth.audio.stft import STFT, overlap_add

RHO = (0.05, 0.2)  # first and last step of exploring
MOMENTUM_EXPLORING = 0.4
MOMENTUM_SETTLING = 0.95


def improve_phase(bins: Tensor, stft: STFT, n: int, explore: int, settle: int) -> Tensor:
    """Complex bins, frames first (B, T, F), of the wanted magnitude and a first phase -> a better phase for it.

    n: length of the sound in samples. explore, settle: number of steps. Runs on the CPU.
    """
    wanted = bins.abs().flatten(0, 1).numpy()
    ahead, last, projected = bins.clone(), bins.clone(), torch.empty_like(bins)
    project = _Projection(stft, bins.shape[0], bins.shape[1], n)
    for reflect, keep, momentum in _schedule(explore, settle):
        project(ahead, projected)
        _step(_floats(ahead), _floats(last), _floats(projected), wanted, reflect, keep, momentum)
    return last


class _Projection:
    """P: bins (B, T, F) -> the nearest bins that a signal of n samples has. Keeps its memory from step to step."""

    def __init__(self, stft: STFT, batch: int, frames: int, n: int):
        self.stft, self.taps = stft, stft.taps()
        self.gain = stft.gain(frames).clone()
        self.gain[: stft.length // 2] = 0.0  # silence before the sound
        self.gain[stft.length // 2 + n :] = 0.0  # and after it
        self.framed = torch.empty(batch, frames, stft.length)
        self.line = torch.empty(batch, self.gain.numel())
        self.windows = self.line.unfold(-1, stft.length, stft.hop)[:, :frames]

    def __call__(self, bins: Tensor, out: Tensor) -> None:
        torch.fft.irfft(bins, n=self.stft.length, out=self.framed).mul_(self.taps)
        overlap_add(self.framed, self.stft.hop, self.line).mul_(self.gain)
        torch.mul(self.windows, self.taps, out=self.framed)
        torch.fft.rfft(self.framed, out=out)


def _schedule(explore: int, settle: int) -> Iterator[tuple[np.float32, np.float32, np.float32]]:
    """reflect, keep and momentum of each step."""
    for step in range(explore):
        rho = RHO[0] * (RHO[1] / RHO[0]) ** (step / max(explore - 1, 1))
        moving = step < explore - 1  # the last one only takes the phase that was found
        keep, momentum = (1.0 / (1.0 + rho), MOMENTUM_EXPLORING) if moving else (0.0, 0.0)
        yield np.float32((1.0 - rho) / 2.0), np.float32(keep), np.float32(momentum)
    for _ in range(settle):
        yield np.float32(0.0), np.float32(0.0), np.float32(MOMENTUM_SETTLING)


def _floats(bins: Tensor) -> np.ndarray:
    """The memory of complex bins (B, T, F) as float32 (B * T, 2 * F)."""
    return torch.view_as_real(bins).view(-1, 2 * bins.shape[-1]).numpy()


@numba.njit(nogil=True, cache=True, fastmath=True)
def _step(ahead, last, projected, wanted, reflect, keep, momentum):  # type: ignore[no-untyped-def]
    """One step in place: `ahead` is z, `last` is y, (B * T, 2 * F). Row by row in loops that vectorise."""
    rows, bins = wanted.shape
    turned, scale = np.empty(2 * bins, np.float32), np.empty(2 * bins, np.float32)
    size = np.empty(bins, np.float32)
    for row in range(rows):
        z, y, q, target = ahead[row], last[row], projected[row], wanted[row]
        for i in range(2 * bins):
            turned[i] = q[i] - reflect * z[i]
            scale[i] = turned[i] * turned[i]
        for i in range(bins):
            size[i] = scale[2 * i] + scale[2 * i + 1]
        for i in range(bins):
            size[i] = target[i] / np.sqrt(size[i] + np.float32(1e-30))
        for i in range(bins):
            scale[2 * i] = size[i]
            scale[2 * i + 1] = size[i]
        for i in range(2 * bins):
            new = scale[i] * turned[i] + keep * (z[i] - q[i])
            z[i] = new + momentum * (new - y[i])
            y[i] = new
