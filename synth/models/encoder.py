"""Encoder: a recording's codec tensor -> the w that makes it again."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from synth.models.layers import GAIN, Conv, Linear, leaky, trunk

SEGMENTS = 8


class Encoder(nn.Module):
    """Codec tensor (B, 1, R, R) -> mean and log variance of w, each (B, w_dim) (Kingma & Welling 2014).

    Beside the convolutional trunk, which sees shapes, a dense layer sees the spectra of SEGMENTS stretches of time and
    the envelopes of SEGMENTS bands at full resolution: which bins and which frames, to the line.
    """

    def __init__(self, w_dim: int, widths: tuple[int, ...], fold: int, hidden: int = 512):
        super().__init__()
        size = 4 * 2 ** (len(widths) - 1) * fold
        self.trunk = trunk(widths, fold)
        self.conv = Conv(widths[0], widths[0] // 2, 1, gain=GAIN)
        self.shapes = widths[0] // 2 * 16
        self.profiles = nn.ModuleList(Linear(n, hidden, gain=GAIN) for n in (2 * SEGMENTS * size, hidden))
        self.out = Linear(self.shapes + hidden, 2 * w_dim)
        # What the trunk sees counts for nothing at first: the profiles are trained before it.
        nn.init.zeros_(self.out.weight.data[:, : self.shapes])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = self.trunk(x.contiguous(memory_format=torch.channels_last))
        with torch.autocast(x.device.type, enabled=False):
            return self._head(x, leaky(self.conv(h.float())).flatten(1))

    def outline(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The same by the profiles alone: what training begins with."""
        return self._head(x, x.new_zeros(len(x), self.shapes))

    def _head(self, x: Tensor, shapes: Tensor) -> tuple[Tensor, Tensor]:
        lines = _profiles(x.float())
        for layer in self.profiles:
            lines = leaky(layer(lines))
        mean, log_variance = self.out(torch.cat([shapes, lines], dim=1)).chunk(2, dim=1)
        return mean, log_variance.clamp(-10.0, 4.0)


def _profiles(x: Tensor) -> Tensor:
    """(B, 1, F, T) -> (B, SEGMENTS * (F + T)): mean spectra of stretches of time, mean envelopes of bands."""
    spectra = F.adaptive_avg_pool2d(x, (x.shape[2], SEGMENTS))
    envelopes = F.adaptive_avg_pool2d(x, (SEGMENTS, x.shape[3]))
    return torch.cat([spectra.flatten(1), envelopes.flatten(1)], dim=1)
