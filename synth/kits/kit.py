"""A kit, as a value: sounds on pads, each with its keys, and how velocities and repetitions change them.

Reading is strict, as that of a patch: an unknown key, a wrong type or a value out of range is a KitError of one
sentence that names the pad and the field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from numbers import Integral
from typing import Any

from synth.checks import Check
from synth.errors import KitError, PatchError
from synth.patch.naming import file_stem
from synth.patch.patch import Patch
from synth.patch.ranges import kind, quoted, within
from synth.storage import is_portable

MAX_PADS, MAX_LAYERS = 16, 8
FIRST_NOTE = 36  # of General MIDI's drums: the pads stand on it and the keys above it unless they say more
RATES = (44100, 48000)  # Hz
LONGEST_NAME = 64


def whole(low: int, high: int) -> Check:
    """A check of a field: a whole number in this range, else PatchError."""

    def read(name: str, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, Integral):
            raise PatchError(name, f"must be a whole number, not {kind(value)}")
        if not low <= int(value) <= high:
            raise PatchError(name, f"must lie in {low}..{high}, not {value}")
        return int(value)

    return Check(read, {"type": "integer", "minimum": low, "maximum": high})


def _name(name: str, value: object) -> str:
    """A name that files can have on every system."""
    if not isinstance(value, str):
        raise PatchError(name, f"must be text, not {kind(value)}")
    fits = 0 < len(value) <= LONGEST_NAME and value.isprintable() and value == value.strip()
    if not fits or not is_portable(value) or set(value) & set('/\\:*?"<>|'):
        raise PatchError(
            name,
            f"is a file's name too: choose 1 to {LONGEST_NAME} signs without / \\ : * ? \" < > |, not {quoted(value)}",
        )
    return value


def _rate(name: str, value: object) -> int:
    if not isinstance(value, int) or value not in RATES:
        raise PatchError(name, f"must be one of {', '.join(map(str, RATES))} Hz, not {quoted(value)}")
    return value


def _patch(name: str, value: object) -> Patch:
    if not isinstance(value, Patch):
        raise PatchError(name, f"must be a patch, not {kind(value)}")
    return value


def _keys(name: str, value: object) -> tuple[int, int] | None:
    if value is None:
        return None
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
        raise PatchError(name, "must be the lowest and the highest key, as [48, 72]")
    low, high = (_NOTE(name, key) for key in value)
    if low > high:
        raise PatchError(name, f"must begin with the lowest key, and {low} lies above {high}")
    return low, high


_NOTE = whole(0, 127)


@dataclass(frozen=True)
class Pad:
    """A sound and the keys that play it.

    note: MIDI key, 0..127, at which it is heard at its own pitch. name: of its files, at first the patch's own.
    keys: lowest and highest key that it is played on, pitched, or None for its note alone; every: semitones between
    two keys that have a sound of their own, 1..24. choke: group, 1..16, in which the last sound silences the others, or
    None. level: dB, -24..12, beside the other pads.
    """

    patch: Patch
    note: int
    name: str = ""
    keys: tuple[int, int] | None = None
    every: int = 3
    choke: int | None = None
    level: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.name or file_stem(self.patch)[:LONGEST_NAME])
        _checked(self, _PAD_CHECKS)

    @property
    def range(self) -> tuple[int, int]:
        """The lowest and the highest key that play it."""
        return self.keys or (self.note, self.note)


@dataclass(frozen=True)
class Kit:
    """Pads and what holds for all of them.

    pads: 1 to MAX_PADS, no two on a key. velocities: layers, 1..8, the softest one duller by `brightness` units of the
    slider of that name, 0..5, and quieter as MIDI velocities are. round_robins: sounds, 1..8, that take turns on a key;
    variation: how far they lie around the pad's own, in units of the spread within a category, 0..1. rate: Hz of the
    files, one of RATES. Raises KitError.
    """

    pads: tuple[Pad, ...]
    name: str = "Kit"
    velocities: int = 1
    round_robins: int = 1
    brightness: float = 3.0
    variation: float = 0.15
    rate: int = RATES[0]

    def __post_init__(self) -> None:
        _checked(self, _KIT_CHECKS)
        object.__setattr__(self, "pads", tuple(self.pads))
        if not self.pads:
            raise KitError("the kit has no pad: give it one or more")
        _refuse_too_many(len(self.pads))
        self._refuse_two_on_a_key()

    def _refuse_two_on_a_key(self) -> None:
        on: dict[int, int] = {}
        for number, pad in enumerate(self.pads, 1):
            for key in range(pad.range[0], pad.range[1] + 1):
                if key in on:
                    other = self.pads[on[key] - 1]
                    told = f"pads {on[key]} ({other.name}) and {number} ({pad.name}) are both on key {key}"
                    raise KitError(f"{told}: give one of them another")
                on[key] = number


def kit_of(values: Mapping[str, Any], base: Patch) -> Kit:
    """A kit of plain values: the fields of a Kit, and under `pad` a list of pads, each with the fields of a Pad and of
    a Patch.

    base: the patch whose fields a pad has where neither it nor the kit (model) says more. A pad may have the patch of
    its own that it starts from under `patch`. Raises KitError.
    """
    own = {item.name for item in fields(Kit)} - {"pads"}
    for key in values:
        if key not in own | {"pad", "model"}:
            raise KitError(f"{key} is no field of a kit: the fields are model, pad, {', '.join(sorted(own))}")
    pads = values.get("pad", [])
    if not isinstance(pads, list) or not all(isinstance(pad, Mapping) for pad in pads):
        raise KitError("pad must be tables, one a pad: begin each with [[pad]]")
    _refuse_too_many(len(pads))  # before each of them is read
    start = base.to_dict() | ({"model": values["model"]} if "model" in values else {})
    read = tuple(_pad_of(pad, start, number) for number, pad in enumerate(pads, 1))
    return Kit(read, **{name: values[name] for name in own & values.keys()})


def _pad_of(values: Mapping[str, Any], start: Mapping[str, Any], number: int) -> Pad:
    of_patch, of_pad = ([item.name for item in fields(of)] for of in (Patch, Pad))
    for key in values:
        if key not in (*of_pad, *of_patch):
            raise KitError(f"pad {number}: {key} is no field of a pad: use {', '.join((*of_pad, *of_patch))}")
    given = values.get("patch")
    changes = {name: values[name] for name in of_patch if name in values}
    own = {name: values[name] for name in of_pad if name in values and name != "patch"}
    try:
        patch = Patch.from_json({**(given.to_dict() if isinstance(given, Patch) else start), **changes})
        return Pad(patch, **{"note": FIRST_NOTE + number - 1, **own})
    except (PatchError, KitError) as error:
        raise KitError(f"pad {number}: {error}") from error


def _refuse_too_many(pads: int) -> None:
    if pads > MAX_PADS:
        raise KitError(f"a kit has {MAX_PADS} pads at most, not {pads}: make several kits of them")


_PAD_CHECKS: dict[str, Any] = {
    "patch": _patch,
    "note": _NOTE,
    "name": _name,
    "keys": _keys,
    "every": whole(1, 24),
    "choke": lambda name, value: None if value is None else whole(1, 16)(name, value),
    "level": within(-24.0, 12.0),
}
_KIT_CHECKS: dict[str, Any] = {
    "name": _name,
    "velocities": whole(1, MAX_LAYERS),
    "round_robins": whole(1, MAX_LAYERS),
    "brightness": within(0.0, 5.0),
    "variation": within(0.0, 1.0),
    "rate": _rate,
}


def _checked(value: object, checks: Mapping[str, Any]) -> None:
    try:
        for name, check in checks.items():
            object.__setattr__(value, name, check(name, getattr(value, name)))
    except PatchError as error:
        raise KitError(str(error)) from error
