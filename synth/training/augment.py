"""Audio-safe, differentiable augmentation of codec tensors, with adaptive strength.

After Karras et al. 2020 (ADA, arXiv 2006.06676): both players see augmented sounds only, each operation is applied
with probability p, and p follows how well the discriminator tells its training clips apart.
"""

from __future__ import annotations

import torch
from torch import Tensor

from synth.training.parallel import ALONE, Team

FLOOR = -1.0


class Augment:
    """(B, 1, F, T) -> the same shape: time shift, gain, a time mask, a frequency mask, each with probability p."""

    def __init__(self, team: Team = ALONE, max_shift: float = 0.06, max_gain: float = 0.1, max_mask: float = 0.25):
        self.team = team
        self.max_shift = max_shift
        self.max_gain = max_gain
        self.max_mask = max_mask

    def __call__(self, x: Tensor, p: float, rng: torch.Generator) -> Tensor:
        if p <= 0.0:
            return x
        x = self._shift(x, p, rng)
        x = self._gain(x, p, rng)
        x = self._mask(x, 2, 0.5 * p, rng)
        return self._mask(x, 3, 0.5 * p, rng)

    def _shift(self, x: Tensor, p: float, rng: torch.Generator) -> Tensor:
        frames = x.shape[3]
        amount = (self._uniform(x, rng) * 2 - 1) * self.max_shift * frames * self._chosen(x, p, rng)
        source = (torch.arange(frames, device=x.device) - amount.round().long()) % frames
        return x.gather(3, source[:, None, None, :].expand_as(x))

    def _gain(self, x: Tensor, p: float, rng: torch.Generator) -> Tensor:
        amount = (self._uniform(x, rng) * 2 - 1) * self.max_gain * self._chosen(x, p, rng)
        # Silence stays silent: the floor of the codec does not move with the gain.
        return torch.where(x > FLOOR, x + amount[:, :, None, None], x)

    def _mask(self, x: Tensor, axis: int, p: float, rng: torch.Generator) -> Tensor:
        size = x.shape[axis]
        width = self._uniform(x, rng) * self.max_mask * size * self._chosen(x, p, rng)
        start = self._uniform(x, rng) * (size - width)
        at = torch.arange(size, device=x.device)
        hidden = (at >= start) & (at < start + width)
        shape = (len(x), 1, size, 1) if axis == 2 else (len(x), 1, 1, size)
        return x.masked_fill(hidden.view(shape), FLOOR)

    def _uniform(self, x: Tensor, rng: torch.Generator) -> Tensor:
        return self.team.part(torch.rand(len(x) * self.team.size, 1, generator=rng, device=x.device))

    def _chosen(self, x: Tensor, p: float, rng: torch.Generator) -> Tensor:
        return (self._uniform(x, rng) < p).float()


def adapt(p: float, sign: float, images: int, *, target: float = 0.6, kimg: float = 100.0, limit: float = 0.8) -> float:
    """Next p: up while the mean sign of D(real) lies above target, down below; 0 to 1 takes `kimg` thousand images."""
    step = images / (kimg * 1000.0)
    return min(max(p + (step if sign > target else -step), 0.0), limit)
