"""First codes of recordings: where in W descent begins."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

STRETCH = 64  # frames, or bins, that are pooled
LENGTH = 0.7  # of a code on average, in units of a standard normal one


def first_codes(tensors: Iterator[Tensor], w_dim: int) -> Tensor:
    """Codec tensors, batch by batch (B, 1, F, T) -> codes (N, w_dim): principal components of pooled spectrograms.

    The first half of a code is of spectra, the mean one and those of stretches of time, the second of envelopes, of all
    bins and of bands. From there descent finds in minutes what takes it an hour from random codes. Directions beyond
    the number of recordings are zero. Components are scaled by the root of their singular value, which leaves the weak
    ones a say.
    """
    spectra, envelopes = zip(*map(_pooled, tensors), strict=True)
    half = w_dim // 2
    codes = torch.cat([_components(torch.cat(spectra), half), _components(torch.cat(envelopes), w_dim - half)], 1)
    found: Tensor = codes * (LENGTH * w_dim**0.5 / codes.norm(dim=1).mean().clamp_min(1e-12))
    return found


def _components(rows: Tensor, count: int) -> Tensor:
    """Rows (N, D) -> (N, count), each value about 1 on average."""
    rows = rows - rows.mean(0)
    # Of the smaller of the two Gram matrices; there are fewer recordings than pooled values, nearly always.
    values, vectors = torch.linalg.eigh((rows @ rows.t()).double())
    kept = min(count, len(rows))
    singular = values.flip(0)[:kept].clamp_min(0.0).sqrt()
    codes = rows.new_zeros(len(rows), count)
    codes[:, :kept] = (vectors.flip(1)[:, :kept] * singular.sqrt()).to(rows.dtype)
    found: Tensor = codes * (count**0.5 / codes.norm(dim=1).mean().clamp_min(1e-12))
    return found


def _pooled(x: Tensor) -> tuple[Tensor, Tensor]:
    """Codec tensors (B, 1, F, T) -> spectra (B, n) and envelopes (B, m), side by side."""
    x = x.float()
    spectra = F.avg_pool2d(x, (1, min(STRETCH, x.shape[3])))
    envelopes = F.avg_pool2d(x, (min(STRETCH, x.shape[2]), 1))
    return (
        torch.cat([spectra.flatten(1), 2.0 * x.mean(3).flatten(1)], 1),
        torch.cat([envelopes.flatten(1), 2.0 * x.mean(2).flatten(1)], 1),
    )
