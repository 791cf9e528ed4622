"""Random masks of codec tensors: what an encoder is given to know of a clip."""

from __future__ import annotations

import torch
from torch import Tensor

LEAST_KNOWN = 0.3
# Of the masks that hide something, this share begins at the first frame or the lowest bin: a shorter or a duller clip.
FROM_START = 0.5


def draw_masks(count: int, size: int, rng: torch.Generator, whole: float) -> Tensor:
    """Masks (B, 1, R, R) float32, 1 where known, on the device of `rng`.

    A share `whole` of them hides nothing on average; the others know one span of the times, or one band of the
    frequencies, LEAST_KNOWN to all of it.
    """
    wholly, along_time, start, known, place = torch.rand(5, count, 1, generator=rng, device=rng.device)
    length = LEAST_KNOWN + (1.0 - LEAST_KNOWN) * known
    first = torch.where(start < FROM_START, torch.zeros_like(place), place * (1.0 - length))
    at = (torch.arange(size, device=rng.device) + 0.5) / size
    span = ((at >= first) & (at < first + length)) | (wholly < whole)
    lines = span.float()[:, None, None, :].expand(-1, 1, size, -1)
    return torch.where(along_time[:, :, None, None] < 0.5, lines, lines.transpose(2, 3)).contiguous()
