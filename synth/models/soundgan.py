"""SoundGan: the unconditional DCGAN (Radford, Metz & Chintala 2016, arXiv 1511.06434) on square mel pictures.

No pooling and no dense layers: transposed convolutions of 4 x 4 and stride 2 draw the picture from noise (z_dim, 1, 1),
strided ones of the same size judge it, both with batch norm except at the picture; weights begin as N(0, 0.02).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor, nn

from synth.models.layers import SLOPE
from synth.models.sizes import Sizes

INITIAL_SPREAD = 0.02


@dataclass(frozen=True)
class SoundGANConfig(Sizes):
    """Sizes of both networks.

    width: channels at half the picture's size; they double with each halving down to 4 x 4.
    size: mel bands and columns of the picture, a power of 2, 8 or more.
    """

    categories: int = 1
    z_dim: int = 100
    width: int = 32
    size: int = 128

    def __post_init__(self) -> None:
        if self.size < 8 or self.size & (self.size - 1):
            raise ValueError(f"size must be a power of 2, 8 or more, not {self.size}")

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of one picture."""
        return 1, self.size, self.size

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels from half the picture's size down to 4 x 4."""
        return tuple(self.width * 2**level for level in range(self.size.bit_length() - 3))


class Generator(nn.Module):
    """z (B, z_dim) -> pictures (B, 1, size, size) in [-1, 1]."""

    def __init__(self, config: SoundGANConfig):
        super().__init__()
        self.config = config
        rising = config.channels[::-1]
        layers: list[nn.Module] = [nn.ConvTranspose2d(config.z_dim, rising[0], 4, bias=False)]
        for inputs, outputs in pairwise(rising):
            layers += [_norm(inputs), nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False)]
        layers += [_norm(rising[-1]), nn.ConvTranspose2d(rising[-1], 1, 4, 2, 1), nn.Tanh()]
        self.layers = nn.Sequential(*layers).apply(_begin)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """Labels (B,) are not looked at."""
        pictures: Tensor = self.layers(z[:, :, None, None])
        return pictures


class Discriminator(nn.Module):
    """Pictures (B, 1, size, size) -> logits (B,)."""

    def __init__(self, config: SoundGANConfig):
        super().__init__()
        self.config = config
        falling = config.channels
        layers: list[nn.Module] = [nn.Conv2d(1, falling[0], 4, 2, 1), nn.LeakyReLU(SLOPE, inplace=True)]
        for inputs, outputs in pairwise(falling):
            layers += [nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False), nn.BatchNorm2d(outputs)]
            layers += [nn.LeakyReLU(SLOPE, inplace=True)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(falling[-1], 1, 4), nn.Flatten(0)).apply(_begin)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """Labels (B,) are not looked at."""
        logits: Tensor = self.layers(x)
        return logits


def _norm(channels: int) -> nn.Sequential:
    return nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU(inplace=True))


def _begin(layer: nn.Module) -> None:
    """First weights: N(0, 0.02) around 0, and around 1 where they are gains of batch norm."""
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(layer.weight, 0.0, INITIAL_SPREAD)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    elif isinstance(layer, nn.BatchNorm2d):
        nn.init.normal_(layer.weight, 1.0, INITIAL_SPREAD)
