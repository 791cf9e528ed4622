"""What each way to begin gave for a few sounds, as measured: what the Train page recommends and what it promises.

Of `python -m benchmarks.transfer`: 60 clips of birds, farm animals and rain, which no base had heard; one thread, in
the space of AlexNet. How it is measured, and more of it, is in docs/training.md. Of what is not in the table the page
says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synth.recipes.recipe import Recipe


@dataclass(frozen=True)
class Figure:
    """What a run of `minutes` of one CPU thread came to. start: the model it began with, None for from scratch."""

    preset: str
    start: str | None
    minutes: float
    fad: float
    hit_rate: float


# None yet of the present recipe.
FIGURES: tuple[Figure, ...] = ()
# The 60 clips themselves, and for the hit rate 345 clips of other recordings.
RECORDINGS_FAD, RECORDINGS_HIT_RATE = 55.4, 0.858


def measured(recipe: Recipe, minutes: float) -> Figure | None:
    """The figure of the longest such run that fits into `minutes`; None where there is none."""
    way = (recipe.preset, recipe.start)
    fitting = [f for f in FIGURES if (f.preset, f.start) == way and f.minutes <= minutes]
    return max(fitting, key=lambda f: f.minutes, default=None)


def recommended(offered: Sequence[Recipe], minutes: float) -> int:
    """Index of the way to begin that came closest to recordings; 0 where nothing was measured.

    Of those alone that make sounds as long as the first does.
    """
    found = {i: measured(r, minutes) for i, r in enumerate(offered) if r.preset == offered[0].preset}
    fads = {i: figure.fad for i, figure in found.items() if figure is not None}
    return min(fads, key=fads.__getitem__, default=0) if len(fads) > 1 else 0
