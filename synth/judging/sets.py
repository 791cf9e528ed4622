"""Sets of sounds that listeners compare: of a model, its presets, a folder of recordings, a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from synth.checkpoint.starting_points import presets
from synth.checkpoint.store import Card
from synth.errors import ListeningError, SonoformError
from synth.patch.patch import Patch
from synth.sound.sound import Sound

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif")
MODEL, PRESETS = "model:", "presets:"
MAX_SECONDS = 60.0


class Plays(Protocol):
    """What a model is here: an instrument, or one that a server shares."""

    card: Card

    def render(self, patch: Patch) -> Sound: ...


@dataclass(frozen=True)
class Item:
    """One sound of a set. name: what it is called, by which items of sets are paired where all of them have it."""

    name: str
    sound: Sound


@dataclass(frozen=True)
class Set:
    name: str
    items: tuple[Item, ...]


def gathered(name: str, source: str, count: int, seed: int, load: Callable[[str], Plays]) -> Set:
    """At most `count` sounds of a source: model:ID or model:ID/CATEGORY, presets:ID, a folder, or a file.

    Raises ListeningError for an empty set, and for a file that cannot be read, and whatever `load` does.
    """
    if source.startswith(MODEL):
        items = _of_model(load, source.removeprefix(MODEL), count, seed)
    elif source.startswith(PRESETS):
        items = _of_presets(load(source.removeprefix(PRESETS)), count)
    else:
        items = of_files(_files(Path(source))[:count])
    return named(name, items)


def named(name: str, items: Iterable[Item]) -> Set:
    """Raises ListeningError for an empty set."""
    found = Set(name, tuple(items))
    if not found.items:
        raise ListeningError(
            f"the set {name} has no sound: name a model, presets:MODEL, a folder with sounds, or a file"
        )
    return found


def of_files(paths: Iterable[Path]) -> list[Item]:
    return [Item(path.stem, read(path.name, path)) for path in paths]


def read(name: str, source: Path | bytes) -> Sound:
    """A sound file; raises ListeningError."""
    try:
        return Sound.load(source, MAX_SECONDS)
    except SonoformError as error:
        raise ListeningError(f"{name} cannot be used: {error}") from error


def _of_model(load: Callable[[str], Plays], source: str, count: int, seed: int) -> list[Item]:
    """Seeds from `seed` on, of all categories in turn or of one."""
    model, _, category = source.partition("/")
    plays = load(model)
    categories = (category,) if category else plays.card.categories or (None,)
    chosen = [(categories[i % len(categories)], seed + i // len(categories)) for i in range(count)]
    patches = [Patch(model, category, number) for category, number in chosen]
    return [Item(f"{patch.category or model} {patch.seed}", plays.render(patch)) for patch in patches]


def _of_presets(plays: Plays, count: int) -> list[Item]:
    card = plays.card
    starts = [(category, start) for category in card.categories for start in presets(card, category)]
    patches = [Patch(card.id, category, start.seed, psi=start.psi) for category, start in starts[:count]]
    return [Item(f"{patch.category} {patch.seed}", plays.render(patch)) for patch in patches]


def _files(place: Path) -> list[Path]:
    """The sound files of a folder, in order, or the file itself."""
    if place.is_dir():
        return sorted(path for path in place.rglob("*") if path.suffix.lower() in SUFFIXES and path.name[0] != ".")
    if not place.is_file():
        raise ListeningError(f"there is no {place}: name a folder, a file, model:ID or presets:ID")
    return [place]
