"""A discriminator of small heads on the maps of a frozen network (synth.training.projectors), for any family.

The category enters as a projection (Miyato & Koyama 2018, arXiv 1802.05637): <phi(x), v(category)> + psi(x).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from synth.models.layers import leaky


class ProjectedDiscriminator(nn.Module):
    """(maps (B, C_i, H_i, W_i), fine to coarse, category (B,)) -> logits (B, heads * CELLS^2), a head a map.

    After Sauer et al. 2021 (arXiv 2111.01007): spectral normalisation holds the heads smooth, and every part of a map
    is judged by itself.
    """

    def __init__(self, channels: tuple[int, ...], categories: int, width: int = 128):
        super().__init__()
        self.heads = nn.ModuleList(Head(c, categories, width) for c in channels)

    def forward(self, maps: list[Tensor], category: Tensor) -> Tensor:
        return torch.cat([head(m, category) for head, m in zip(self.heads, maps, strict=True)], dim=1)


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
