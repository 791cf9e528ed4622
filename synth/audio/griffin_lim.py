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

from synth.audio.stft import STFT

RHO = (0.05, 0.2)  # first and last step of exploring
MOMENTUM_EXPLORING = 0.4
MOMENTUM_SETTLING = 0.95


def improve_phase(bins: Tensor, stft: STFT, n: int, explore: int, settle: int, circular: bool = False) -> Tensor:
    """Complex bins, frames first (B, T, F), of the wanted magnitude and a first phase -> a better phase for it.

    n: length of the sound in samples; circular: whether its end runs into its beginning. explore, settle: number of
    steps. Runs on the CPU.
    """
    wanted = bins.abs().flatten(0, 1).numpy()
    ahead, last, projected = bins.clone(), bins.clone(), torch.empty_like(bins)
    project = _Projection(stft, bins.shape[0], bins.shape[1], n, circular)
    for reflect, keep, momentum in _schedule(explore, settle):
        project(ahead, projected)
        if reflect == keep == 0.0:
            _settle(_floats(ahead), _floats(last), _floats(projected), wanted, momentum)
        else:
            _step(_floats(ahead), _floats(last), _floats(projected), wanted, reflect, keep, momentum)
    return last


def settled(bins: Tensor, magnitude: np.ndarray, stft: STFT, n: int, steps: int, circular: bool = False) -> np.ndarray:
    """Samples (n,) of complex bins (T, F) of this magnitude after some steps of settling; the bins' memory is used."""
    ahead, last, projected = bins[None], bins.clone()[None], torch.empty_like(bins)[None]
    project = _Projection(stft, 1, len(bins), n, circular)
    for _ in range(steps):
        project(ahead, projected)
        _settle(_floats(ahead), _floats(last), _floats(projected), magnitude, np.float32(MOMENTUM_SETTLING))
    return project.samples(last)


class _Projection:
    """P: bins (B, T, F) -> the nearest bins that a signal of n samples has. Keeps its memory from step to step."""

    def __init__(self, stft: STFT, batch: int, frames: int, n: int, circular: bool):
        self.stft, self.taps, self.n = stft, stft.taps().numpy(), n
        self.gain = stft.gain(frames, circular).numpy().copy()
        self.period = n if circular else 0
        if not circular:
            self.gain[: stft.length // 2] = 0.0  # silence before the sound
            self.gain[stft.length // 2 + n :] = 0.0  # and after it
        self.framed = torch.empty(batch, frames, stft.length)
        self.line = np.empty(self.gain.size, np.float32)

    def __call__(self, bins: Tensor, out: Tensor) -> None:
        torch.fft.irfft(bins, n=self.stft.length, out=self.framed)
        for framed in self.framed.numpy():
            _overlap(framed, self.taps, self.gain, self.stft.hop, self.period, self.line)
            _reframe(self.line, self.taps, self.stft.hop, framed)
        torch.fft.rfft(self.framed, out=out)

    def samples(self, bins: Tensor) -> np.ndarray:
        """Samples (n,) of bins (1, T, F)."""
        torch.fft.irfft(bins, n=self.stft.length, out=self.framed)
        _overlap(self.framed[0].numpy(), self.taps, self.gain, self.stft.hop, self.period, self.line)
        half = self.stft.length // 2
        out = self.line[half : half + self.n].copy()
        if self.period:
            out[self.n - half :] = self.line[:half]
        return out


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
def _overlap(framed, taps, gain, hop, period, line):  # type: ignore[no-untyped-def]
    """Frames (T, length) -> the line that they add up to; period: of a circular sound, else 0."""
    frames, length = framed.shape
    line[:] = np.float32(0.0)
    for t in range(frames):
        part, frame = line[t * hop : t * hop + length], framed[t]
        for i in range(length):
            part[i] += frame[i] * taps[i]
    if period:
        for i in range(line.size - period):
            line[i] += line[period + i]
    for i in range(line.size):
        line[i] *= gain[i]
    if period:
        for i in range(line.size - period):
            line[period + i] = line[i]


@numba.njit(nogil=True, cache=True, fastmath=True)
def _reframe(line, taps, hop, framed):  # type: ignore[no-untyped-def]
    """The windowed frames (T, length) of a line."""
    frames, length = framed.shape
    for t in range(frames):
        part, frame = line[t * hop : t * hop + length], framed[t]
        for i in range(length):
            frame[i] = part[i] * taps[i]


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


@numba.njit(nogil=True, cache=True, fastmath=True)
def _settle(ahead, last, projected, wanted, momentum):  # type: ignore[no-untyped-def]
    """`_step` with reflect = keep = 0, which asks for half of the memory."""
    rows, bins = wanted.shape
    square, size = np.empty(2 * bins, np.float32), np.empty(bins, np.float32)
    for row in range(rows):
        z, y, q, target = ahead[row], last[row], projected[row], wanted[row]
        for i in range(2 * bins):
            square[i] = q[i] * q[i]
        for i in range(bins):
            size[i] = target[i] / np.sqrt(square[2 * i] + square[2 * i + 1] + np.float32(1e-30))
        for i in range(bins):
            square[2 * i] = size[i]
            square[2 * i + 1] = size[i]
        for i in range(2 * bins):
            new = square[i] * q[i]
            z[i] = new + momentum * (new - y[i])
            y[i] = new
