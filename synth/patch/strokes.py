"""What was painted on a sound: strokes on its maps, as values and as a text that is small enough for a link. No torch.

Places are shares of the sound as it was learnt: (0, 0) is its beginning at 0 Hz, (1, 1) its end at half the rate. So a
stroke keeps its place on the sound when that is stretched, or moved in pitch. A stroke takes seven bytes and three for
each point: places have twelve bits, everything else eight.
"""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

TOOLS = ("brush", "eraser", "region", "clone", "smudge", "fill")
CLOSED = ("region", "fill")  # tools whose points are the corners of an area
MOST, MOST_POINTS = 500, 64  # strokes of a patch, points of one
MAX_TEXT = 16000  # characters
MOST_DB = 60.0
_HEAD, _SHIFT, _SEED = struct.Struct("<BbBBBBB"), struct.Struct("<hh"), struct.Struct("<I")
_FINE, _COARSE = 4095.0, 255.0

Point = tuple[float, float]


@dataclass(frozen=True)
class Stroke:
    """tool: one of TOOLS. points: (time, frequency), each 0..1; the way of a brush, or the corners of an area.

    gain: dB that a brush adds, or an area, -60..60. size: how far it reaches from its points in time and in frequency,
    0..1 of each, of which 1 is all of it; of an area, over how much its edge rises. softness: part of that reach over
    which it falls, 0..1. amount: how much of it counts, 0..1. shift: from where a clone is taken, (time, frequency),
    -1..1 from here. seed: of the sound that an area is filled with.
    """

    tool: str
    points: tuple[Point, ...]
    gain: float = 6.0
    size: Point = (0.03, 0.03)
    softness: float = 0.5
    amount: float = 1.0
    shift: Point = (0.0, 0.0)
    seed: int = 0

    def weighted(self, amount: float) -> Stroke:
        """The same, of which so much counts, 0..1."""
        return replace(self, amount=self.amount * amount)

    def packed(self) -> bytes:
        rest = (self.size[0], self.size[1], self.softness, self.amount)
        parts = [
            _HEAD.pack(
                TOOLS.index(self.tool), round(2.0 * self.gain), *(round(_COARSE * x) for x in rest), len(self.points)
            )
        ]
        if self.tool == "clone":
            parts.append(_SHIFT.pack(*(round(_FINE * x) for x in self.shift)))
        if self.tool == "fill":
            parts.append(_SEED.pack(self.seed))
        for t, f in self.points:
            parts.append((round(_FINE * t) << 12 | round(_FINE * f)).to_bytes(3, "big"))
        return b"".join(parts)


def text(strokes: Sequence[Stroke]) -> str:
    """Strokes as base64, which `read` takes."""
    return base64.urlsafe_b64encode(b"".join(stroke.packed() for stroke in strokes)).decode().rstrip("=")


@lru_cache(maxsize=256)
def read(source: str) -> tuple[Stroke, ...]:
    """The inverse of `text`; raises ValueError for what is none."""
    if len(source) > MAX_TEXT:
        raise ValueError(f"is longer than {MAX_TEXT} characters")
    try:
        packed = base64.b64decode(source + "=" * (-len(source) % 4), altchars=b"-_", validate=True)
        found = tuple(_unpacked(packed))
    except (ValueError, struct.error, IndexError):
        raise ValueError("is cut or altered") from None
    if len(found) > MOST:
        raise ValueError(f"has more than {MOST} strokes")
    return found


def _unpacked(packed: bytes) -> list[Stroke]:
    found, at = [], 0
    while at < len(packed):
        tool, gain, *rest, count = _HEAD.unpack_from(packed, at)
        at += _HEAD.size
        along, across, softness, amount = (x / _COARSE for x in rest)
        shift, seed = (0.0, 0.0), 0
        if TOOLS[tool] == "clone":
            t, f = _SHIFT.unpack_from(packed, at)
            shift, at = (t / _FINE, f / _FINE), at + _SHIFT.size
        if TOOLS[tool] == "fill":
            (seed,), at = _SEED.unpack_from(packed, at), at + _SEED.size
        rows = packed[at : at + 3 * count]
        if len(rows) < 3 * count or not count:
            raise ValueError
        at += len(rows)
        numbers = [int.from_bytes(rows[i : i + 3], "big") for i in range(0, len(rows), 3)]
        points = tuple(((n >> 12) / _FINE, (n & 4095) / _FINE) for n in numbers)
        found.append(_checked(Stroke(TOOLS[tool], points, gain / 2.0, (along, across), softness, amount, shift, seed)))
    return found


