"""Checkpoints on disk: a folder with card.json, README.md and safetensors files, each with its sha256 in the card.

This module reads cards and checks files; it imports no torch, so the catalogue is quick to list. Nothing is ever
unpickled.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from synth import own
from synth.errors import CheckpointError

CARD = "card.json"
FORMAT = 1
_LISTS = ("categories", "directions", "prototypes")  # fields of a card that JSON has as lists


@dataclass(frozen=True)
class Card:
    """What a checkpoint says of itself.

    codec, network: settings that rebuild them; directions: name, scale, layers and provenance of each row of
    directions.safetensors; prototypes: name and provenance of each row of prototypes.safetensors; data: source,
    licences, clips per category; training: images seen, wall time, device; metrics: figures with what they were
    measured on; files: sha256 by file name.
    """

    id: str
    title: str
    family: str
    categories: tuple[str, ...]
    sample_rate: int
    duration: float
    codec: dict[str, Any]
    network: dict[str, Any]
    directions: tuple[dict[str, Any], ...] = ()
    prototypes: tuple[dict[str, Any], ...] = ()
    data: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def minutes(self) -> float:
        """Wall time of training, that of the model which it began with included."""
        before = self.training.get("began_with") or {}
        return round(float(self.training.get("wall_minutes", 0.0) + before.get("wall_minutes", 0.0)), 1)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {name: list(getattr(self, name)) for name in _LISTS}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Card:
        known = {f.name for f in fields(cls)}
        card = cls(**{k: v for k, v in values.items() if k in known})
        return cls(**vars(card) | {name: tuple(getattr(card, name)) for name in _LISTS})


def default_root() -> Path:
    """$SONOFORM_CHECKPOINTS, or the checkpoints folder beside the package."""
    named = os.environ.get("SONOFORM_CHECKPOINTS")
    return Path(named) if named else Path(__file__).resolve().parent.parent / "checkpoints"


def catalogue(root: Path | None = None) -> dict[str, Card]:
    """Cards by id, in alphabetical order, with the directions that a person named; unreadable ones are left out."""
    root = default_root() if root is None else Path(root)
    cards = {}
    for path in sorted(root.glob(f"*/{CARD}")):
        try:
            card = load_card(path.parent)
        except CheckpointError:
            continue
        if card.id == path.parent.name:  # else it is one that is being written or was set aside
            cards[card.id] = _with_own(card, path.parent)
    return cards


def _with_own(card: Card, folder: Path) -> Card:
    """A file of directions that cannot be used is told by the instrument, which refuses it."""
    try:
        found = own.read(folder, card.files.get("generator.safetensors", ""))
    except CheckpointError:
        return card
    return replace(card, directions=(*card.directions, *(direction.describe() for direction in found)))


def find(model: str, root: Path | None = None) -> Path:
    """The folder of a model id; raises CheckpointError that lists the ids there are."""
    root = default_root() if root is None else Path(root)
    folder = root / model
    if Path(model).name == model and (folder / CARD).is_file():
        return folder
    ids = ", ".join(catalogue(root)) or "none"
    raise CheckpointError(f"there is no model {model!r} in {root}: choose one of: {ids}")


def load_card(folder: Path) -> Card:
    """Reads card.json; raises CheckpointError when it is missing, damaged or of a newer format."""
    path = Path(folder) / CARD
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values.get("format", FORMAT) > FORMAT:
            raise CheckpointError(f"{path} was made by a newer version of Sonoform: update Sonoform to read it")
        return Card.from_dict(values)
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} is missing: restore the checkpoint folder") from error
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path} is damaged ({error}): restore the checkpoint folder") from error


def verify(folder: Path, card: Card | None = None) -> Card:
    """Checks every file against its sha256; raises CheckpointError that names the first that differs."""
    folder = Path(folder)
    card = card or load_card(folder)
    for name, expected in card.files.items():
        path = folder / name
        if not path.is_file():
            raise CheckpointError(f"{path} is missing: restore the checkpoint folder")
        if sha256(path) != expected:
            raise CheckpointError(f"{path} is damaged (its sha256 is not the card's): restore the checkpoint folder")
    return card


def sha256(path: Path) -> str:
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


@contextmanager
def rewriting(folder: Path) -> Iterator[Path]:
    """A copy of a checkpoint to change, which takes the checkpoint's place at the end; after an error nothing has."""
    staged = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        shutil.copytree(folder, staged, dirs_exist_ok=True)
        yield staged
        staged.chmod(0o755)
        for path in staged.iterdir():
            path.chmod(0o644)
        install(staged, folder)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def install(staged: Path, folder: Path) -> None:
    """Moves a complete staged folder to its place, an older one out of the way first; never a half-written one."""
    old = folder.with_name(folder.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder.exists():
        os.replace(folder, old)
    try:
        os.replace(staged, folder)
    except OSError:
        if old.exists():
            os.replace(old, folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
