"""Near neighbours of a latent, at a distance that is told in units of how far latents spread within a category."""

from __future__ import annotations

import math

import torch
from torch import Tensor

_STREAM = 0xA11CE  # draws of their own, whatever else a seed makes


def _draws(count: int, size: int, seed: int) -> Tensor:
    """Standard normal (count, size); the first ones are the same for every count."""
    rng = torch.Generator().manual_seed(seed ^ _STREAM)
    return torch.stack([torch.randn(size, generator=rng) for _ in range(count)])


def displaced(ws: Tensor, root: Tensor, distance: float, count: int, seed: int) -> Tensor:
    """w+ (1, num_ws, w_dim) -> (count, num_ws, w_dim), each moved in all rows by one draw of the category's spread.

    root: symmetric root (w_dim, w_dim) of the covariance of latents within a category. At distance 1 a neighbour is as
    far from ws as a sound of the category is from its centre, root mean square.
    """
    shifts = _draws(count, root.shape[0], seed) @ root
    return ws + distance * shifts.to(ws).unsqueeze(1)


def turned(z: Tensor, distance: float, count: int, seed: int) -> Tensor:
    """z (1, z_dim) -> (count, z_dim): z turned towards a draw, by arctan(distance), so that it stays as likely.

    At distance 1 it is as much of the draw as of itself.
    """
    angle = math.atan(distance)
    return math.cos(angle) * z + math.sin(angle) * _draws(count, z.shape[1], seed).to(z)


def scattered(z: Tensor, scale: float, count: int, seed: int) -> Tensor:
    """z (1, z_dim) -> (count, z_dim): a standard normal draw times `scale` added to each."""
    return z + scale * _draws(count, z.shape[1], seed).to(z)
