"""The pace of a path: which place on it to take so that what is heard changes evenly.

A path is a place for each number in 0..1, and may change fast here and slowly there. Its length is measured in steps of
some distance, finer where it changes fast, and the path is walked by that length (parametrisation by arc length).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from synth.latents.match import perceptual

NARROWEST = 2.0**-20  # of a path: what is steeper than this is a jump, which no pace can even out

Seen = TypeVar("Seen")


@dataclass(frozen=True)
class Fineness:
    """A path's `first` even steps are halved until none is longer than the share `longest` of the whole.

    most: steps at the end, also where some are still longer.
    """

    first: int
    most: int
    longest: float


# A place in w+ costs a fortieth of its sound.
IN_W, IN_SOUND = Fineness(32, 256, 1 / 24), Fineness(16, 32, 1 / 16)


@dataclass(frozen=True)
class Pace:
    """Knots of a path, ascending from 0 to 1, and the share of its length up to each of them."""

    places: tuple[float, ...] = (0.0, 1.0)
    shares: tuple[float, ...] = (0.0, 1.0)

    def at(self, share: float) -> float:
        """The place after this share of the length; both ends are exact."""
        return float(np.interp(share, self.shares, self.places)) if 0.0 < share < 1.0 else share


def even(place: Callable[[float], Tensor], make: Callable[[Tensor], Tensor]) -> Callable[[float], float]:
    """Where on a path to be after a share of what is heard to change on it.

    place: share of the path -> w+ (1, num_ws, w_dim); make: w+ (n, num_ws, w_dim) -> codec tensors (n, 1, F, T), all
    with one noise. Distances are roots of LPIPS, which itself is a mean of squares: only a root adds up along a path.
    First the path is paced in w+, which is quick: of one that jumps, all sounds would else be asked for at the jumps.
    Raises CheckpointError where the weights of LPIPS are missing.
    """

    def in_w(shares: list[float]) -> list[Tensor]:
        return [place(share) for share in shares]

    rough = measure(in_w, lambda a, b: float((a - b).norm()), IN_W)
    look = perceptual()

    def heard(shares: list[float]) -> list[list[Tensor]]:
        made = make(torch.cat([place(rough.at(share)) for share in shares]))
        features = look.to(made.device).seen(made)
        return [[of[i : i + 1] for of in features] for i in range(len(shares))]

    def apart(a: list[Tensor], b: list[Tensor]) -> float:
        return float(look.apart(a, b).clamp_min(0.0).sqrt())

    fine = measure(heard, apart, IN_SOUND)
    return lambda share: rough.at(fine.at(share))


def measure(
    see: Callable[[list[float]], Sequence[Seen]],
    apart: Callable[[Seen, Seen], float],
    fineness: Fineness,
) -> Pace:
    """The pace of a path by a distance.

    see: what is at some places, all asked for at once, for that is quicker; apart: the distance of two that were seen.
    """
    places = [i / fineness.first for i in range(fineness.first + 1)]
    there = list(see(places))
    steps = [apart(a, b) for a, b in pairwise(there)]
    while halved := _to_halve(places, steps, fineness.most - len(steps), fineness.longest):
        middles = [0.5 * (places[i] + places[i + 1]) for i in halved]
        for i, place, seen in reversed(list(zip(halved, middles, see(middles), strict=True))):
            places.insert(i + 1, place)
            there.insert(i + 1, seen)
            steps[i : i + 1] = [apart(there[i], seen), apart(seen, there[i + 2])]
    return _paced(places, steps)


def _to_halve(places: list[float], steps: list[float], room: int, longest: float) -> list[int]:
    """Which steps are too long, in order; the longest of them where there is no room for all."""
    limit = longest * sum(steps)
    wide = [i for i, step in enumerate(steps) if step > limit and places[i + 1] - places[i] > NARROWEST]
    return sorted(sorted(wide, key=lambda i: -steps[i])[: max(room, 0)])


def _paced(places: list[float], steps: list[float]) -> Pace:
    """By the steps from place to place; a path that leads nowhere keeps the pace it has."""
    walked = np.concatenate([[0.0], np.cumsum(steps)])
    if walked[-1] <= 0.0:
        return Pace()
    return Pace(tuple(places), tuple((walked / walked[-1]).tolist()))
