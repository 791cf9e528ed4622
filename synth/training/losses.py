"""Losses of both training phases. All return scalars, means over the batch."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def gaussian_nll(x: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
    """Negative log-likelihood per bin of x under N(mean, variance), without its constant."""
    return 0.5 * ((x - mean).square() / variance + variance.log()).mean()


def multiscale_l1(x: Tensor, mean: Tensor, scales: int = 5) -> Tensor:
    """Sum over average-pooled copies (1/2, 1/4, ... 1/2^scales) of the mean absolute difference."""
    total, difference = x.new_zeros(()), x - mean
    for _ in range(scales):
        difference = F.avg_pool2d(difference, 2)
        total = total + difference.abs().mean()
    return total


def feature_scales(maps: list[Tensor]) -> Tensor:
    """Root-mean-square of each map (B, C, H, W) -> (maps,): the units of feature_distance."""
    return torch.stack([m.detach().square().mean() for m in maps]).sqrt().clamp_min(1e-6)


def feature_distance(a: list[Tensor], b: list[Tensor], scales: Tensor) -> Tensor:
    """Mean over maps (B, C, H, W) of |a - b|, each in its unit: feature matching."""
    return torch.stack([(x - y).abs().mean() for x, y in zip(a, b, strict=True)]).div(scales).mean()


def generator_loss(logits: Tensor) -> Tensor:
    """Non-saturating loss (Goodfellow et al. 2014)."""
    return F.softplus(-logits).mean()


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def hinge_discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Geometric GAN (Lim & Ye 2017, arXiv 1705.02894, eq. 15): nothing is gained beyond a margin of 1."""
    return F.relu(1.0 - real).mean() + F.relu(1.0 + fake).mean()


def hinge_generator_loss(fake: Tensor) -> Tensor:
    return -fake.mean()


def wgan_discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """What a critic minimises: minus its estimate of the Wasserstein distance (Arjovsky et al. 2017, eq. 2)."""
    return fake.mean() - real.mean()


def wgan_generator_loss(fake: Tensor) -> Tensor:
    return -fake.mean()


def gradient_penalty(critic: nn.Module, real: Tensor, fake: Tensor, labels: Tensor, rng: torch.Generator) -> Tensor:
    """E (|grad_x D(x)| - 1)^2 between real and generated sounds (Gulrajani et al. 2017, arXiv 1704.00028, eq. 3).

    real, fake: (B, ...), of which each pair is joined by a line; x lies on it, at a place drawn uniformly from `rng`.
    labels: (B,), the categories that the critic is told.
    """
    along = torch.rand(len(real), *[1] * (real.ndim - 1), generator=rng, device=real.device)
    x = torch.lerp(real.detach(), fake.detach(), along).requires_grad_(True)
    (gradient,) = torch.autograd.grad(critic(x, labels).sum(), x, create_graph=True)
    found: Tensor = (torch.linalg.vector_norm(gradient.flatten(1), dim=1) - 1.0).square().mean()
    return found
