"""Closed-form factorisation of a generator's style weights (SeFa, Shen & Zhou 2021, arXiv 2007.06600)."""

from __future__ import annotations

import torch
from torch import Tensor

from synth.control.latent import Direction
from synth.models.layers import ModulatedConv
from synth.models.stylegan2 import Generator, Level

# A slider runs to +-5; this many standard deviations of the latents along the direction lie at its ends.
END_DEVIATIONS = 3.0
SLIDER_END = 5.0


def factorize(generator: Generator, layers: tuple[int, int] | None = None) -> tuple[Tensor, Tensor]:
    """Eigenvalues (w_dim,) in falling order and unit eigenvectors (w_dim, w_dim), one a row.

    They are those of A^T A, A being the affine weights of the styled convolutions of `layers` (indices into w+,
    inclusive; all by default), one above the other, every row normalised so that no channel outweighs the others.
    """
    first, last = layers or (0, generator.config.num_ws - 1)
    rows = [conv.affine.weight.detach() for at, conv in style_convs(generator) if first <= at <= last]
    stacked = torch.nn.functional.normalize(torch.cat(rows).double(), dim=1)
    values, vectors = torch.linalg.eigh(stacked.t() @ stacked)
    return values.flip(0).float(), vectors.flip(1).t().contiguous().float()


def style_convs(generator: Generator) -> list[tuple[int, ModulatedConv]]:
    """The styled 3 x 3 convolutions, each with the row of w+ that drives it."""
    convs: list[tuple[int, ModulatedConv]] = []
    for i, level in enumerate(generator.synthesis.levels):
        assert isinstance(level, Level)
        if level.conv0 is not None:
            convs.append((2 * i - 1, level.conv0))
        convs.append((2 * i, level.conv1))
    return convs


@torch.no_grad()
def sefa_directions(generator: Generator, count: int = 5, samples: int = 2048) -> list[Direction]:
    """The `count` strongest directions, named Dim 1, Dim 2, ..., over all layers.

    One slider unit is END_DEVIATIONS / SLIDER_END standard deviations of drawn latents along the direction. A
    direction and its opposite are the same eigenvector: the sign is fixed so that the largest entry is positive.
    """
    g = generator.config
    rng = torch.Generator().manual_seed(0)
    z = torch.randn(samples, g.z_dim, generator=rng)
    categories = torch.arange(samples) % g.categories
    device = generator.w_avg.device
    w = generator.mapping(z.to(device), categories.to(device))
    values, vectors = factorize(generator)
    directions = []
    for i in range(count):
        vector = vectors[i] * vectors[i][vectors[i].abs().argmax()].sign()
        scale = float((w @ vector.to(device)).std()) * END_DEVIATIONS / SLIDER_END
        directions.append(
            Direction(f"Dim {i + 1}", vector.cpu(), scale, (0, g.num_ws - 1), f"SeFa, eigenvalue {values[i]:.4g}")
        )
    return directions
