"""The pads of a kit on a page: what is on them at first, and what its controls do to them. No Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from synth.checkpoint.store import Card
from synth.kits.kit import FIRST_NOTE, MAX_PADS, Kit, Pad
from synth.patch.patch import Patch


@dataclass(frozen=True)
class Pads:
    """pads: MAX_PADS places, None where one is empty. chosen: the place at hand. The rest as a Kit has it."""

    pads: tuple[Pad | None, ...]
    chosen: int = 0
    name: str = "Kit"
    velocities: int = 1
    round_robins: int = 1
    brightness: float = 3.0
    rate: int = 44100

    @property
    def pad(self) -> Pad | None:
        """What is on the place at hand."""
        return self.pads[self.chosen]

    def kit(self) -> Kit:
        """Raises KitError where two pads are on a key, or there is none."""
        there = tuple(pad for pad in self.pads if pad)
        return Kit(there, self.name, self.velocities, self.round_robins, self.brightness, rate=self.rate)

    def put(self, patch: Patch | None) -> Pads:
        """With a sound on the place at hand, which keeps its note, choke group and level; with None it is empty."""
        pad = None
        if patch:
            before = self.pad or Pad(patch, self._free_note())
            pad = replace(before, patch=patch, name="")
        return replace(self, pads=_at(self.pads, self.chosen, pad))

    def turn(self, **values: Any) -> Pads:
        """With other values of the pad at hand; raises KitError."""
        pad = self.pad
        return replace(self, pads=_at(self.pads, self.chosen, replace(pad, **values))) if pad else self

    def swapped(self, first: int, second: int) -> Pads:
        """With what is on two places exchanged, notes and all that is a place's staying where they are."""
        a, b = self.pads[first], self.pads[second]
        notes = [pad.note if pad else FIRST_NOTE + at for at, pad in ((first, a), (second, b))]
        moved = _at(self.pads, first, replace(b, note=notes[0]) if b else None)
        moved = _at(moved, second, replace(a, note=notes[1]) if a else None)
        return replace(self, pads=moved, chosen=second)

    def _free_note(self) -> int:
        """The note of the place at hand, or the first one above it that no pad is on."""
        taken = {pad.note for pad in self.pads if pad}
        free = [note for note in range(128) if note not in taken]
        return min(free, key=lambda note: (note < FIRST_NOTE + self.chosen, note))


def begun(patch: Patch, card: Card) -> Pads:
    """The sound at hand, and a seed of each category after it."""
    names: Sequence[str | None] = card.categories or [None]
    seeds = [Patch(card.id, names[i % len(names)], i) for i in range(1, MAX_PADS)]
    return Pads(tuple(Pad(patch, FIRST_NOTE + i) for i, patch in enumerate([patch, *seeds])))


def _at(pads: tuple[Pad | None, ...], place: int, pad: Pad | None) -> tuple[Pad | None, ...]:
    return (*pads[:place], pad, *pads[place + 1 :])
