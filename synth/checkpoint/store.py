"""Checkpoints on disk: a folder with card.json, README.md and safetensors files, each with its sha256 in the card.

This module reads cards and checks files; it imports no torch, so the catalogue is quick to list. Nothing is ever
unpickled.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from synth import paths
from synth.checkpoint import named_directions
from synth.checkpoint.card import FORMAT, GENERATOR, MAX_CARD, OLDEST
from synth.checkpoint.card import ONE_SHOT_SECONDS as ONE_SHOT_SECONDS
from synth.checkpoint.card import Card as Card
from synth.errors import CheckpointError, UnknownModel
from synth.storage import alone, parse, replace_folder, staged

CARD = "card.json"
# What is said of a folder whose files are whole, as their hashes say, and do not fit the card.
MISFIT = "does not hold what its card says: restore it, or publish it anew if another version of Sonoform made it"
# A file that changed so short a time ago (s) may change again without telling by its time.
_FRESH = 0.05

Stamp = tuple[int, int, int]
_read: dict[str, tuple[tuple[Stamp | None, Stamp | None], Card | None]] = {}


def catalogue(root: Path | None = None) -> dict[str, Card]:
    """Cards by id, in alphabetical order, with the directions that a person named; unreadable ones are left out.

    Each card is read once, and again when its file or that of the directions has changed: treat them as constants.
    """
    root = paths.models() if root is None else Path(root)
    try:
        names = sorted(os.listdir(root))
    except OSError:
        return {}
    cards = {}
    for name in names:
        card = _known(os.path.join(root, name))
        if card is not None and card.id == name:  # else it is being written or was set aside
            cards[name] = card
    return cards


def _known(folder: str) -> Card | None:
    """The card of a folder with the directions that a person named; None where it is unreadable or none.

    Asked for by every request: paths are plain text here, which is several times quicker than Path.
    """
    stamps = (_stamp(f"{folder}/{CARD}"), _stamp(f"{folder}/{named_directions.FILE}"))
    kept = _read.get(folder)
    if kept is not None and kept[0] == stamps:
        return kept[1]
    try:
        card: Card | None = _with_own(load_card(Path(folder)), Path(folder))
    except CheckpointError:
        card = None
    if all(stamp is None or time.time_ns() - stamp[0] > _FRESH * 1e9 for stamp in stamps):
        _read[folder] = stamps, card
    return card


def _stamp(path: str) -> Stamp | None:
    """What tells one state of a file from another: its time of change in ns, its size, its inode."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _with_own(card: Card, folder: Path) -> Card:
    """A file of directions that cannot be used is told by the instrument, which refuses it."""
    try:
        found = named_directions.read(folder, card.files[GENERATOR])
    except CheckpointError:
        return card
    return replace(card, directions=(*card.directions, *(direction.describe() for direction in found)))


def find(model: str, root: Path | None = None) -> Path:
    """The folder of a model id; raises UnknownModel, which lists the ids there are."""
    root = paths.models() if root is None else Path(root)
    folder = root / model
    if Path(model).name == model and (folder / CARD).is_file():
        return folder
    if ids := ", ".join(catalogue(root)):
        raise UnknownModel(f"there is no model {model!r} in {root}: choose one of: {ids}")
    raise UnknownModel(f"there is no model {model!r}, nor any other in {root}: take some in with models --install PATH")


def load_card(folder: Path) -> Card:
    """Reads card.json; raises CheckpointError when it is missing, damaged, or of a format too new or too old."""
    path = Path(folder) / CARD
    try:
        if path.stat().st_size > MAX_CARD:
            raise ValueError(f"it is larger than {MAX_CARD >> 20} MiB")
        values = parse(path.read_text(encoding="utf-8"))
        _check_age(path, values)
        return Card.from_dict(values)
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} is missing: restore the checkpoint folder") from error
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged ({error}): restore the checkpoint folder") from error


def _check_age(path: Path, values: Any) -> None:
    """Raises CheckpointError for a card of a format that is not read any more or not yet, ValueError for no card."""
    if not isinstance(values, dict):
        raise ValueError("it is no object")
    made, family = values.get("format", 1), values.get("family")
    if isinstance(made, bool) or not isinstance(made, int) or not 1 <= made < 1_000_000:
        raise ValueError("card.format must be a whole number from 1 up")
    if made > FORMAT:
        raise CheckpointError(f"{path} was made by a newer version of Sonoform: update Sonoform to read it")
    if isinstance(family, str) and made < OLDEST.get(family, 1):
        raise CheckpointError(
            f"{path} is of an older version of Sonoform, whose {family} models this one does not play: train its run "
            "anew, or play it with that version"
        )


def verify(folder: Path, card: Card | None = None) -> Card:
    """Checks every file of weights against its sha256; raises CheckpointError that names the first that differs."""
    folder = Path(folder)
    card = card or load_card(folder)
    for name, expected in card.files.items():
        path = folder / name
        if not path.is_file():
            raise CheckpointError(f"{path} is missing: restore the checkpoint folder")
        if sha256(path) != expected:
            raise CheckpointError(f"{path} is damaged (its sha256 is not the card's): restore the checkpoint folder")
    for path in sorted(folder.glob("*.safetensors")):
        if path.name not in card.files:
            raise CheckpointError(f"{path} is none of the files that {CARD} tells of: take it out of the folder")
    return card


def sha256(path: Path) -> str:
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


@contextmanager
def rewriting(folder: Path) -> Iterator[Path]:
    """A copy of a checkpoint to change, which takes the checkpoint's place at the end; after an error nothing has.

    Nobody else changes the checkpoint meanwhile.
    """
    with alone(folder), staged(folder) as part:
        shutil.copytree(folder, part, dirs_exist_ok=True)
        yield part
        replace_folder(part, folder)


def install(part: Path, folder: Path) -> None:
    """Moves a complete staged folder to its place, an older one out of the way first; never a half-written one."""
    with alone(folder):
        replace_folder(part, folder)
