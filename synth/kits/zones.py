"""Zones: which keys and velocities of a kit play which file, and what the files are called."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from synth.errors import KitError
from synth.kits.kit import Kit, Pad
from synth.patch.naming import word

LOUDEST = 127  # MIDI velocity
MAX_FILES = 2048
_LONGEST = 40


@dataclass(frozen=True)
class Zone:
    """Keys low..high and velocities soft..loud that play one sound, whose pitch is its own at the key `root`.

    pad: its place in the kit, from 0; layer and robin: which of the velocity layers and of the sounds that take turns,
    from 1.
    """

    pad: int
    root: int
    low: int
    high: int
    layer: int
    soft: int
    loud: int
    robin: int

    @property
    def decibels(self) -> float:
        """How loud its velocities are beside the loudest: by their square, as MIDI and SFZ have it."""
        return 40.0 * math.log10(self.loud / LOUDEST)


def zones(kit: Kit) -> tuple[Zone, ...]:
    """All of a kit, pad by pad, from the lowest key up, from the softest layer up. Raises KitError for too many."""
    count = sum(len(roots(pad)) for pad in kit.pads) * kit.velocities * kit.round_robins
    if count > MAX_FILES:
        told = f"the kit would have {count} files, and {MAX_FILES} is the most"
        raise KitError(f"{told}: take fewer velocities or round_robins, or a larger `every`")
    return tuple(
        Zone(number, *keys, layer, *velocities, robin)
        for number, pad in enumerate(kit.pads)
        for keys in roots(pad)
        for layer, velocities in enumerate(layers(kit.velocities), 1)
        for robin in range(1, kit.round_robins + 1)
    )


def roots(pad: Pad) -> list[tuple[int, int, int]]:
    """(root, lowest, highest key) of each sound of a pad, from the lowest up: keys go to the nearest root."""
    low, high = pad.range
    # On both sides of the note, so that the sound at its own pitch is among them where its key is.
    at = [key for key in range(low, high + 1) if (key - pad.note) % pad.every == 0] or [min(max(pad.note, low), high)]
    edges = [low, *((a + b) // 2 + 1 for a, b in pairwise(at)), high + 1]
    return [(root, first, end - 1) for root, (first, end) in zip(at, pairwise(edges), strict=True)]


def layers(count: int) -> list[tuple[int, int]]:
    """(softest, loudest) MIDI velocity of each of so many layers, from the softest up; together 1..127."""
    tops = [round(LOUDEST * (i + 1) / count) for i in range(count)]
    return [(before + 1, top) for before, top in pairwise([0, *tops])]


def stem(kit: Kit, zone: Zone) -> str:
    """Of a zone's file, without its suffix: its root key, its pad, its layer and its turn: 036_metal_hit_s7_v2_r1."""
    words = [f"{zone.root:03d}", word(kit.pads[zone.pad].name, _LONGEST, "+-.")]
    words += [f"v{zone.layer}"] * (kit.velocities > 1) + [f"r{zone.robin}"] * (kit.round_robins > 1)
    return "_".join(words)
