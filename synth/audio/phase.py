"""Phase reconstruction: linear magnitude -> samples.

- "pghi": phase gradient heap integration, no iterations: the fastest.
- "griffin-lim": fast Griffin-Lim from a random phase, 100 steps.
- "griffin-lim-256": the same in 256 steps, as users of SoundGan know it.
- "pghi+gl": PGHI, then a few steps that explore and settle: the default for magnitudes that are given.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from synth.audio.griffin_lim import improve_phase
from synth.audio.pghi import integrate_phase
from synth.audio.stft import STFT
from synth.choices import SEARCHES

ITERATIONS = {"griffin-lim": 100, "griffin-lim-256": 256}  # from a random phase


def reconstruct(
    magnitude: np.ndarray | Tensor,
    stft: STFT,
    method: str = "pghi+gl",
    seed: int = 0,
    n: int | None = None,
    circular: bool = False,
) -> np.ndarray:
    """Samples whose STFT has about this magnitude: (F, T) -> (n,), or (B, F, T) -> (B, n); float32.

    magnitude: linear, finite, not negative, F = stft.bins. Zeros and floors are allowed; silence gives silence.
    n: T * hop unless told; circular: whether the end runs into the beginning. The same seed gives the same samples, and
    each of a batch the same as alone.
    Raises ValueError for another method or another shape.
    """
    if method not in SEARCHES:
        raise ValueError(f"unknown phase method {method!r}: use one of {', '.join(SEARCHES)}")
    wanted = torch.as_tensor(magnitude).detach().float().cpu()
    if wanted.ndim not in (2, 3) or wanted.shape[-2] != stft.bins or wanted.shape[-1] == 0:
        raise ValueError(f"magnitude must be (F, T) or (B, F, T) with F = {stft.bins}, not {tuple(wanted.shape)}")
    n = wanted.shape[-1] * stft.hop if n is None else n
    frames_first = wanted.reshape(-1, *wanted.shape[-2:]).transpose(1, 2).contiguous()
    phase = torch.stack([_first_phase(item, stft, method, seed) for item in frames_first])
    bins = torch.polar(frames_first, phase)
    if method != "pghi":
        bins = improve_phase(bins, stft, n, *_steps(method, stft), circular=circular)
    return stft.inverse(bins.transpose(1, 2), n, circular).reshape(*wanted.shape[:-2], n).numpy()


def searched(method: str) -> str:
    """The search that finds a phase for a magnitude where a patch asks for `method`: a texture needs maps."""
    return "pghi+gl" if method == "texture" else method


def _steps(method: str, stft: STFT) -> tuple[int, int]:
    """Steps of exploring and of settling. The less the frames overlap, the longer exploring goes on to gain."""
    return (0, ITERATIONS[method]) if method in ITERATIONS else (26 + 40 * stft.hop // stft.length, 4)


def _first_phase(magnitude: Tensor, stft: STFT, method: str, seed: int) -> Tensor:
    """Phase (T, F) of one magnitude (T, F)."""
    rng = np.random.default_rng(seed)
    if method in ITERATIONS:
        return torch.from_numpy(rng.random(magnitude.shape, dtype=np.float32) * np.float32(2.0 * math.pi))
    return torch.from_numpy(integrate_phase(magnitude.numpy(), stft, rng))


def spectral_convergence(samples: np.ndarray | Tensor, magnitude: np.ndarray | Tensor, stft: STFT) -> float:
    """|| |STFT(samples)| - magnitude || / || magnitude || in dB over all of a batch, -200 at the least.

    samples (..., n) and magnitude (..., F, T) of as many frames; negative is good, 0 is what silence scores.
    """
    wanted = torch.as_tensor(magnitude).detach().float().cpu()
    found = stft.forward(torch.as_tensor(samples).float()).abs()
    error = torch.linalg.vector_norm(found - wanted).item()
    size = torch.linalg.vector_norm(wanted).item()
    return 20.0 * math.log10(max(error / max(size, 1e-30), 1e-10))


def warm_up() -> None:
    """Compiles (the first time on a machine) or loads what the first sound would otherwise wait for."""
    reconstruct(np.ones((3, 2), np.float32), STFT("gauss", 4, 2))
