"""Encoders: a recording's codec tensor -> the w, or the w+, that makes it again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from synth.models.layers import GAIN, Conv, Linear, leaky, trunk

SEGMENTS = 8
FLOOR = -1.0  # of a codec tensor: what an unknown bin is set to
HIDDEN_GRID = 16


class Encoder(nn.Module):
    """Codec tensor (B, 1, F, T) -> w (B, w_dim).

    Beside the convolutional trunk, which sees shapes, a dense layer sees the spectra of SEGMENTS stretches of time and
    the envelopes of SEGMENTS bands at full resolution: which bins and which frames, to the line. shape: (F, T).
    """

    def __init__(self, shape: tuple[int, int], w_dim: int, widths: tuple[int, ...], fold: int, hidden: int = 512):
        super().__init__()
        cell = fold * 2 ** (len(widths) - 1)
        self.trunk = trunk(widths, fold)
        self.conv = Conv(widths[0], widths[0] // 2, 1, gain=GAIN)
        self.shapes = widths[0] // 2 * (shape[0] // cell) * (shape[1] // cell)
        self.profiles = nn.ModuleList(Linear(n, hidden, gain=GAIN) for n in (SEGMENTS * sum(shape), hidden))
        self.out = Linear(self.shapes + hidden, w_dim)
        # What the trunk sees counts for nothing at first: the profiles are trained before it.
        nn.init.zeros_(self.out.weight.data[:, : self.shapes])

    def forward(self, x: Tensor) -> Tensor:
        h = self.trunk(x.contiguous(memory_format=torch.channels_last))
        with torch.autocast(x.device.type, enabled=False):
            return self._head(x, leaky(self.conv(h.float())).flatten(1))

    def outline(self, x: Tensor) -> Tensor:
        """The same by the profiles alone: what training begins with."""
        return self._head(x, x.new_zeros(len(x), self.shapes))

    def _head(self, x: Tensor, shapes: Tensor) -> Tensor:
        lines = _profiles(x.float())
        for layer in self.profiles:
            lines = leaky(layer(lines))
        w: Tensor = self.out(torch.cat([shapes, lines], dim=1))
        return w


class Inverter(nn.Module):
    """Codec tensor and what of it is known, each (B, 1, F, T) -> w (B, w_dim) and offsets (B, num_ws, w_dim).

    The w+ of a recording is w + offsets. Offsets are zero before training, so it begins from what the encoder of the
    run does, and they stay small by a penalty (e4e, Tov et al. 2021, arXiv 2102.02766, section 4.1). The mask is
    1 where the recording is known and 0 elsewhere; unknown bins count as silent, and a second input channel, 0 where
    all is known, tells them from silence.
    """

    def __init__(self, encoder: Encoder, num_ws: int, hidden: int = 256):
        super().__init__()
        self.encoder = encoder
        entry, lines = cast("Conv", encoder.trunk[1]), cast("Linear", encoder.profiles[0])
        features, w_dim = encoder.out.weight.shape[1], encoder.out.weight.shape[0]
        self.shape = (num_ws, w_dim)
        self.hidden_bins = Conv(entry.weight.shape[1], entry.weight.shape[0], 1, bias=False)
        self.hidden_cells = Linear(HIDDEN_GRID**2, lines.weight.shape[0])
        self.dense = Linear(features, hidden, gain=GAIN)
        self.offsets = Linear(hidden, num_ws * w_dim)
        for layer in (self.hidden_bins, self.hidden_cells, self.offsets):
            nn.init.zeros_(layer.weight)

    @classmethod
    def build(cls, weights: Mapping[str, Tensor], shape: tuple[int, int], num_ws: int) -> Inverter:
        """From stored weights, whose shapes tell the sizes: its own, or those of an Encoder, which it then begins from.

        shape: (F, T) of a codec tensor.

        Raises KeyError or RuntimeError if they are neither.
        """
        own = encoder_part(weights)
        entry = own["trunk.1.weight"]
        blocks = sorted((k for k in own if k.startswith("trunk.") and k.endswith("conv1.weight")), key=_place)
        widths = tuple(reversed([len(entry), *(len(own[k]) for k in blocks)]))
        fold, hidden = math.isqrt(entry.shape[1]), len(own["profiles.0.weight"])
        encoder = Encoder(shape, len(own["out.bias"]), widths, fold, hidden)
        if own is weights:
            encoder.load_state_dict({k: v.float() for k, v in own.items()})
            return cls(encoder, num_ws)
        inverter = cls(encoder, num_ws, len(weights["dense.bias"]))
        inverter.load_state_dict({k: v.float() for k, v in weights.items()})
        return inverter

    def forward(self, x: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """`mask` None: all is known."""
        x, known = _known(x, mask)
        shapes = self._shapes(x, 1.0 - known)
        with torch.autocast(x.device.type, enabled=False):
            return self._head(leaky(self.encoder.conv(shapes.float())).flatten(1), self._lines(x, known))

    def outline(self, x: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The same by the profiles alone, which are cheap: what training begins with."""
        x, known = _known(x, mask)
        return self._head(x.new_zeros(len(x), self.encoder.shapes), self._lines(x, known))

    def _shapes(self, x: Tensor, hidden: Tensor) -> Tensor:
        """What the encoder's trunk sees, with the hidden bins as a second channel of its first layer."""
        unfold, entry, rest = self.encoder.trunk[0], self.encoder.trunk[1], self.encoder.trunk[2:]
        h: Tensor = entry(unfold(x.contiguous(memory_format=torch.channels_last)))
        return cast("Tensor", rest(h + self.hidden_bins(unfold(hidden))))

    def _lines(self, x: Tensor, known: Tensor) -> Tensor:
        first, second = self.encoder.profiles
        cells = F.adaptive_avg_pool2d(1.0 - known, HIDDEN_GRID).flatten(1)
        lines = leaky(first(_known_profiles(x, known)) + self.hidden_cells(cells))
        return leaky(second(lines))

    def _head(self, shapes: Tensor, lines: Tensor) -> tuple[Tensor, Tensor]:
        features = torch.cat([shapes, lines], dim=1)
        w = self.encoder.out(features)
        return w, self.offsets(leaky(self.dense(features))).view(-1, *self.shape)


def encoder_part(weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """The weights of the Encoder within stored ones, which are an Inverter's or an Encoder's already."""
    prefix = "encoder."
    part = {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}
    return part or weights


def _known(x: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """x with its unknown bins at the floor, and the mask at its size, both float32."""
    x = x.float()
    known = torch.ones_like(x) if mask is None else mask.to(x).expand_as(x)
    return torch.where(known > 0, x, torch.full_like(x, FLOOR)), known


def _place(name: str) -> int:
    """trunk.7.conv1.weight -> 7."""
    return int(name.split(".")[1])


def _profiles(x: Tensor) -> Tensor:
    """(B, 1, F, T) -> (B, SEGMENTS * (F + T)): mean spectra of stretches of time, mean envelopes of bands."""
    spectra = F.adaptive_avg_pool2d(x, (x.shape[2], SEGMENTS))
    envelopes = F.adaptive_avg_pool2d(x, (SEGMENTS, x.shape[3]))
    return torch.cat([spectra.flatten(1), envelopes.flatten(1)], dim=1)


def _known_profiles(x: Tensor, known: Tensor) -> Tensor:
    """The same means over known bins; the floor where a stretch of a line has none."""
    part = _profiles(known)
    means = _profiles((x - FLOOR) * known) / part.clamp_min(1e-6)
    return means * (part > 0) + FLOOR
