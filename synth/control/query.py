"""A latent made to sound like a given sound: a few steps of descent from where the encoder has put it.

Noise falls anew in every sound, so bins are not compared one by one: the loss is the mean distance of means over cells
of several sizes, in codec units, which leaves the noise inside the finest cells out of account. All rows of w+ move
freely, held near their start by a penalty in units of the latents' own spread, so that they stay where sounds are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

CELLS = (4, 16)  # bins and frames a side
RATE = 0.1  # of a step, in units of the spread of a coordinate of W
HOLD = 0.002


@dataclass(frozen=True)
class Step:
    """ws (1, num_ws, w_dim): the nearest of the latents so far; loss: its distance, in codec units."""

    ws: Tensor
    loss: float


def distance(made: Tensor, target: Tensor) -> Tensor:
    """Mean distance of two codec tensors (1, 1, F, T), over cells of all sizes; a scalar."""
    apart = [(F.avg_pool2d(made, cell) - F.avg_pool2d(target, cell)).abs().mean() for cell in CELLS]
    return torch.stack(apart).mean()


def refine(
    make: Callable[[Tensor], Tensor], start: Tensor, target: Tensor, steps: int, spread: float
) -> Iterator[Step]:
    """Yields once for the start and once a step, by Adam; the same numbers for the same input.

    make: w+ -> codec tensor, differentiable; spread: of latents, the length of a standard deviation in W.
    """
    unit = spread / start.shape[-1] ** 0.5
    ws = start.detach().clone().requires_grad_(True)
    adam = torch.optim.Adam([ws], lr=RATE * unit, betas=(0.9, 0.95))
    best: Step | None = None
    for step in range(steps + 1):
        apart = distance(make(ws), target)
        loss = float(apart.detach())
        if best is None or loss < best.loss:
            best = Step(ws.detach().clone(), loss)
        yield best
        if step < steps:
            adam.zero_grad()
            (apart + HOLD * ((ws - start) / unit).square().mean()).backward()
            adam.step()
