"""Waveform: z straight to samples, without a spectrogram between.

Two generators. "mlp" is a multilayer perceptron whose last layer has a neuron a sample: small sounds learned by heart,
with no notion that a pattern may occur later. "conv" is WaveGAN (Donahue, McAuley & Puckette 2019, arXiv 1802.04208):
transposed convolutions along time, of 25 taps and stride 4. Both are judged by the discriminator of WaveGAN.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from synth.models.layers import SLOPE
from synth.models.sizes import Sizes

ARCHITECTURES = ("mlp", "conv")
TAPS, STRIDE, LEVELS = 25, 4, 5
STEP = STRIDE**LEVELS  # samples that one column of the coarsest level stands for


@dataclass(frozen=True)
class WaveformConfig(Sizes):
    """Sizes of both networks.

    samples: length of a sound, any; convolutions work on the next multiple of 1024, of which the rest is cut off.
    width: channels at the finest level, doubled with each coarser one; the perceptron's layers have 8, 16 and 32 times
    as many neurons.
    shuffle: most that the discriminator moves the maps of a sound along time, in columns (section 3.3).
    """

    categories: int = 1
    architecture: str = "mlp"
    z_dim: int = 32
    samples: int = 16000
    width: int = 16
    shuffle: int = 2

    def __post_init__(self) -> None:
        if self.architecture not in ARCHITECTURES:
            raise ValueError(f"architecture must be one of {', '.join(ARCHITECTURES)}, not {self.architecture!r}")
        if self.samples < 1:
            raise ValueError(f"samples must be 1 or more, not {self.samples}")

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of one sound."""
        return 1, self.samples

    @property
    def columns(self) -> int:
        """Length of the coarsest level."""
        found: int = math.ceil(self.samples / STEP)
        return found

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels from the finest level to the coarsest, without the sound itself."""
        return tuple(self.width * 2**level for level in range(LEVELS))


class Generator(nn.Module):
    """z (B, z_dim) -> sounds (B, 1, samples) in [-1, 1]."""

    def __init__(self, config: WaveformConfig):
        super().__init__()
        self.config = config
        self.layers = _perceptron(config) if config.architecture == "mlp" else _upsampling(config)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """Labels (B,) are not looked at."""
        return torch.tanh(self.layers(z)[..., : self.config.samples])


class Discriminator(nn.Module):
    """Sounds (B, 1, samples) -> logits (B,). In training, every map is moved along time at random."""

    def __init__(self, config: WaveformConfig):
        super().__init__()
        self.config = config
        ends = (1, *config.channels)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(inputs, outputs, TAPS, STRIDE, TAPS // 2 - 1) for inputs, outputs in pairwise(ends)
        )
        self.logit = nn.Linear(ends[-1] * config.columns, 1)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """Labels (B,) are not looked at."""
        x = F.pad(x, (0, self.config.columns * STEP - x.shape[-1]))
        for i, convolution in enumerate(self.convolutions):
            x = F.leaky_relu(convolution(x), SLOPE)
            if self.training and i < LEVELS - 1:
                x = phase_shuffle(x, self.config.shuffle)
        logits: Tensor = self.logit(x.flatten(1)).squeeze(1)
        return logits


def phase_shuffle(x: Tensor, most: int) -> Tensor:
    """Maps (B, C, T), each moved by -most..most columns, the gap filled by reflection (WaveGAN, section 3.3).

    Where transposed convolutions leave a pitch of their own, always of the same phase, this keeps the discriminator
    from telling sounds by it alone. Draws from torch's global generator of the CPU. Maps too short are moved less.
    """
    most = min(most, x.shape[2] - 1)
    padded = F.pad(x, (most, most), mode="reflect")
    starts = torch.randint(2 * most + 1, (len(x),)).tolist()
    return torch.stack([item[:, start : start + x.shape[2]] for item, start in zip(padded, starts, strict=True)])


def _perceptron(config: WaveformConfig) -> nn.Sequential:
    """z (B, z_dim) -> (B, 1, samples)."""
    sizes = (config.z_dim, *(config.width * times for times in (8, 16, 32)))
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.LeakyReLU(SLOPE, inplace=True)]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], config.samples), nn.Unflatten(1, (1, config.samples)))


def _upsampling(config: WaveformConfig) -> nn.Sequential:
    """z (B, z_dim) -> (B, 1, columns * STEP)."""
    rising = (*config.channels[::-1], 1)
    layers: list[nn.Module] = [
        nn.Linear(config.z_dim, rising[0] * config.columns),
        nn.Unflatten(1, (rising[0], config.columns)),
    ]
    for inputs, outputs in pairwise(rising):
        # One sample more at the end makes the length exactly STRIDE times as long.
        layers += [nn.ReLU(inplace=True), nn.ConvTranspose1d(inputs, outputs, TAPS, STRIDE, TAPS // 2 - 1, 1)]
    return nn.Sequential(*layers).apply(_begin)


def _begin(layer: nn.Module) -> None:
    """First weights: the variance stays the same through all layers (He et al. 2015, arXiv 1502.01852).

    At a sample of a transposed convolution only every fourth tap meets an input.
    """
    if isinstance(layer, nn.ConvTranspose1d):
        nn.init.normal_(layer.weight, 0.0, math.sqrt(2.0 * STRIDE / (TAPS * layer.in_channels)))
        assert layer.bias is not None
        nn.init.zeros_(layer.bias)