def from_list(rows: object) -> tuple[Stroke, ...]:
    """Strokes of a list of objects with the fields of `Stroke`; raises ValueError, which says what is wrong."""
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise ValueError("must be a list of strokes, or their text")
    if len(rows) > MOST:
        raise ValueError(f"has {len(rows)} strokes: {MOST} are the most")
    return tuple(_of_row(number, row) for number, row in enumerate(rows, start=1))


def _of_row(number: int, row: object) -> Stroke:
    if not isinstance(row, Mapping):
        raise ValueError(f"has a stroke {number} that is no object")
    try:
        return _checked(_stroke(row))
    except (TypeError, ValueError, OverflowError) as error:
        told = str(error) if type(error) is ValueError else "has fields of the wrong kind"
        raise ValueError(f"has a stroke {number} that {told}") from None


def _stroke(row: Mapping[str, Any]) -> Stroke:
    unknown = row.keys() - Stroke.__dataclass_fields__.keys()
    if unknown or not {"tool", "points"} <= row.keys():
        told = f"has no {min(unknown)}" if unknown else "needs a tool and points"
        raise ValueError(f"{told}: a stroke has {', '.join(Stroke.__dataclass_fields__)}")
    pairs: dict[str, Any] = {name: _pair(row[name]) for name in ("size", "shift") if name in row}
    numbers: dict[str, Any] = {name: float(row[name]) for name in ("gain", "softness", "amount") if name in row}
    points = tuple(_pair(point) for point in row["points"])
    return Stroke(row["tool"], points, seed=int(row.get("seed", 0)), **pairs, **numbers)


def _pair(value: Any) -> Point:
    first, second = value
    return float(first), float(second)


def _checked(stroke: Stroke) -> Stroke:
    if stroke.tool not in TOOLS:
        raise ValueError(f"has no tool {str(stroke.tool)[:20]!r}: use {', '.join(TOOLS)}")
    fewest = 3 if stroke.tool in CLOSED else 1
    if not fewest <= len(stroke.points) <= MOST_POINTS:
        raise ValueError(f"has {len(stroke.points)} points: a {stroke.tool} takes {fewest} to {MOST_POINTS}")
    shares = {"points": [x for point in stroke.points for x in point], "size": stroke.size}
    shares |= {"softness": [stroke.softness], "amount": [stroke.amount]}
    for name, values in shares.items():
        if not all(0.0 <= x <= 1.0 for x in values):  # NaN is in no range
            where = "lies outside the picture: points are" if name == "points" else f"is out of range: {name} is"
            raise ValueError(f"{where} 0..1")
    if not abs(stroke.gain) <= MOST_DB or not all(abs(x) <= 1.0 for x in stroke.shift):
        raise ValueError(f"is out of range: gain is -{MOST_DB:g}..{MOST_DB:g} dB, shift -1..1")
    if not 0 <= stroke.seed < 2**32 or math.isnan(stroke.gain):
        raise ValueError(f"has a seed that is none: 0..{2**32 - 1}")
    return stroke


def mixed(parts: Sequence[tuple[tuple[Stroke, ...], float]]) -> tuple[Stroke, ...]:
    """Those of the corners of a morph, each by its weight; the same ones of all corners are as strong as they were."""
    told = [strokes for strokes, _ in parts]
    if all(strokes == told[0] for strokes in told):
        return told[0]
    return tuple(stroke.weighted(weight) for strokes, weight in parts if weight > 0.0 for stroke in strokes)
