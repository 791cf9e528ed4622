"""Directions that a person named, kept in a file beside a model's own.

The file is no part of what was published: the card does not hold its sha256, and a model that is published anew begins
without. It names the generator whose W its vectors lie in; in front of another they are refused. No torch.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from synth.errors import CheckpointError, PatchError
from synth.patch.factors import Factor
from synth.storage import alone, parse, write_json

FILE = "own_directions.json"
SHARED = "sonoform-direction"  # what a shared file says that it holds
SUFFIX = ".direction.json"
MAX_NAME, MAX_OWN = 40, 64
MAX_SHARED = 1 << 18  # bytes: a vector of the largest W, spelled out, several times over
MAX_SCALE = 1e3
CURVE = ("middle", "low", "high")


@dataclass(frozen=True)
class Own:
    """A direction as `control.latent.Direction` has it, in plain numbers.

    measured: how straight its slider is, in the shape of `control.examples.Trial.report`; None where nobody measured.
    """

    name: str
    vector: tuple[float, ...]
    scale: float
    layers: tuple[int, int]
    provenance: str
    measured: Mapping[str, Any] | None = None

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
        values = parse(path.read_text(encoding="utf-8"))
        found = tuple(_checked(item) for item in values["directions"])
        belongs = values["generator"] == generator
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise CheckpointError(f"{path} is damaged: delete it, and name your directions again") from error
    if not belongs:
        raise CheckpointError(f"{path} holds directions of another model: move it back to that one, or delete it")
    return found


def add(folder: Path, generator: str, own: Own, taken: tuple[str, ...]) -> None:
    """Keeps one more; `taken`: names of directions that the model has already. Raises PatchError for a bad name."""
    with _changing(folder):
        present = read(folder, generator)
        taken = (*taken, *(other.name for other in present))
        allowed(own.name, present, taken)
        _write(folder, generator, (*present, replace(own, name=_fresh(own.name, taken))))


def allowed(name: str, present: tuple[Own, ...], taken: tuple[str, ...]) -> None:
    """Raises PatchError where one more of this name cannot be kept: the name is a bad one, or there are enough."""
    if len(present) >= MAX_OWN:
        raise PatchError("name", f"this model has {MAX_OWN} directions of your own: delete one first")
    _fresh(name, taken)


def rename(folder: Path, generator: str, old: str, new: str, taken: tuple[str, ...]) -> None:
    """Raises PatchError for a bad name."""
    with _changing(folder):
        present = read(folder, generator)
        fresh = _fresh(new, (*taken, *(other.name for other in present)))
        _write(folder, generator, tuple(replace(own, name=fresh) if own.name == old else own for own in present))


def remove(folder: Path, generator: str, name: str) -> None:
    with _changing(folder):
        _write(folder, generator, tuple(own for own in read(folder, generator) if own.name != name))


def unused(name: str, taken: tuple[str, ...]) -> str:
    """The name, numbered from 2 where it is taken."""
    numbered = (f"{name[: MAX_NAME - 4]} {number}" for number in count(2))
    return name if name not in taken else next(other for other in numbered if other not in taken)


def measure(folder: Path, generator: str, name: str, measured: Mapping[str, Any]) -> None:
    """Takes down how straight the slider of this name is; raises PatchError where it is gone."""
    with _changing(folder):
        present = read(folder, generator)
        if all(own.name != name for own in present):
            raise PatchError("name", f"{name!r} was deleted or renamed while it was measured: measure it again")
        kept = tuple(replace(own, measured=measured) if own.name == name else own for own in present)
        _write(folder, generator, kept)


# -- shared as one file --------------------------------------------------------------------------------------------


def pack(own: Own, model: str, generator: str) -> bytes:
    """A direction as a file that another person's Sonoform takes in; it names the model that it is of."""
    text = json.dumps({"format": SHARED, "model": model, "generator": generator, "direction": asdict(own)})
    return text.encode()


def unpack(data: bytes, model: str, generator: str, w_dim: int, num_ws: int) -> Own:
    """The inverse of `pack`, for the model with this generator, whose w+ is (num_ws, w_dim).

    Raises PatchError with one sentence for what is no such file, or is one of another model.
    """
    try:
        values = parse(data) if len(data) <= MAX_SHARED else {}
        if values["format"] != SHARED:
            raise ValueError("another format")
        of, found = str(values["model"]), _checked(values["direction"])
        belongs = values["generator"] == generator
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise PatchError("file", f"this is no direction: choose a file that ends in {SUFFIX}") from error
    if not belongs:
        which = f"another version of {model}" if of == model else ascii(of)
        raise PatchError("file", f"{found.name!r} is a direction of {which}, not of this {model}: ask for one of this")
    if len(found.vector) != w_dim or not 0 <= found.layers[0] <= found.layers[1] < num_ws:
        raise PatchError("file", f"{found.name!r} does not fit {model}: the file is damaged, ask for it again")
    return found


@contextmanager
def _changing(folder: Path) -> Iterator[None]:
    """The model's folder to oneself, from reading the file to writing it; raises CheckpointError where it cannot be."""
    try:
        with alone(folder):
            yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CheckpointError(
            f"{folder / FILE} cannot be written ({reason}): allow it, or point SONOFORM_CHECKPOINTS to a folder of "
            "your own"
        ) from error


def _write(folder: Path, generator: str, directions: tuple[Own, ...]) -> None:
    path = folder / FILE
    if directions:
        write_json(path, {"generator": generator, "directions": [asdict(own) for own in directions]})
    else:
        path.unlink(missing_ok=True)


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
        str(item["provenance"])[:200],
        None if item.get("measured") is None else _measured(item["measured"]),
    )
    if not abs(own.scale) < MAX_SCALE or not all(abs(x) <= 1.0 + 1e-4 for x in own.vector):
        raise ValueError("a direction that is no unit vector with a scale")
    if not 0 < len(own.name) <= MAX_NAME:
        raise ValueError("a name that nobody could give")
    json.dumps(own.describe(), ensure_ascii=False).encode()  # raises ValueError for half a pair of surrogates
    return own


def _measured(item: dict[str, Any]) -> dict[str, Any]:
    """The figures of a file, with what pages show of them as numbers and texts; raises where they are none."""
    positions, method, descriptor = _numbers(item["positions"]), str(item["method"]), str(item["descriptor"])
    curve = {key: _numbers(item["curve"][key]) for key in CURVE}
    if {len(line) for line in curve.values()} != {len(positions)} or descriptor not in item["methods"][method]["r"]:
        raise ValueError("figures that do not go together")
    found = {
        "seeds": int(item["seeds"]),
        "positions": positions,
        "descriptor": descriptor,
        "unit": str(item["unit"]),
        "method": method,
        "methods": {
            str(method): {
                "layers": [int(at) for at in of["layers"]],
                "scale": _number(of["scale"]),
                "r": {str(name): _number(r) for name, r in of["r"].items()},
                "slope": {str(name): _number(slope) for name, slope in of["slope"].items()},
            }
            for method, of in item["methods"].items()
        },
        "curve": curve,
    }
    return found | {key: _number(item[key]) for key in ("apart", "deviations") if key in item}


def _numbers(items: list[Any]) -> list[float]:
    return [_number(item) for item in items]


def _number(item: Any) -> float:
    value = float(item)
    if not math.isfinite(value):
        raise ValueError("a figure that is not finite")
    return value
