"""How far single bins of a spectrogram stand out from their neighbours, in the loud frames of sounds."""

from __future__ import annotations

import torch
from torch import Tensor

SIDES = (-3, -2, 2, 3)  # bins whose median a bin is held to; those next to it share its window's lobe
LOUD = 12  # frames of a sound that are looked at, the loudest of each bin


def prominence(levels: Tensor) -> Tensor:
    """Levels (N, F, T) -> by how much each bin is above its neighbours on average, (F,), in the levels' unit; 0 at the
    ends, which have none on one side."""
    top = levels.topk(min(LOUD, levels.shape[2]), dim=2).values.mean(2)
    margin = max(SIDES)
    width = top.shape[1] - 2 * margin
    sides = torch.stack([top[:, margin + step : margin + step + width] for step in SIDES]).sort(0).values
    middle = sides[len(SIDES) // 2 - 1 : len(SIDES) // 2 + 1].mean(0)
    inner = (top[:, margin : margin + width] - middle).mean(0)
    return torch.nn.functional.pad(inner, (margin, margin))
