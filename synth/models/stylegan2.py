"""Class-conditional StyleGAN2 generator (Karras et al. 2020, arXiv 1912.04958), written for spectrograms on a CPU.

Differences from the paper, each measured in docs/training.md: the last level is folded (one 64 x 64 map of 16
channels stands for a 256 x 256 image); resampling is bilinear and average-pooling; and the noise inputs are those of
sound rather than white pixels. The texture is the log-magnitude STFT of white noise, added at the output through a
learned gate that lets it through where the sound is noisy and holds it back where it is tonal or silent. The strokes
are random lines, along time (the same for all frequencies: where grains and clicks fall) and along frequency (the same
for all times: where partials lie), added to the middle levels with learned strengths.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from synth.audio.stft import STFT
from synth.audio.texture import noise_field
from synth.models.layers import Linear, ModulatedConv, leaky, upsample
from synth.models.mapping import Mapping

# Standard deviation of 20 log10 of a Rayleigh magnitude: (20 / ln 10) * pi / sqrt(24) dB.
RAYLEIGH_DB = 20.0 / math.log(10.0) * math.pi / math.sqrt(24.0)


@dataclass(frozen=True)
class Noise:
    """The random inputs of a batch.

    texture: (B, 1, R, R), centred, unit variance; strokes: (B, levels, 2, R / fold), N(0, 1), time then frequency.
    """

    texture: Tensor
    strokes: Tensor

    def repeated(self, count: int) -> Noise:
        """The noise of one sound for `count` of them."""
        return Noise(*(of.expand(count, *of.shape[1:]) for of in (self.texture, self.strokes)))


@dataclass(frozen=True)
class GeneratorConfig:
    """Sizes of a generator.

    clips: encoded recordings that the prior is made of.
    widths: channels from 4 x 4 upwards, one per level; the output has 4 * 2**(len(widths) - 1) * fold bins and frames.
    rank: products of spectrum and envelope that are added to the output, an even number.
    gate_max: most that the noise field may count for, in units of a Rayleigh field's own spread.
    half_range_db: decibels that one unit of the codec tensor stands for.
    """

    categories: int = 11
    clips: int = 256
    z_dim: int = 128
    w_dim: int = 512
    widths: tuple[int, ...] = (256, 256, 128, 96, 64)
    fold: int = 4
    rank: int = 12
    gate_max: float = 1.25
    half_range_db: float = 40.0

    @property
    def resolution(self) -> int:
        return 4 * 2 ** (len(self.widths) - 1) * self.fold

    @property
    def num_ws(self) -> int:
        return 2 * len(self.widths)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"widths": list(self.widths)}

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> GeneratorConfig:
        return cls(**settings | {"widths": tuple(settings["widths"])})


class Level(nn.Module):
    """One resolution: two modulated convolutions and the maps that it adds to the output."""

    def __init__(self, inputs: int, outputs: int, maps: int, w_dim: int, first: bool, last: bool):
        super().__init__()
        # The last level does without strokes: at its size they cost more time than they are worth.
        self.stroke_gain = None if first or last else nn.Parameter(torch.zeros(2, outputs))
        self.conv0 = None if first else ModulatedConv(inputs, outputs, w_dim)
        self.conv1 = ModulatedConv(outputs, outputs, w_dim)
        self.to_maps = ModulatedConv(outputs, maps, w_dim, 1, demodulate=False)
        # Starts silent, so that the convolutions refine what the profiles draw instead of spoiling it at first.
        nn.init.zeros_(self.to_maps.weight)

    def forward(self, x: Tensor, ws: tuple[Tensor, Tensor, Tensor], strokes: Tensor) -> tuple[Tensor, Tensor]:
        if self.conv0 is not None:
            x = upsample(self.conv0(x, ws[0]))
        x = self.conv1(x, ws[1], self._drawn(strokes, x.shape[-1]))
        return x, self.to_maps(x, ws[2]).float()

    def _drawn(self, strokes: Tensor, size: int) -> Tensor | None:
        """Strokes (B, 2, R) as an addition to (B, C, size, size)."""
        if self.stroke_gain is None:
            return None
        time, frequency = strokes[:, 0, None, None, :size], strokes[:, 1, None, :size, None]
        gain = self.stroke_gain[:, None, :, None, None]
        return gain[0] * time + gain[1] * frequency


class ProfileHead(nn.Module):
    """w (B, w_dim) -> maps (B, 2, R, R), each a sum of products of a spectrum and an envelope.

    The log magnitude of a decaying mode is c(f) - d(f) * t, that of a click c(f) at one t: recorded one-shots, less
    their coarse shape, are of rank 2 to 8 to within the spread of noise. A dense layer draws such sharp lines at any
    bin or frame at once, where convolutions from 4 x 4 upwards need long training. Half of the products start as a
    free spectrum on a fixed smooth envelope, half the other way round; all start at zero.
    """

    def __init__(self, w_dim: int, size: int, rank: int, hidden: int = 512):
        super().__init__()
        self.shape = (2, rank, 2, size)  # map, product, spectrum or envelope, bin or frame
        self.dense = Linear(w_dim, hidden, gain=math.sqrt(2.0))
        self.out = Linear(hidden, math.prod(self.shape))
        nn.init.zeros_(self.out.weight)
        cosines = torch.cos(torch.pi * torch.arange(rank // 2)[:, None] * (torch.arange(size) + 0.5) / size)
        profiles = torch.zeros(self.shape)
        profiles[:, : rank // 2, 1] = cosines
        profiles[:, rank // 2 :, 0] = cosines
        self.out.bias.data.copy_(profiles.flatten())

    def forward(self, w: Tensor) -> Tensor:
        profiles = self.out(leaky(self.dense(w))).float().view(len(w), *self.shape)
        return torch.einsum("bmkf,bmkt->bmft", profiles[:, :, :, 0], profiles[:, :, :, 1])


class Synthesis(nn.Module):
    """w+ (B, num_ws, w_dim) and strokes -> mean and gate, each (B, 1, R, R), in codec units."""

    def __init__(self, config: GeneratorConfig):
        super().__init__()
        self.config = config
        self.const = nn.Parameter(torch.randn(1, config.widths[0], 4, 4))
        inputs = (config.widths[0], *config.widths[:-1])
        maps = 2 * config.fold**2
        self.levels = nn.ModuleList(
            Level(a, b, maps, config.w_dim, first=i == 0, last=i == len(inputs) - 1)
            for i, (a, b) in enumerate(zip(inputs, config.widths, strict=True))
        )
        self.unfold = nn.PixelShuffle(config.fold)
        self.profiles = ProfileHead(config.w_dim, config.resolution, config.rank)

    def forward(self, ws: Tensor, strokes: Tensor, settled: int = 0) -> tuple[Tensor, Tensor]:
        """Of the last `settled` sounds no gradient reaches the profiles."""
        profiles = self.profiles(ws[:, -1])
        taught = len(ws) - settled
        return self._split(self.details(ws, strokes) + torch.cat([profiles[:taught], profiles[taught:].detach()]))

    def details(self, ws: Tensor, strokes: Tensor) -> Tensor:
        """What the convolutions add to the profiles, (B, 2, R, R)."""
        x = self.const.expand(len(ws), -1, -1, -1).contiguous(memory_format=torch.channels_last)
        maps: Tensor | None = None
        for i, level in enumerate(self.levels):
            # The first level has one convolution: its w 0 and 1 drive that and the output maps.
            w0, w1, w2 = (ws[:, max(k, 0)] for k in (2 * i - 1, 2 * i, 2 * i + 1))
            x, added = level(x, (w0, w1, w2), strokes[:, i])
            added = self.unfold(added)
            maps = added if maps is None else upsample(maps) + added
        assert maps is not None
        return maps

    def outline(self, w: Tensor, details: Tensor | float = 0.0) -> tuple[Tensor, Tensor]:
        """Mean and gate by the profiles of w (B, w_dim), to which `details` are added; without any, what training
        begins with."""
        return self._split(self.profiles(w) + details)

    def _split(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        mean, gate = maps.chunk(2, dim=1)
        return mean, self.config.gate_max * torch.sigmoid(gate)


class Generator(nn.Module):
    """Category and z, or w, or w+ -> codec tensor (B, 1, R, R)."""

    w_avg: Tensor  # (categories, w_dim), the centre of each category

    def __init__(self, config: GeneratorConfig):
        super().__init__()
        self.config = config
        self.mapping = Mapping(config.z_dim, config.w_dim, config.categories, config.clips)
        self.synthesis = Synthesis(config)
        self.register_buffer("w_avg", torch.zeros(config.categories, config.w_dim))

    def broadcast(self, w: Tensor) -> Tensor:
        """w (B, w_dim) -> w+ (B, num_ws, w_dim)."""
        return w.unsqueeze(1).expand(-1, self.config.num_ws, -1)

    def truncate(self, w: Tensor, category: Tensor, psi: float) -> Tensor:
        """w pulled toward the centre of its category: psi 1 leaves it, 0 is the centre."""
        centre = self.w_avg[category]
        return centre + psi * (w - centre)

    def forward(self, ws: Tensor, noise: Noise) -> Tensor:
        """w+ (B, num_ws, w_dim) and noise -> codec tensor (B, 1, R, R)."""
        mean, gate = self.synthesis(ws, noise.strokes)
        return self.compose(mean, gate, noise.texture)

    def redrawn(self, details: Tensor, w: Tensor, texture: Tensor) -> Tensor:
        """Codec tensors (B, 1, R, R) with the last row of w+ changed to w (B, w_dim).

        details: what the convolutions make of the other rows (`Synthesis.details`), which need not be asked again.
        """
        return self.compose(*self.synthesis.outline(w, details), texture)

    def compose(self, mean: Tensor, gate: Tensor, texture: Tensor) -> Tensor:
        return mean + gate * (RAYLEIGH_DB / self.config.half_range_db) * texture


def draw_noise(config: GeneratorConfig, stft: STFT, count: int, rng: torch.Generator) -> Noise:
    """The noise of `count` sounds, on the device of `rng`."""
    shape = (count, len(config.widths), 2, config.resolution // config.fold)
    strokes = torch.randn(shape, generator=rng, device=rng.device)
    return Noise(noise_field(stft, count, config.resolution, rng), strokes)
