"""A morph: a place between two or four sounds of one model, and a way that leads through such places. No torch.

A and B are the ends of a line; with C and D they are the corners of a square, x from A to B and y from A to C. Reading
is strict, as that of a patch: what is wrong is a `PatchError` that names the field, of a corner as "B.seed".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl, urlencode

from synth.checks import Check, Schema, described, one_of, or_null, takes
from synth.errors import PatchError
from synth.patch.factors import Layers
from synth.patch.patch import Patch
from synth.patch.ranges import within

CORNERS = "ABCD"
PLACES = {"A": (0.0, 0.0), "B": (1.0, 0.0), "C": (0.0, 1.0), "D": (1.0, 1.0)}
PATHS = ("w", "z")
PACES = ("even", "linear")
SHORTEST, LONGEST = 1.0, 60.0  # seconds of a way
KEPT_CORNERS = 16


@dataclass(frozen=True)
class Morph:
    """corners: two patches (A, B) or four (A, B, C, D) of one model; x, y: 0..1; y is of no effect between two.

    path: "w", straight in w+, or "z", on the sphere of z, between seeds of one category. layers: the rows of w+ that
    follow the morph, first and last, the others staying those of A; None for all. pace: between two, x is the share of
    what is heard to change ("even") or of the path itself ("linear"); inside a square it is of no effect.
    """

    corners: tuple[Patch, ...]
    x: float = 0.0
    y: float = 0.0
    path: str = "w"
    layers: Layers | None = None
    pace: str = "even"

    def __post_init__(self) -> None:
        for name, check in _CHECKS.items():
            object.__setattr__(self, name, check(name, getattr(self, name)))
        if self.path == "z" and not on_sphere(self.corners):
            raise PatchError("path", "z leads between seeds of one category; choose such corners, or path w")

    @property
    def model(self) -> str:
        return self.corners[0].model

    @property
    def names(self) -> str:
        """The letters of its corners."""
        return CORNERS[: len(self.corners)]

    @property
    def weights(self) -> tuple[float, ...]:
        """The share of each corner; their sum is 1."""
        line = (1.0 - self.x, self.x)
        if len(self.corners) == 2:
            return line
        return tuple(along * up for up in (1.0 - self.y, self.y) for along in line)

    @property
    def nearest(self) -> Patch:
        """The corner with the greatest share."""
        return self.corners[max(range(len(self.corners)), key=lambda i: self.weights[i])]

    def to_dict(self, short: bool = False) -> dict[str, Any]:
        """Every field in plain JSON types; short: corners as queries, which are a tenth as long and quicker to read."""
        return {
            "corners": [corner.to_query() if short else corner.to_dict() for corner in self.corners],
            "x": self.x,
            "y": self.y,
            "path": self.path,
            "layers": None if self.layers is None else list(self.layers),
            "pace": self.pace,
        }

    @classmethod
    def from_dict(cls, source: Mapping[str, Any]) -> Morph:
        """The inverse; all but the corners may be left out, and a corner may be the query of a patch."""
        known = [item.name for item in fields(cls)]
        for key in source:
            if key not in known:
                raise PatchError(str(key), f"is not a field of a morph; the fields are {', '.join(known)}")
        if "corners" not in source:
            raise PatchError("corners", "are missing; give two patches or four")
        return cls(**source)

    @classmethod
    def schema(cls) -> Schema:
        """What `from_dict` takes, as JSON Schema."""
        defaults = {item.name: item.default for item in fields(cls) if item.default is not MISSING}
        return described(_CHECKS, defaults, ("corners",))

    def to_query(self) -> str:
        """The morph as the query of a URL (without "?"): A to D are those of the corners."""
        pairs = [(name, corner.to_query()) for name, corner in zip(CORNERS, self.corners, strict=False)]
        pairs += [("x", f"{self.x!r}"), ("y", f"{self.y!r}"), ("path", self.path), ("pace", self.pace)]
        pairs += [("layers", f"{self.layers[0]}-{self.layers[1]}")] if self.layers else []
        return urlencode(pairs)

    @classmethod
    def from_query(cls, query: str) -> Morph:
        """The inverse of `to_query`."""
        try:
            pairs = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=True))
        except ValueError:
            raise PatchError("morph", "is not the query of a URL; copy the whole link") from None
        corners = [_corner(name, Patch.from_query, pairs.pop(name)) for name in CORNERS if name in pairs]
        values = {name: _read(name, text) for name, text in pairs.items()}
        return cls.from_dict({"corners": corners, **values})


def on_sphere(corners: tuple[Patch, ...]) -> bool:
    """Whether a path in z leads between them: seeds of one category."""
    return all(c.latent is None and c.category == corners[0].category for c in corners)


@dataclass(frozen=True)
class Way:
    """The places of a morph from corner to corner, in as many seconds; between two stops x and y go evenly.

    stops: letters of corners, at least two, e.g. "AB" or "ABDCA". Where the morph itself stands does not count.
    """

    morph: Morph
    stops: str = "AB"
    seconds: float = 8.0

    def __post_init__(self) -> None:
        strange = any(stop not in self.morph.names for stop in self.stops)
        if len(self.stops) < 2 or strange or any(a == b for a, b in pairwise(self.stops)):
            raise PatchError("stops", f"must be two or more of {self.morph.names}, and no corner twice in a row")
        object.__setattr__(self, "morph", replace(self.morph, x=0.0, y=0.0))
        object.__setattr__(self, "seconds", within(SHORTEST, LONGEST)("seconds", self.seconds))

    def at(self, share: float) -> Morph:
        """The place after this share of the way, 0..1."""
        legs = len(self.stops) - 1
        leg = min(int(share * legs), legs - 1)
        along = share * legs - leg
        (x0, y0), (x1, y1) = PLACES[self.stops[leg]], PLACES[self.stops[leg + 1]]
        return replace(self.morph, x=x0 + along * (x1 - x0), y=y0 + along * (y1 - y0))

    def steps(self, count: int) -> tuple[Morph, ...]:
        """So many places, evenly apart, with both ends."""
        return tuple(self.at(i / (count - 1)) for i in range(count))


# -- checks --------------------------------------------------------------------------------------------------------


def _corner(name: str, read: Callable[[Any], Patch], source: object) -> Patch:
    """What is wrong with a corner is told by its letter."""
    try:
        return source if isinstance(source, Patch) else read(source)
    except PatchError as error:
        raise PatchError(f"{name}.{error.field}", str(error).removeprefix(f"{error.field}: ")) from None


def _patch(source: Any) -> Patch:
    return _from_query(source) if isinstance(source, str) else Patch.from_json(source)


@lru_cache(KEPT_CORNERS)
def _from_query(query: str) -> Patch:
    """While a morph moves, its corners are asked for over and over."""
    return Patch.from_query(query)


@takes(
    type="array",
    items={"anyOf": [Patch.schema(), {"type": "string", "description": "The query of a patch"}]},
    oneOf=[{"minItems": count, "maxItems": count} for count in (2, 4)],
)
def _corners(name: str, value: object) -> tuple[Patch, ...]:
    if not isinstance(value, (list, tuple)) or len(value) not in (2, 4):
        raise PatchError(name, "must be a list of two patches or of four")
    corners = tuple(_corner(letter, _patch, item) for letter, item in zip(CORNERS, value, strict=False))
    for letter, corner in zip(CORNERS, corners, strict=False):
        if corner.model != corners[0].model:
            raise PatchError(
                f"{letter}.model",
                f"is {corner.model}, and that of A is {corners[0].model}; a morph needs sounds of one model",
            )
    return corners


def _one_of(known: tuple[str, ...]) -> Check:
    @takes(**one_of(known))
    def check(name: str, value: object) -> str:
        if value not in known:
            raise PatchError(name, f"must be {' or '.join(known)}")
        return str(value)

    return check


@takes(**or_null({"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 2, "maxItems": 2}))
def _layers(name: str, value: object) -> Layers | None:
    if value is None:
        return None
    if not isinstance(value, (list, tuple)) or len(value) != 2 or any(type(row) is not int for row in value):
        raise PatchError(name, "must be null, or the first and the last row as whole numbers")
    first, last = value
    if not 0 <= first <= last:
        raise PatchError(name, f"must go from a row to the same or a later one, not from {first} to {last}")
    return first, last


_CHECKS: dict[str, Check] = {
    "corners": _corners,
    "x": within(0.0, 1.0),
    "y": within(0.0, 1.0),
    "path": _one_of(PATHS),
    "layers": _layers,
    "pace": _one_of(PACES),
}


def _read(name: str, text: str) -> object:
    """A value of the query; text that is none stays text, which the checks refuse."""
    try:
        if name == "layers":
            first, _, last = text.partition("-")
            return int(first), int(last)
        return float(text) if name in ("x", "y") else text
    except ValueError:
        return text
