"""What a hand did on the map of a model, checked: a browser may say anything. No Streamlit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from app.server.instruments import SharedInstrument
from synth.errors import PatchError
from synth.patch.morph import Morph
from synth.patch.place import Place

KINDS = ("place", "point", "line", "lasso", "corners")
MOST = 400  # places of a line

Line = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Deed:
    """kind: one of KINDS; line: the places that it went over, within -1..1; point: the number of a point."""

    kind: str
    line: Line = ()
    point: int = -1


def read(said: Any) -> Deed | None:
    """None for what is no deed."""
    if not isinstance(said, dict) or said.get("kind") not in KINDS:
        return None
    kind, point = str(said["kind"]), said.get("point", -1)
    if kind == "point":
        return Deed(kind, point=point) if type(point) is int and point >= 0 else None
    line = said.get("line")
    if not isinstance(line, list) or not 0 < len(line) <= MOST or not all(map(_is_place, line)):
        return None
    return Deed(kind, tuple((float(x), float(y)) for x, y in line))


def square(shared: SharedInstrument, deed: Deed) -> Morph:
    """The middle of the morph between four sounds inside of a line, or at four places; raises PatchError where there
    are no four."""
    if deed.kind == "corners":
        corners = tuple(shared.placed(Place(shared.card.id, *place)) for place in deed.line)
    else:
        chart = shared.chart()
        corners = tuple(shared.point(number) for number in chart.corners(chart.within(deed.line)))
    if len(corners) < 4:
        raise PatchError("lasso", f"holds {len(corners) or 'no'} sounds, and a morph needs four: draw a larger line")
    return Morph(tuple(corner.linked() for corner in corners[:4]), 0.5, 0.5)


def _is_place(value: Any) -> bool:
    numbers = isinstance(value, list) and len(value) == 2 and all(type(one) in (int, float) for one in value)
    return numbers and all(math.isfinite(one) and -1.0 <= one <= 1.0 for one in value)
