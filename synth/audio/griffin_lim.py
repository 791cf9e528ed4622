"""Fast Griffin-Lim: phase by alternating projections with momentum.

Griffin & Lim 1984; Perraudin, Balazs & Sondergaard, "A fast Griffin-Lim algorithm", WASPAA 2013.
"""

from __future__ import annotations

import torch
from torch import Tensor

from synth.audio.stft import STFT

MOMENTUM = 0.99


def improve_phase(bins: Tensor, stft: STFT, iterations: int, momentum: float = MOMENTUM) -> Tensor:
    """Complex bins (B, F, T) of the wanted magnitude and a first phase -> the same magnitude, a better phase."""
    magnitude = bins.abs()
    last = torch.zeros_like(bins)
    for _ in range(iterations):
        projected = stft.forward(stft.inverse(bins))[..., : bins.shape[-1]]
        ahead = projected + momentum * (projected - last) if _ else projected
        bins = magnitude * torch.exp(1j * ahead.angle())
        last = projected
    return bins
