"""The generator: a place in W -> the maps of a sound, as sums of products of a spectrum and an envelope.

Of StyleGAN2 (Karras et al. 2020, arXiv 1912.04958) it keeps the latent space and what is done with it: z, W, w+ with a
row for each part of the network, mixing, truncation, directions by factorisation. Its convolutions are gone. A map of a
recorded sound is all but exactly a sum of a dozen products of a spectrum and an envelope, at full resolution in both;
dense layers draw such lines where convolutions blur them (docs/training.md has the figures). The noise inputs became
one, the texture: the log magnitude of white noise, added through a learned gate that lets it through where the sound is
noisy and holds it back where it is tonal or silent.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from synth.models.layers import GAIN, SLOPE, Linear, leaky
from synth.models.mapping import Mapping
from synth.patch.factors import ROWS

# Standard deviation of 20 log10 of a Rayleigh magnitude: (20 / ln 10) * pi / sqrt(24) dB.
RAYLEIGH_DB = 20.0 / math.log(10.0) * math.pi / math.sqrt(24.0)
# Rows of w+ (synth/patch/factors.py): so many draw the spectra of the mean, so many its envelopes, then one the spectra
# and one the envelopes of the gate.
PARTS = 4


@dataclass(frozen=True)
class GeneratorConfig:
    """Sizes of a generator.

    clips: recordings whose codes the prior is made of; sharpness, turn: of that prior (models/mapping.py).
    bins, frames: of a map. rank: products of the mean, a multiple of PARTS; gate_rank: those of the gate, even.
    gate_max: most that the texture may count for, in units of a Rayleigh field's own spread.
    half_range_db: decibels that one unit of the codec tensor stands for.
    """

    categories: int = 11
    clips: int = 256
    z_dim: int = 128
    w_dim: int = 512
    hidden: int = 1024
    bins: int = 256
    frames: int = 256
    rank: int = 12
    gate_rank: int = 4
    sharpness: float = 8.0
    turn: float = 0.0
    gate_max: float = 1.25
    half_range_db: float = 40.0

    def __post_init__(self) -> None:
        if self.rank % PARTS or self.gate_rank % 2 or not self.rank or not self.gate_rank:
            ranks = f"{self.rank} and {self.gate_rank}"
            raise ValueError(f"rank must be a multiple of {PARTS} and gate_rank even, not {ranks}")
        if self.turn and (self.z_dim % 2 or self.w_dim % 2):
            raise ValueError(f"halves need an even z_dim and w_dim, not {self.z_dim} and {self.w_dim}")

    @property
    def num_ws(self) -> int:
        return ROWS

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> GeneratorConfig:
        return cls(**settings)


class Lines(nn.Module):
    """Hidden features (B, hidden) -> `count` lines over an axis, (B, count, size): spectra, or envelopes.

    They start as `first` whatever the features are, and learn to differ.
    """

    def __init__(self, hidden: int, first: Tensor):
        super().__init__()
        self.shape = first.shape
        self.out = Linear(hidden, first.numel())
        nn.init.zeros_(self.out.weight)
        self.out.bias.data.copy_(first.flatten())

    def forward(self, h: Tensor) -> Tensor:
        found: Tensor = self.out(h).float().unflatten(1, self.shape)
        return found

    def weighted(self, loudness: Tensor) -> Tensor:
        """Weights (count * size, hidden), those of each line times a number of its own, (count,)."""
        lines = (self.out.weight * self.out.scale).unflatten(0, self.shape)
        found: Tensor = lines.mul(loudness[:, None, None]).flatten(0, 1)
        return found


def _starts(rank: int, bins: int, frames: int) -> tuple[Tensor, Tensor]:
    """First spectra (rank, bins) and envelopes (rank, frames): in turn a free spectrum, zero, on a fixed smooth
    envelope, and the other way round. All products start at zero, and either factor can learn."""
    order = torch.arange(rank)
    waves = [torch.cos(torch.pi * (order // 2)[:, None] * (torch.arange(n) + 0.5) / n) for n in (bins, frames)]
    free = (order % 2 == 0)[:, None]
    return waves[0].masked_fill(free, 0.0), waves[1].masked_fill(~free, 0.0)


class Synthesis(nn.Module):
    """w+ (B, num_ws, w_dim) -> mean and gate, each (B, 1, bins, frames), in codec units.

    Every row passes the same two dense layers; what they make of row k draws part k: spectra of the mean (PARTS rows),
    its envelopes (PARTS), the spectra and the envelopes of the gate. (B, 1, w_dim) is one w for all rows, and quicker.
    """

    def __init__(self, config: GeneratorConfig):
        super().__init__()
        self.config = config
        sizes = (config.w_dim, config.hidden, config.hidden)
        self.dense = nn.ModuleList(Linear(a, b, gain=GAIN) for a, b in pairwise(sizes))
        spectra, envelopes = _starts(config.rank, config.bins, config.frames)
        gate = _starts(config.gate_rank, config.bins, config.frames)
        lines = [*spectra.chunk(PARTS), *envelopes.chunk(PARTS), *gate]
        self.lines = nn.ModuleList(Lines(config.hidden, first) for first in lines)

    def forward(self, ws: Tensor, apart: bool = False) -> tuple[Tensor, Tensor]:
        """apart: to the bits that each sound has alone, layer by layer, so that weights are fetched once for all."""
        h = ws
        for layer in self.dense:
            h = leaky(_through(layer, h, apart))
        rows = h.expand(-1, len(self.lines), -1).unbind(1)
        parts = [_through(lines, row, apart) for lines, row in zip(self.lines, rows, strict=True)]
        mean = torch.cat(parts[:PARTS], 1).transpose(1, 2) @ torch.cat(parts[PARTS : 2 * PARTS], 1)
        gate = parts[-2].transpose(1, 2) @ parts[-1]
        return mean.unsqueeze(1), self.config.gate_max * torch.sigmoid(gate).unsqueeze(1)

    @torch.no_grad()
    def slopes(self, w: Tensor) -> list[Tensor]:
        """Of each row of w+ how the lines that it draws grow with it around w (w_dim,): matrices (n, w_dim).

        A line counts for as much as its partner in the product is loud, so that slopes are in units of the map.
        """
        slope, h = torch.eye(len(w), dtype=w.dtype, device=w.device), w[None]
        for layer in cast("Iterable[Linear]", self.dense):
            before = layer(h)
            slope = (layer.weight * layer.scale) @ slope * torch.where(before[0] > 0, 1.0, SLOPE)[:, None]
            h = F.leaky_relu(before, SLOPE)
        heads = cast("list[Lines]", list(self.lines))
        drawn = [lines(h)[0] for lines in heads]
        partners = [*_loudness(drawn[PARTS : 2 * PARTS]), *_loudness(drawn[:PARTS])]
        # A sigmoid's slope at its middle.
        opened = 0.25 * self.config.gate_max * RAYLEIGH_DB / self.config.half_range_db
        partners += [opened * drawn[-1].square().mean(1).sqrt(), opened * drawn[-2].square().mean(1).sqrt()]
        return [lines.weighted(loud) @ slope for lines, loud in zip(heads, partners, strict=True)]


def _through(layer: nn.Module, x: Tensor, apart: bool) -> Tensor:
    """What a layer makes of x (B, ...), which a product of matrices sums in another order than one for each sound."""
    found: Tensor = torch.cat([layer(one) for one in x.split(1)]) if apart else layer(x)
    return found


def _loudness(parts: list[Tensor]) -> tuple[Tensor, ...]:
    """Root mean square of each line of parts (n, size), in the parts' own groups."""
    return torch.cat(parts).square().mean(1).sqrt().chunk(len(parts))


