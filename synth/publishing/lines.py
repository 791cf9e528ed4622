"""Lines that a generator draws at the same frequency in all of its sounds, and recordings do not have.

A frozen network through which training looks hears a band best at one of its bins, and a generator learns to please it
there: a line of a few dB, 31 Hz wide, in every loud frame. A bin is one row of the last layer for each spectrum, so
such a row is put between its neighbours', before a model is published.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor

from synth.audio.prominence import prominence
from synth.models.stylegan2 import PARTS, Generator, Lines

LINE_DB = 4.0  # above what recordings have on average
DRAWN = 8  # sounds of each category
ROUNDS = 4  # after each of which what is left is looked for anew


@torch.no_grad()
def without_lines(generator: Generator, recorded: Tensor) -> list[int]:
    """Takes such lines out of a generator, in place, and returns their bins.

    recorded: codec tensors (N, 1, F, T) of recordings, whose own lines are theirs.
    """
    unit = generator.config.half_range_db
    usual = prominence(recorded[:, 0].float() * unit)
    removed: set[int] = set()
    for _ in range(ROUNDS):
        lines = (prominence(_drawn(generator) * unit) - usual > LINE_DB).nonzero().flatten().tolist()
        if not lines:
            break
        removed.update(lines)
        for head in cast("list[Lines]", list(generator.synthesis.lines)[:PARTS]):
            _between_neighbours(head, sorted(removed))
    return sorted(removed)


def _drawn(generator: Generator) -> Tensor:
    """Means (N, F, T) of sounds of all categories."""
    rng = torch.Generator().manual_seed(0)
    labels = torch.arange(generator.config.categories).repeat_interleave(DRAWN)
    z = torch.randn(len(labels), generator.config.z_dim, generator=rng)
    means: Tensor = generator.synthesis(generator.mapping(z, labels)[:, None])[0]
    return means[:, 0]


def _between_neighbours(head: Lines, bins: list[int]) -> None:
    """Rows of these bins as means of the nearest bins on either side that are none of them."""
    count, size = head.shape
    taken = set(bins)
    weight, bias = head.out.weight.view(count, size, -1), head.out.bias.view(count, size)
    for k in bins:
        sides = [
            next((j for j in range(k + step, size if step > 0 else -1, step) if j not in taken), None)
            for step in (-1, 1)
        ]
        known = [j for j in sides if j is not None]
        weight[:, k] = weight[:, known].mean(1)
        bias[:, k] = bias[:, known].mean(1)
