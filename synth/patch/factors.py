"""Directions that a model has by itself, named by how they are found: "SeFa 3", or "PCA 2 [4-9]" of some layers alone.

Such a name needs nothing saved: a link that holds one makes the same sound again, for the model finds the direction
when its name is asked for. No torch, so that pages and links can read the names.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

METHODS = ("SeFa", "PCA")
_NAME = re.compile(rf"({'|'.join(METHODS)}) ([1-9][0-9]{{0,4}})(?: \[([0-9]{{1,3}})-([0-9]{{1,3}})\])?")

_ANY_CASE = {method.casefold(): method for method in METHODS}

Layers = tuple[int, int]  # first and last row of w+, inclusive
# What the rows of w+ draw (models/stylegan2.py).
PARTS: dict[str, Layers] = {"spectrum": (0, 3), "envelope": (4, 7), "noise": (8, 9)}
ROWS = 10


@dataclass(frozen=True)
class Factor:
    """method: one of METHODS; number: from 1, the strongest; layers: those that it is found in and moves, or all."""

    method: str
    number: int
    layers: Layers | None = None

    @classmethod
    def parse(cls, name: str) -> Factor | None:
        """The factor of a name; None for a name of another kind."""
        found = _NAME.fullmatch(name)
        if not found:
            return None
        method, number, first, last = found.groups()
        return cls(method, int(number), None if first is None else (int(first), int(last)))

    @property
    def name(self) -> str:
        layers = "" if self.layers is None else f" [{self.layers[0]}-{self.layers[1]}]"
        return f"{self.method} {self.number}{layers}"

    def fits(self, w_dim: int, num_ws: int) -> bool:
        """Whether a model of these sizes has it."""
        first, last = self.layers or (0, 0)
        return self.number <= w_dim and first <= last < num_ws


def spelled(name: str, known: Collection[str]) -> str:
    """A direction's name as the model spells it, given in any case; a name that is none of its own stays as it is.

    known: what the model's own are called, of which several may differ in nothing else: then the case must be right.
    """
    if name in known:
        return name
    alike = [own for own in known if own.casefold() == name.casefold()]
    if len(alike) == 1:
        return alike[0]
    method, _, rest = name.partition(" ")
    other = f"{_ANY_CASE.get(method.casefold(), method)} {rest}"
    return other if Factor.parse(other) else name
