"""Residual discriminator with minibatch statistics and a projection onto the category."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from synth.models.layers import GAIN, Conv, Linear, leaky, trunk


def minibatch_stddev(x: Tensor, group: int = 4) -> Tensor:
    """Appends one channel: the mean standard deviation over each group of sounds (Karras et al. 2018, section 3).

    (B, C, F, T) -> (B, C + 1, F, T); a batch that `group` does not divide is one group.
    """
    b, _, f, t = x.shape
    size = group if b % group == 0 else b
    grouped = x.float().reshape(size, -1, *x.shape[1:])
    spread = torch.sqrt(grouped.var(dim=0, unbiased=False) + 1e-8).mean(dim=(1, 2, 3))
    channel = spread.repeat(size)[:, None, None, None].expand(b, 1, f, t)
    return torch.cat([x, channel.to(x.dtype)], dim=1)


class Discriminator(nn.Module):
    """(codec tensor (B, 1, R, R), category (B,)) -> logits (B,).

    The category enters as a projection (Miyato & Koyama 2018): <phi(x), v(category)> / sqrt(dim) + psi(x).
    """

    def __init__(self, categories: int, widths: tuple[int, ...], fold: int, features: int = 256):
        super().__init__()
        self.trunk = trunk(widths, fold)
        self.conv = Conv(widths[0] + 1, widths[0], gain=GAIN)
        self.dense = Linear(widths[0] * 16, features, gain=GAIN)
        self.logit = Linear(features, 1)
        self.embed = nn.Embedding(categories, features)

    def forward(self, x: Tensor, category: Tensor) -> Tensor:
        h = self.trunk(x.contiguous(memory_format=torch.channels_last))
        with torch.autocast(x.device.type, enabled=False):
            h = leaky(self.conv(minibatch_stddev(h.float())))
            h = leaky(self.dense(h.flatten(1)))
            direction = F.normalize(self.embed(category), dim=1) * math.sqrt(h.shape[1])
            return self.logit(h).squeeze(1) + (h * direction).sum(1) / math.sqrt(h.shape[1])
