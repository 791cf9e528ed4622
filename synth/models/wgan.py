"""A Wasserstein GAN on mel images, for the gradient penalty of Gulrajani et al. 2017 (arXiv 1704.00028).

The critic has no batch normalisation, under which the penalty of one sound would depend on the others (their section
4), and no sigmoid: its values are no probabilities. It knows no categories.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from synth.models.layers import SLOPE
from synth.models.sizes import Sizes

START = 8  # mels and frames that the generator begins with
LEVELS = 5  # doublings of the generator, halvings of the critic


@dataclass(frozen=True)
class WGANConfig(Sizes):
    """Sizes of both networks, for tensors of 256 x 256.

    scale: factor of all widths; 1.0 are the 1024 channels of the recipe, down to 32 at full resolution.
    dropout: share of the critic's features that are left out while it learns.
    """

    categories: int = 1
    z_dim: int = 128
    scale: float = 0.125
    dropout: float = 0.3

    def __post_init__(self) -> None:
        if self.scale <= 0.0:
            raise ValueError(f"scale must lie above 0, not {self.scale}")
        if not 0.0 <= self.dropout < 1.0:
            raise ValueError(f"dropout must lie in 0..1, below 1, not {self.dropout}")

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of the codec tensor."""
        return 1, START * 2**LEVELS, START * 2**LEVELS

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels from 8 x 8 upwards."""
        return tuple(max(round(self.scale * 1024 / 2**level), 1) for level in range(LEVELS + 1))


class Generator(nn.Module):
    """z (B, z_dim) -> codec tensors (B, 1, 256, 256) in [-1, 1]; labels (B,) are not looked at."""

    def __init__(self, config: WGANConfig):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.z_dim, config.widths[0] * START**2)
        self.levels = nn.Sequential(
            *_normalised(config.widths[0]),
            *(nn.Sequential(*_doubled(a, b), *_normalised(b)) for a, b in pairwise(config.widths)),
            nn.Conv2d(config.widths[-1], 1, 3, padding=1),
        )
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        x = self.dense(z).view(len(z), -1, START, START)
        return torch.tanh(self.levels(x.contiguous(memory_format=torch.channels_last)))


class Discriminator(nn.Module):
    """The critic: codec tensors (B, 1, 256, 256) -> values (B,); labels (B,) are not looked at."""

    def __init__(self, config: WGANConfig):
        super().__init__()
        widths = (1, *config.widths[-2::-1])
        self.levels = nn.Sequential(*(nn.Sequential(*_halved(a, b, config.dropout)) for a, b in pairwise(widths)))
        self.value = nn.Linear(widths[-1] * START**2, 1)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        values: Tensor = self.value(self.levels(x.contiguous(memory_format=torch.channels_last)).flatten(1))
        return values.squeeze(1)


def _normalised(channels: int) -> tuple[nn.Module, ...]:
    return nn.BatchNorm2d(channels), nn.LeakyReLU(SLOPE, inplace=True)


def _doubled(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    return nn.Upsample(scale_factor=2, mode="nearest"), nn.Conv2d(inputs, outputs, 3, padding=1)


def _halved(inputs: int, outputs: int, dropout: float) -> tuple[nn.Module, ...]:
    convolution = nn.Conv2d(inputs, outputs, 5, stride=2, padding=2)
    return convolution, nn.LeakyReLU(SLOPE, inplace=True), nn.Dropout(dropout)
