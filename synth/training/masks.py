"""Random masks of codec tensors: what an encoder is given to know of a clip."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

LEAST_KNOWN = 0.3
# Of the masks that hide something, this share begins at the first frame or the lowest bin: a shorter or a duller clip.
FROM_START = 0.5


def draw_masks(count: int, shape: Sequence[int], rng: torch.Generator, whole: float) -> Tensor:
    """Masks (B, 1, *shape) float32, 1 where known, on the device of `rng`; shape: bins and frames.

    A share `whole` of them hides nothing on average; the others know one span of the times, or one band of the
    frequencies, LEAST_KNOWN to all of it.
    """
    wholly, along_time, start, known, place = torch.rand(5, count, 1, generator=rng, device=rng.device)
    length = LEAST_KNOWN + (1.0 - LEAST_KNOWN) * known
    first = torch.where(start < FROM_START, torch.zeros_like(place), place * (1.0 - length))
    bins, frames = (_span(first, length, size) | (wholly < whole) for size in shape)
    masks = torch.where(along_time[:, :, None] < 0.5, frames[:, None, :], bins[:, :, None])
    return masks.float().unsqueeze(1)


def _span(first: Tensor, length: Tensor, size: int) -> Tensor:
    """Which of `size` lines lie in a span, (B, size); first, length: (B, 1), in parts of all."""
    at = (torch.arange(size, device=first.device) + 0.5) / size
    return (at >= first) & (at < first + length)
