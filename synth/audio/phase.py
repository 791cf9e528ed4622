"""Phase reconstruction: linear magnitude -> samples.

- "pghi": phase gradient heap integration, no iterations, the fastest.
- "griffin-lim": fast Griffin-Lim from a random phase.
- "pghi+gl": PGHI, then a few fast Griffin-Lim iterations, the default.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from synth.audio.griffin_lim import improve_phase
from synth.audio.pghi import integrate_phase
from synth.audio.stft import STFT
from synth.patch import PHASES

METHODS = PHASES
ITERATIONS = {"pghi": 0, "griffin-lim": 100, "pghi+gl": 30}


def reconstruct(
    magnitude: np.ndarray | Tensor, stft: STFT, method: str = "pghi+gl", seed: int = 0, n: int | None = None
) -> np.ndarray:
    """Samples whose STFT has about this magnitude: (F, T) -> (n,), or (B, F, T) -> (B, n); float32.

    magnitude: linear, not negative, F = stft.bins; zeros and floors are allowed, silence gives silence. n: T * hop
    unless told. The same seed gives the same samples, one sound of a batch the same as alone.
    """
    if method not in METHODS:
        raise ValueError(f"unknown phase method {method!r}: use one of {', '.join(METHODS)}")
    magnitude = torch.as_tensor(magnitude).detach().float()
    if magnitude.ndim == 2:
        return reconstruct(magnitude[None], stft, method, seed, n)[0]
    phase = torch.stack([_first_phase(item, stft, method, seed) for item in magnitude])
    bins = torch.polar(magnitude, phase.to(magnitude.device))
    return stft.inverse(improve_phase(bins, stft, ITERATIONS[method]), n).cpu().numpy()


def _first_phase(magnitude: Tensor, stft: STFT, method: str, seed: int) -> Tensor:
    """Phase (F, T) of one magnitude (F, T)."""
    rng = np.random.default_rng(seed)
    frames_first = np.ascontiguousarray(magnitude.T.cpu().numpy())
    if method == "griffin-lim":
        return torch.from_numpy(rng.random(frames_first.shape, dtype=np.float32) * np.float32(2.0 * math.pi)).T
    return torch.from_numpy(integrate_phase(frames_first, stft, rng)).T


def spectral_convergence(samples: np.ndarray | Tensor, magnitude: np.ndarray | Tensor, stft: STFT) -> float:
    """|| |STFT(samples)| - magnitude || / || magnitude || in dB over all of a batch; -200 at the least."""
    wanted = torch.as_tensor(magnitude).float().cpu()
    found = stft.forward(torch.as_tensor(samples).float().cpu()).abs()
    frames = min(found.shape[-1], wanted.shape[-1])
    error = torch.linalg.vector_norm(found[..., :frames] - wanted[..., :frames]).item()
    return 20.0 * math.log10(max(error / max(torch.linalg.vector_norm(wanted).item(), 1e-30), 1e-10))


def warm_up() -> None:
    """Compiles (or loads from the cache) what the first call would otherwise wait for."""
    reconstruct(np.ones((5, 4), np.float32), STFT("gauss", 8, 2), "pghi")
