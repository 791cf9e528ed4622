"""Presets: of each category a few seeds whose sounds are surely of it, as different from one another as they can be.

How sure: by the margin to any other category (`scoring/certainty.py`), the least of all spaces at hand. How different:
by what their descriptors say, which names them too.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from synth.audio.descriptors import describe
from synth.checkpoint.families import CATEGORY, SPACE, can
from synth.checkpoint.store import CARD, Card, find, load_card
from synth.errors import CheckpointError
from synth.instruments.style import StyleInstrument
from synth.patch.patch import Patch
from synth.recordings.dataset import load_clips
from synth.scoring.embedders import load_embedders
from synth.scoring.metrics import Yardstick
from synth.storage import alone, write_text

PSI = 0.9
SEEDS = 32
EACH = 4
# Descriptor -> what a sound with little of it is called, and one with much.
WORDS = {
    "brightness": ("dark", "bright"),
    "noisiness": ("tonal", "noisy"),
    "rate": ("sparse", "dense"),
    "sustain": ("short", "long"),
}


def presets(
    model: str, data: Path, yamnet: Path | None = None, *, seeds: int = SEEDS, update: bool = False
) -> dict[str, list[dict[str, Any]]]:
    """EACH presets of each category of a model, by their certainty: name, seed, psi, and margin in standard deviations
    of all likenesses. update: writes them into the model's card.

    Raises CheckpointError for a model without a latent space W or categories, DataError for a folder that is no data.
    """
    folder = find(model)
    card = load_card(folder)
    if not (can(card.family, SPACE) and can(card.family, CATEGORY) and card.categories):
        raise CheckpointError(f"{card.id} has no categories with a latent space W: presets are for models that have")
    found = {category: chosen(*of) for category, of in heard(folder, card, data, yamnet, seeds).items()}
    if update:
        _install(folder, found)
    return found


def heard(
    folder: Path, card: Card, data: Path, yamnet: Path | None, seeds: int
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """By category: the least margin of each seed (seeds,), and the descriptors of its sound (seeds, len(WORDS))."""
    rate, n = card.sample_rate, round(card.duration * card.sample_rate)
    train, valid = (load_clips(data, split, rate, n) for split in ("train", "valid"))
    yardsticks = [Yardstick.of(embedder, train, valid, rate) for embedder in load_embedders(yamnet, rate)]
    instrument = StyleInstrument.load(folder, "cpu", card)
    found = {}
    for category in card.categories:
        patch = Patch(card.id, category, psi=PSI, start=False, lufs=None)
        made = instrument.renders(replace(patch, seed=seed) for seed in range(seeds))
        sounds = np.stack([np.pad(x, (0, max(n - len(x), 0)))[:n] for x in (sound.samples[0] for sound in made)])
        place = train.categories.index(category)
        least = np.min([y.margins(y.embed(sounds), np.full(seeds, place)) for y in yardsticks], axis=0)
        told = [describe(x, rate, list(WORDS)) for x in sounds]
        found[category] = least, np.array([[one[name] for name in WORDS] for one in told])
    return found


def chosen(margin: np.ndarray, told: np.ndarray) -> list[dict[str, Any]]:
    """The surest seed, then of the surer half those that lie farthest from all that are chosen, by their descriptors
    (seeds, D) in units of their spread."""
    spread = (told - np.median(told, axis=0)) / np.maximum(told.std(axis=0), 1e-9)
    half = np.argsort(-margin)[: max(len(margin) // 2, EACH)]
    taken = [int(half[0])]
    while len(taken) < min(EACH, len(half)):
        away = np.min([np.linalg.norm(spread[half] - spread[seed], axis=1) for seed in taken], axis=0)
        taken.append(int(half[np.argmax(away)]))
    names = _different([_named(spread[seed]) for seed in taken])
    return [
        {"name": name, "seed": seed, "psi": PSI, "margin": round(float(margin[seed]), 2)}
        for name, seed in zip(names, taken, strict=True)
    ]


def _named(spread: np.ndarray) -> str:
    """The two words that say most of a sound."""
    words = list(WORDS.values())
    most = np.argsort(-np.abs(spread))[:2]
    return ", ".join(words[i][int(spread[i] > 0.0)] for i in most).capitalize()


def _different(names: Sequence[str]) -> list[str]:
    """Names with a number where they are the same as one before."""
    counts = [names[: i + 1].count(name) for i, name in enumerate(names)]
    return [name if count == 1 else f"{name} {count}" for name, count in zip(names, counts, strict=True)]


def _install(folder: Path, found: dict[str, list[dict[str, Any]]]) -> None:
    kept = {
        category: [{name: one[name] for name in ("name", "seed", "psi")} for one in of]
        for category, of in found.items()
    }
    with alone(folder):
        card = replace(load_card(folder), presets=kept)
        write_text(folder / CARD, json.dumps(card.to_dict(), indent=1) + "\n")
