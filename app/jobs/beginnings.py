"""The ways to begin a run: recipes that fit the sounds at hand, from scratch and from models. No torch, no page."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping
from dataclasses import replace

from app.jobs import jobs
from synth import paths
from synth.checkpoint.store import Card
from synth.errors import RunError
from synth.recipes.recipe import RECIPES, Recipe

MEGABYTE = 2**20


def beginnings(
    cards: Mapping[str, Card], seconds: float, categories: Collection[str] = (), rates: Collection[int] = ()
) -> list[Recipe]:
    """The ways to begin for sounds of these categories that last about so many seconds, the fittest first; those at a
    higher rate, where sounds were sampled at it, and plain GANs come last of those from scratch."""
    highest = max(rates, default=0)
    scratch = [r for r in RECIPES.values() if (r.preset != "tiny" or seconds <= 2 * r.seconds) and r.rate <= highest]
    scratch.sort(key=lambda r: (r.plain, r.rate, abs(r.seconds - seconds)))
    return scratch + [
        replace(
            RECIPES[preset],
            title=f"From {card.title}, sounds of {card.duration:.1g} s",
            start=card.id,
            ready=set(card.data.get("clips_per_category", card.categories)) == set(categories),
            seen=int(card.training.get("images_seen", 0)),
        )
        for card in cards.values()
        if (preset := str(card.training.get("preset"))) in RECIPES
    ]


def check_disk(recipe: Recipe) -> None:
    """Raises RunError where the disk of the runs has no room for one more."""
    with jobs.writing(paths.runs()):
        paths.runs().mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(paths.runs()).free // MEGABYTE
    if free < recipe.disk:
        raise RunError(
            f"a run of this kind takes about {recipe.disk / 1000:.1f} GB, and {paths.runs()} has {free / 1000:.1f} GB "
            "left: free some space, or set SONOFORM_RUNS to a folder on a larger disk"
        )
