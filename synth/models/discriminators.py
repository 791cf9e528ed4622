"""Discriminators: maps of a sound and its category -> logits.

Both take what a projector makes of codec tensors (synth.training.projectors): one from scratch, which sees the tensor
itself, and one of small heads on the maps of a frozen network. The category enters both as a projection (Miyato &
Koyama 2018, arXiv 1802.05637): <phi(x), v(category)> + psi(x).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

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
    """(one map: the codec tensor (B, 1, R, R); category (B,)) -> logits (B, 1). Residual, with minibatch statistics."""

    def __init__(self, categories: int, widths: tuple[int, ...], fold: int, features: int = 256):
        super().__init__()
        self.trunk = trunk(widths, fold)
        self.conv = Conv(widths[0] + 1, widths[0], gain=GAIN)
        self.dense = Linear(widths[0] * 16, features, gain=GAIN)
        self.logit = Linear(features, 1)
        self.embed = nn.Embedding(categories, features)

    def forward(self, maps: list[Tensor], category: Tensor) -> Tensor:
        (x,) = maps
        h = self.trunk(x.contiguous(memory_format=torch.channels_last))
        with torch.autocast(x.device.type, enabled=False):
            h = leaky(self.conv(minibatch_stddev(h.float())))
            h = leaky(self.dense(h.flatten(1)))
            return self.logit(h) + (h * F.normalize(self.embed(category), dim=1)).sum(1, keepdim=True)


class ProjectedDiscriminator(nn.Module):
    """(maps (B, C_i, H_i, W_i), fine to coarse, category (B,)) -> logits (B, heads * CELLS^2), a head a map.

    After Sauer et al. 2021 (arXiv 2111.01007): spectral normalisation holds the heads smooth, and every part of a map
    is judged by itself. A linear classifier on the coarsest map tells categories apart (Odena et al. 2017, arXiv
    1610.09585).
    """

    def __init__(self, channels: tuple[int, ...], categories: int, width: int = 128):
        super().__init__()
        self.heads = nn.ModuleList(Head(c, categories, width) for c in channels)
        self.classifier = nn.Linear(channels[-1], categories)

    def forward(self, maps: list[Tensor], category: Tensor) -> Tensor:
        return torch.cat([head(m, category) for head, m in zip(self.heads, maps, strict=True)], dim=1)

    def classify(self, maps: list[Tensor]) -> Tensor:
        """Maps -> logits of categories (B, categories)."""
        logits: Tensor = self.classifier(maps[-1].mean((2, 3)))
        return logits


CELLS = 4
LARGEST = 16


class Head(nn.Module):
    """(map (B, C, H, W), category (B,)) -> logits (B, CELLS^2)."""

    def __init__(self, channels: int, categories: int, width: int):
        super().__init__()
        self.narrow = spectral_norm(nn.Conv2d(channels, width, 1))
        self.conv = spectral_norm(nn.Conv2d(width, width, 3, padding=1))
        self.logit = spectral_norm(nn.Conv2d(width, 1, 1))
        self.embed = nn.Embedding(categories, width)

    def forward(self, x: Tensor, category: Tensor) -> Tensor:
        x = leaky(self.narrow(x))
        if max(x.shape[2:]) > LARGEST:  # the finest maps would cost more here than the frozen network does
            x = F.avg_pool2d(x, 2)
        x = leaky(self.conv(x))
        direction = F.normalize(self.embed(category), dim=1)[:, :, None, None]
        logits = self.logit(x) + (x * direction).sum(1, keepdim=True)
        return F.adaptive_avg_pool2d(logits, CELLS).flatten(1)
