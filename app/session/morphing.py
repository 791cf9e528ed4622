"""A morph on a page: the one it begins with, what its controls do to it, and its files. No Streamlit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from synth.checkpoint.store import Card
from synth.patch.factors import PARTS, Layers
from synth.patch.morph import CORNERS, Morph, on_sphere
from synth.patch.patch import Patch
from synth.sound.sound import Sound
from synth.zips import packed

STEPS = 8
MAX_LINK = 48_000  # characters of an address that a server takes, headers beside them
WAYS = {"A to B": "AB", "A to C": "AC", "A to D": "AD", "B to C": "BC", "around, A to A": "ABDCA"}


def begun(patch: Patch, card: Card) -> Morph:
    """Between the sound at hand and those of the next categories; where that is of another model, between seeds."""
    a = patch if patch.model == card.id else seed_of(card, 0)
    return with_count(Morph((a, other(a, card, 1))), 4, card)


def seed_of(card: Card, number: int) -> Patch:
    return Patch(card.id, card.categories[number % len(card.categories)], number)


def other(patch: Patch, card: Card, number: int) -> Patch:
    """The seed that stands in corner `number` until a person chooses: of the `number`-th category after a patch's."""
    at = card.categories.index(patch.category) if patch.category in card.categories else 0
    return replace(seed_of(card, at + number), seed=number)


def with_corner(morph: Morph, letter: str, patch: Patch) -> Morph:
    """The morph with another sound in a corner; its path is straight where that on the sphere leads no more."""
    at = CORNERS.index(letter)
    corners = (*morph.corners[:at], patch, *morph.corners[at + 1 :])
    return replace(morph, corners=corners, path=morph.path if on_sphere(corners) else "w")


def with_count(morph: Morph, count: int, card: Card) -> Morph:
    """The morph with two corners or four."""
    a = morph.corners[0]
    added = tuple(other(a, card, number) for number in range(len(morph.corners), count))
    corners = (*morph.corners[:count], *added)
    return replace(morph, corners=corners, y=0.0, path=morph.path if on_sphere(corners) else "w")


def is_seed(patch: Patch) -> bool:
    """Whether model, category and seed are all there is to it."""
    return patch == Patch(patch.model, patch.category, patch.seed)


def ways(morph: Morph) -> dict[str, str]:
    """Names of the ways that are offered, and their stops."""
    return {name: stops for name, stops in WAYS.items() if set(stops) <= set(morph.names)}


# Which rows of w+ follow, in words.
WORDS: dict[str, Layers | None] = {"all": None, **PARTS}


def in_a_row(sounds: Sequence[Sound]) -> Sound:
    """Sounds of one rate, one after the other."""
    return Sound(np.concatenate([sound.samples for sound in sounds], axis=1), sounds[0].sample_rate)


def bundle(morph: Morph, steps: Sequence[Sound], way: Sound) -> bytes:
    """A zip: the steps with their patches in them, the sound of the way, and the morph as POST /morph takes it."""
    numbered = enumerate(steps, 1)
    return packed(
        {
            **{f"{morph.model}-step-{i}.wav": step.to_bytes("wav", "PCM_24") for i, step in numbered},
            f"{morph.model}-way.wav": way.to_bytes("wav", "PCM_24"),
            "morph.json": json.dumps(morph.to_dict(), indent=1).encode(),
        }
    )
