"""A conditional GAN on spectrograms (Mirza & Osindero 2014, arXiv 1411.1784): noise and a category -> codec tensor.

Beside the recipe, each of its weak places has a better form: the category as a projection of the discriminator's
features instead of a map in its input (Miyato & Koyama 2018, arXiv 1802.05637), resizing and convolution instead of
transposed convolutions, whose kernels overlap unevenly and draw grids (Odena et al. 2016, Distill), and spectral
normalisation (Miyato et al. 2018, arXiv 1802.05957).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from synth.models.layers import SLOPE
from synth.models.sizes import Sizes

LEVELS = 4  # halvings of the discriminator, doublings of the generator
UPSAMPLINGS = ("transposed", "resize")
CONDITIONS = ("map", "projection")


@dataclass(frozen=True)
class CGANConfig(Sizes):
    """Sizes of both networks.

    start: mels and frames that the generator begins with, a sixteenth of the tensor's.
    channels: those at `start`; they halve with every doubling of the resolution, a multiple of 8.
    upsampling: "transposed" convolutions, or "resize": convolutions with bilinear upsampling after each.
    condition: how the discriminator is told the category, as a "map" in an extra channel or by "projection".
    spectral: whether the discriminator's layers, its embedding not among them, are held to a largest singular value
        of 1.
    """

    categories: int = 1
    z_dim: int = 100
    start: tuple[int, int] = (8, 32)
    channels: int = 256
    upsampling: str = "transposed"
    condition: str = "map"
    spectral: bool = False

    def __post_init__(self) -> None:
        if self.channels < 8 or self.channels % 8:
            raise ValueError(f"channels must be a multiple of 8, not {self.channels}")
        for name, known in (("upsampling", UPSAMPLINGS), ("condition", CONDITIONS)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}, not {getattr(self, name)!r}")

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of the codec tensor."""
        return 1, self.start[0] * 2**LEVELS, self.start[1] * 2**LEVELS

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels from the lowest resolution upwards, one for each level but the last."""
        return tuple(self.channels // 2**level for level in range(LEVELS))


class Generator(nn.Module):
    """z (B, z_dim) and labels (B,) -> codec tensors (B, 1, mels, frames) in [-1, 1]."""

    def __init__(self, config: CGANConfig):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.z_dim + config.categories, config.channels * config.start[0] * config.start[1])
        levels = pairwise((*config.widths, 1))
        self.levels = nn.Sequential(*(layer for a, b in levels for layer in _doubled(a, b, config.upsampling)))
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        one_hot = F.one_hot(labels, self.config.categories).to(z.dtype)
        x = self.dense(torch.cat([z, one_hot], dim=1)).view(len(z), self.config.channels, *self.config.start)
        return torch.tanh(self.levels(x.contiguous(memory_format=torch.channels_last)))


class Discriminator(nn.Module):
    """Codec tensors (B, 1, mels, frames) and labels (B,) -> logits (B,)."""

    def __init__(self, config: CGANConfig):
        super().__init__()
        self.config = config
        held = spectral_norm if config.spectral else _free
        cells = config.start[0] * config.start[1]
        # A map of the category is a picture as large as the sound's; a projection is a direction among the features.
        self.embed = nn.Embedding(config.categories, cells * 4**LEVELS if self._by_map else config.channels)
        levels = pairwise((2 if self._by_map else 1, *config.widths[::-1]))
        self.levels = nn.Sequential(*(layer for a, b in levels for layer in _halved(a, b, held)))
        self.logit = held(nn.Linear(config.channels * cells, 1))
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @property
    def _by_map(self) -> bool:
        return self.config.condition == "map"

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        category = self.embed(labels)
        if self._by_map:
            x = torch.cat([x, category.view(-1, *self.config.shape)], dim=1)
        h = self.levels(x.contiguous(memory_format=torch.channels_last))
        logits = self.logit(h.flatten(1)).squeeze(1)
        found: Tensor = logits if self._by_map else logits + (h.mean((2, 3)) * category).sum(1)
        return found


def _doubled(inputs: int, outputs: int, upsampling: str) -> tuple[nn.Module, ...]:
    """Layers of one level of the generator, (B, inputs, F, T) -> (B, outputs, 2 F, 2 T)."""
    before = nn.BatchNorm2d(inputs), nn.ReLU(inplace=True)
    if upsampling == "transposed":
        return *before, nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1)
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1)
    larger = nn.Upsample(scale_factor=2, mode="bilinear")
    # Convolved where there are fewer bins to convolve, but for the sound itself, which would be smooth.
    return (*before, larger, convolution) if outputs == 1 else (*before, convolution, larger)


def _halved(inputs: int, outputs: int, held: Callable[[nn.Module], nn.Module]) -> tuple[nn.Module, ...]:
    """Layers of one level of the discriminator, (B, inputs, F, T) -> (B, outputs, F / 2, T / 2)."""
    return held(nn.Conv2d(inputs, outputs, 4, stride=2, padding=1)), nn.LeakyReLU(SLOPE, inplace=True)


def _free(layer: nn.Module) -> nn.Module:
    return layer
