"""Places to start from, on every model and in every category. No Streamlit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from synth.checkpoint.store import Card
from synth.patch.patch import Patch


@dataclass(frozen=True)
class Start:
    """A seed with a truncation that goes with it."""

    name: str
    seed: int
    psi: float


# From the middle of a category outwards: the lower psi is, the surer the sound is a good one of its kind.
STARTS = (
    Start("typical", 0, 0.0),
    Start("usual, 1", 11, 0.6),
    Start("usual, 2", 23, 0.6),
    Start("varied, 1", 5, 1.0),
    Start("varied, 2", 8, 1.0),
    Start("unusual, 1", 42, 1.4),
    Start("unusual, 2", 77, 1.4),
)


def begun(patch: Patch, start: Start) -> Patch:
    """The patch from this start, without what had moved it before."""
    return replace(patch, seed=start.seed, psi=start.psi, latent=None, sliders={}, prototype=None, pull=0.0)


def start_of(patch: Patch, starts: Iterable[Start] = STARTS) -> Start | None:
    """The start that a patch stands at, moved or not."""
    here = (patch.seed, patch.psi, patch.latent)
    return next((start for start in starts if (start.seed, start.psi, None) == here), None)


def presets(card: Card, category: str | None) -> tuple[Start, ...]:
    """Those that a model was published with, of one category."""
    return tuple(Start(**preset) for preset in card.presets.get(category or "", ()))


# Sounds to begin with, by model: what it is called, category, seed (benchmarks/openings.py). The first one opens the
# app, and the model.
CHOSEN = {
    "hits_scratches": (
        ("Cymbal", "cymbal_bell", 27),
        ("Wooden knocks", "wood_hit", 7),
        ("Struck metal", "metal_hit", 11),
        ("Glass", "glass_ceramic", 27),
        ("Scraping", "scrape", 6),
        ("Shaker", "shaker_rattle", 8),
    ),
    "studio_hits": (
        ("Cymbal", "cymbal_bell", 2),
        ("Wooden knocks", "wood_hit", 1),
        ("Struck metal", "metal_hit", 11),
        ("Glass", "glass_ceramic", 5),
        ("Drum", "drum_skin", 0),
        ("Shaker", "shaker_rattle", 14),
    ),
    "environmental": (
        ("Rain", "rain", 25),
        ("Clock", "clock_tick", 28),
        ("Thunder", "thunderstorm", 29),
        ("Birds", "birds", 2),
        ("Fire", "fire_crackle", 9),
        ("Sea", "sea_waves", 14),
    ),
}
CHOSEN_PSI = 0.9
TILES = 6


def openings(card: Card) -> dict[str, Patch]:
    """Up to TILES sounds of a model to begin with, by name: chosen ones, and for other models one a category."""
    chosen = [(name, category, seed) for name, category, seed in CHOSEN.get(card.id, ()) if category in card.categories]
    if chosen:
        return {name: Patch(card.id, category, seed, psi=CHOSEN_PSI) for name, category, seed in chosen}
    return {category: Patch(card.id, category) for category in card.categories[:TILES]} or {card.title: Patch(card.id)}


def opening(card: Card) -> Patch:
    """The sound that a model opens with."""
    return next(iter(openings(card).values()))
