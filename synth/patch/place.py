"""A place on the map of a model, as POST /place takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from synth.checks import Check, Schema, described
from synth.errors import PatchError
from synth.patch.ranges import CHECKS as OF_PATCH
from synth.patch.ranges import within


@dataclass(frozen=True)
class Place:
    """model: id of a checkpoint that has a map; x, y: -1..1, to the right and up."""

    model: str
    x: float
    y: float

    def __post_init__(self) -> None:
        for name, check in _CHECKS.items():
            object.__setattr__(self, name, check(name, getattr(self, name)))

    @classmethod
    def from_dict(cls, source: Mapping[str, Any]) -> Place:
        """Raises PatchError that names the field which is missing, unknown or out of range."""
        known = [item.name for item in fields(cls)]
        for key in source:
            if key not in known:
                raise PatchError(str(key), f"is not a field of a place; the fields are {', '.join(known)}")
        for name in known:
            if name not in source:
                raise PatchError(name, f"is missing; a place has {', '.join(known)}")
        return cls(**source)

    @classmethod
    def schema(cls) -> Schema:
        """What `from_dict` takes, as JSON Schema."""
        return described(_CHECKS, {}, tuple(_CHECKS))


_CHECKS: dict[str, Check] = {"model": OF_PATCH["model"], "x": within(-1.0, 1.0), "y": within(-1.0, 1.0)}
