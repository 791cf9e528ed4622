"""A sound of any length whose latent moves while it sounds.

A generator makes tensors of one length. A glide is a row of overlapping passes of that length. Within a pass the latent
moves on every few frames, and columns between two such knots are mixed of both; each pass has noise of its own, so that
nothing comes back note for note. Passes are joined as powers and one phase is found for all, so that nothing is
cancelled where two overlap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

KNOTS = 8  # intervals of a pass between which the latent moves on
OVERLAP = 0.25  # of a pass

# (places on the way (n,) in 0..1, number of the pass) -> codec tensors (n, 1, F, T), all with that pass's noise
Make = Callable[[Tensor, int], Tensor]
# Codec tensor (1, F, T) -> linear magnitude (F', T)
Magnitude = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Stretch:
    """The beginning of a glide: linear magnitude (F', n), and which share of the whole it is."""

    magnitude: Tensor
    share: float


def glide(make: Make, magnitude: Magnitude, frames: int, length: int) -> Iterator[Stretch]:
    """A glide of `length` frames, a pass of `frames` longer each time; the last is the whole.

    The way is at its end where the last pass begins, so that the end is heard from its first moment to its last.
    """
    starts = beginnings(frames, length)
    arrival = starts[-1] or length
    power: Tensor | None = None
    for number, start in enumerate(starts):
        made = magnitude(one_pass(make, number, start / arrival, frames, frames / arrival)).square()
        power = made if power is None else join(power, made, start)
        so_far = power[:, :length].sqrt()
        yield Stretch(so_far, (number + 1) / len(starts))


def beginnings(frames: int, length: int) -> list[int]:
    """The frames at which the passes begin: as few as overlap enough, evenly apart, the last one ending the glide."""
    longest = frames - round(OVERLAP * frames)
    joints = max(0, -(-(length - frames) // longest))
    return [round(i * (length - frames) / joints) for i in range(joints + 1)] if joints else [0]


def one_pass(make: Make, number: int, begin: float, frames: int, share: float) -> Tensor:
    """The codec tensor (1, F, T) of a pass that goes from `begin` by this share of the way, at most to its end."""
    at = torch.linspace(0.0, 1.0, KNOTS + 1)
    knots = make((begin + share * at).clamp(0.0, 1.0), number)
    columns = (torch.arange(frames) + 0.5) / frames
    hats = (1.0 - (columns[None] - at[:, None]).abs() * KNOTS).clamp_min(0.0)
    return torch.einsum("kcft,kt->cft", knots, hats)


def join(power: Tensor, made: Tensor, start: int) -> Tensor:
    """Powers (F, n) and (F, T), which begins at frame `start` of them, as one (F, start + T).

    What was there fades out. What comes is held back only as far as the other still sounds, beside its own mean: noise
    crosses over at equal power, and an attack that comes in silence is left as sharp as it is.
    """
    shared = power.shape[1] - start
    falling = torch.cos(0.5 * torch.pi * (torch.arange(shared) + 0.5) / shared).square()
    mean = power[:, -made.shape[1] :].sum(0).mean()
    sounding = (power[:, start:].sum(0) / mean.clamp_min(1e-12)).clamp_max(1.0)
    crossing = falling * power[:, start:] + (1.0 - falling * sounding) * made[:, :shared]
    return torch.cat([power[:, :start], crossing, made[:, shared:]], dim=1)
