"""Places between latents: straight in w+ or on the sphere of z, and the rows of w+ that take part.

Mixing by rows is the style mixing of StyleGAN (Karras et al. 2019, section 3.1): the first rows draw the outline of the
spectrogram, the last its detail.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from synth.patch.factors import Layers


def slerp(a: Tensor, b: Tensor, share: float) -> Tensor:
    """The place between a and b (..., n) on the sphere around zero: 0 is a, 1 is b; lengths go evenly.

    Gaussian vectors of many dimensions lie near a sphere, whose inside a straight line would cross (White 2016, arXiv
    1609.04468). Opposite vectors, between which no shortest way is, go straight.
    """
    if share in (0.0, 1.0):
        return b if share else a  # to the last bit
    size_a, size_b = (v.norm(dim=-1, keepdim=True).clamp_min(1e-12) for v in (a, b))
    cosine = (a / size_a * (b / size_b)).sum(-1, keepdim=True).clamp(-1.0, 1.0)
    angle = torch.arccos(cosine)
    if float(angle.sin().min()) < 1e-4:  # alike, or opposite
        return torch.lerp(a, b, share)
    turned = (a / size_a * torch.sin((1.0 - share) * angle) + b / size_b * torch.sin(share * angle)) / torch.sin(angle)
    found: Tensor = turned * torch.lerp(size_a, size_b, share)
    return found


def on_square(corners: Sequence[Tensor], x: float, y: float) -> Tensor:
    """The place on the sphere between two z or four (1, z_dim), given in the order A, B, C, D."""
    lines = [slerp(corners[i], corners[i + 1], x) for i in range(0, len(corners), 2)]
    return lines[0] if len(lines) == 1 else slerp(lines[0], lines[1], y)


def blend(corners: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """The weighted sum of w+ (1, num_ws, w_dim) each; a corner whose weight is 1 comes back exactly."""
    parts = [weight * ws for ws, weight in zip(corners, weights, strict=True) if weight]
    return torch.stack(parts).sum(0) if len(parts) > 1 else parts[0]


def follow(base: Tensor, mixed: Tensor, layers: Layers) -> Tensor:
    """w+ (1, num_ws, w_dim) of `mixed` in the rows of `layers`, of `base` in the others."""
    rows = base.clone()
    rows[:, layers[0] : layers[1] + 1] = mixed[:, layers[0] : layers[1] + 1]
    return rows
