"""Directions that a person named, kept in a file beside a model's own.

The file is no part of what was published: the card does not hold its sha256, and a model that is published anew begins
without. It names the generator whose W its vectors lie in; in front of another they are refused. No torch.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from synth.errors import CheckpointError, PatchError
from synth.factors import Factor
from synth.files import write_json

FILE = "own_directions.json"
MAX_NAME, MAX_OWN = 40, 64


@dataclass(frozen=True)
class Own:
    """A direction as `control.latent.Direction` has it, in plain numbers."""

    name: str
    vector: tuple[float, ...]
    scale: float
    layers: tuple[int, int]
    provenance: str

    def describe(self) -> dict[str, Any]:
        """As a card tells of its directions, with the mark that a person named it."""
        values = asdict(self) | {"layers": list(self.layers), "own": True}
        del values["vector"]
        return values


def read(folder: Path, generator: str) -> tuple[Own, ...]:
    """Those of the checkpoint in `folder`, whose generator has this sha256; none where no file is.

    Raises CheckpointError where the file is damaged or of another generator.
    """
    path = folder / FILE
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        found = tuple(_checked(item) for item in values["directions"])
        belongs = values["generator"] == generator
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CheckpointError(f"{path} is damaged: delete it, and name your directions again") from error
    if not belongs:
        raise CheckpointError(f"{path} holds directions of another model: move it back to that one, or delete it")
    return found


def add(folder: Path, generator: str, own: Own, taken: tuple[str, ...]) -> None:
    """Keeps one more; `taken`: names of directions that the model has already. Raises PatchError for a bad name."""
    present = read(folder, generator)
    if len(present) >= MAX_OWN:
        raise PatchError("name", f"this model has {MAX_OWN} directions of your own: delete one first")
    _write(folder, generator, (*present, replace(own, name=_fresh(own.name, taken))))


def rename(folder: Path, generator: str, old: str, new: str, taken: tuple[str, ...]) -> None:
    """Raises PatchError for a bad name."""
    fresh = _fresh(new, taken)
    kept = tuple(replace(own, name=fresh) if own.name == old else own for own in read(folder, generator))
    _write(folder, generator, kept)


def remove(folder: Path, generator: str, name: str) -> None:
    _write(folder, generator, tuple(own for own in read(folder, generator) if own.name != name))


def _write(folder: Path, generator: str, directions: tuple[Own, ...]) -> None:
    path = folder / FILE
    try:
        if directions:
            write_json(path, {"generator": generator, "directions": [asdict(own) for own in directions]})
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise CheckpointError(
            f"{path} cannot be written ({reason}): allow it, or point SONOFORM_CHECKPOINTS to a folder of your own"
        ) from error


def _fresh(name: str, taken: tuple[str, ...]) -> str:
    """The name, without spaces around it; raises PatchError where it cannot be one."""
    name = name.strip()
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise PatchError("name", f"must be 1 to {MAX_NAME} printable characters: choose another")
    if name in taken:
        raise PatchError("name", f"{name!r} is a direction of this model already: choose another")
    if Factor.parse(name):
        raise PatchError("name", f"{name!r} says how a direction is found: choose a word for what you hear")
    return name


def _checked(item: dict[str, Any]) -> Own:
    first, last = item["layers"]
    own = Own(
        str(item["name"]),
        tuple(float(x) for x in item["vector"]),
        float(item["scale"]),
        (int(first), int(last)),
        str(item["provenance"]),
    )
    if not math.isfinite(own.scale) or not all(map(math.isfinite, own.vector)):
        raise ValueError("a direction of numbers that are not finite")
    return own
