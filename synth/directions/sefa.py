"""Directions by factorisation: of style weights (SeFa, Shen & Zhou 2021, arXiv 2007.06600) and of latents (PCA)."""

from __future__ import annotations

import torch
from torch import Tensor

from synth.directions.calibration import SLIDER_END
from synth.directions.direction import Direction
from synth.models.stylegan2 import Generator

# This many standard deviations of the latents along the direction lie at the ends of a slider.
END_DEVIATIONS = 2.0


def factorize(
    generator: Generator, layers: tuple[int, int] | None = None, root: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Eigenvalues (w_dim,) in falling order and unit eigenvectors (w_dim, w_dim), one a row.

    They are those of A^T A, A being how the lines that `layers` (rows of w+, inclusive; all by default) draw grow with
    w around the mean of its centres: all rows share the weights that w meets first, so those of the layers behind are
    multiplied in. With `root`, a root of the covariance of w (w_dim, w_dim), they are those of (A root)^T (A root):
    directions in units of what latents do.
    """
    first, last = layers or (0, generator.config.num_ws - 1)
    stacked = torch.cat(generator.synthesis.slopes(generator.w_avg.mean(0))[first : last + 1]).cpu().double()
    if root is not None:
        stacked = stacked @ root.double()
    values, vectors = torch.linalg.eigh(stacked.t() @ stacked)
    return values.flip(0).float(), vectors.flip(1).t().contiguous().float()


def sefa_directions(
    generator: Generator, count: int = 5, layers: tuple[int, int] | None = None, root: Tensor | None = None
) -> list[Direction]:
    """The `count` strongest directions of `layers` (all by default), named Dim 1, Dim 2, ... in that order.

    Latents do not spread alike along all of W, so the weights are factorised in units of their spread within a
    category: the strongest direction is the one whose standard deviation changes the first layers most. (By the weights
    alone the first directions may be ones along which no sound ever lies.) One slider unit is END_DEVIATIONS /
    SLIDER_END of these deviations. `root`: what `spread_root` gives, where it is known already.
    """
    root = spread_root(generator) if root is None else root
    values, vectors = factorize(generator, layers, root)
    layers = layers or (0, generator.config.num_ws - 1)
    return [
        _direction(f"Dim {i + 1}", root @ vectors[i], layers, float(values[i]), f"SeFa, eigenvalue {values[i]:.4g}")
        for i in range(count)
    ]


def pca_directions(generator: Generator, count: int, layers: tuple[int, int] | None, root: Tensor) -> list[Direction]:
    """The principal components of latents within a category (Harkonen et al. 2020, arXiv 2004.02546), named as above.

    Their order is that of their share of the variance, in which weights have no say; `layers` are those that they move.
    """
    deviations, vectors = torch.linalg.eigh(root.double())  # a symmetric root: its eigenvalues are the deviations
    deviations, vectors = deviations.flip(0).float(), vectors.flip(1).t().float()
    shares = deviations.square() / deviations.square().sum().clamp_min(1e-12)
    layers = layers or (0, generator.config.num_ws - 1)
    return [
        _direction(
            f"Dim {i + 1}",
            deviations[i] * vectors[i],
            layers,
            100.0 * float(shares[i]),
            f"PCA, {shares[i]:.1%} of the variance",
        )
        for i in range(count)
    ]


def _direction(name: str, deviation: Tensor, layers: tuple[int, int], strength: float, provenance: str) -> Direction:
    """The direction of one standard deviation (w_dim,) of latents along it.

    A direction and its opposite are the same eigenvector: the sign is fixed so that the largest entry is positive.
    """
    length = deviation.norm()
    vector = deviation / length.clamp_min(1e-12)
    scale = float(length) * END_DEVIATIONS / SLIDER_END
    return Direction(name, vector * vector[vector.abs().argmax()].sign(), scale, layers, provenance, strength)


@torch.no_grad()
def spread_root(generator: Generator, samples: int = 256) -> Tensor:
    """Symmetric root (w_dim, w_dim) of the covariance of drawn latents within a category, on the CPU."""
    g = generator.config
    device = generator.w_avg.device
    rng = torch.Generator().manual_seed(0)
    centred = []
    for category in torch.arange(g.categories, device=device):
        w = generator.mapping(torch.randn(samples, g.z_dim, generator=rng).to(device), category.expand(samples)).cpu()
        centred.append(w - w.mean(0))
    covariance = torch.cat(centred).double().t().cov()
    values, vectors = torch.linalg.eigh(covariance)
    found: Tensor = ((vectors * values.clamp_min(0.0).sqrt()) @ vectors.t()).float()
    return found