class Generator(nn.Module):
    """Category and z, or w, or w+ -> maps, or a codec tensor (B, 1, bins, frames)."""

    w_avg: Tensor  # (categories, w_dim), the centre of each category

    def __init__(self, config: GeneratorConfig):
        super().__init__()
        self.config = config
        c = config
        self.mapping = Mapping(c.z_dim, c.w_dim, c.categories, c.clips, c.sharpness, c.turn)
        self.synthesis = Synthesis(config)
        self.register_buffer("w_avg", torch.zeros(config.categories, config.w_dim))

    def broadcast(self, w: Tensor) -> Tensor:
        """w (B, w_dim) -> w+ (B, num_ws, w_dim)."""
        return w.unsqueeze(1).expand(-1, self.config.num_ws, -1)

    def truncate(self, w: Tensor, category: Tensor, psi: float) -> Tensor:
        """w pulled toward the centre of its category: psi 1 leaves it, 0 is the centre."""
        centre = self.w_avg[category]
        return centre + psi * (w - centre)

    def forward(self, ws: Tensor, texture: Tensor) -> Tensor:
        """w+ (B, num_ws, w_dim) and texture (B, 1, bins, frames) -> codec tensor (B, 1, bins, frames)."""
        mean, gate = self.synthesis(ws)
        return self.compose(mean, gate, texture)

    def compose(self, mean: Tensor, gate: Tensor, texture: Tensor) -> Tensor:
        return mean + gate * (RAYLEIGH_DB / self.config.half_range_db) * texture
