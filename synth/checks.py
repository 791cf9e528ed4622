"""Checks of fields that say what they take as JSON Schema too, so that a document of an API is made of what it checks.

A check is a function of a field's name and its value, which gives the value as it is kept or raises. Imports nothing of
the house.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]


@dataclass(frozen=True)
class Check:
    """read: the check; schema: what it takes, in JSON Schema 2020-12."""

    read: Callable[..., Any]
    schema: Mapping[str, Any]

    def __call__(self, *asked: Any) -> Any:
        return self.read(*asked)


def takes(**schema: Any) -> Callable[[Callable[..., Any]], Check]:
    """Makes a function a check: `@takes(type="boolean")`."""
    return lambda read: Check(read, schema)


def one_of(words: tuple[str, ...]) -> Schema:
    """The schema of a text that is one of some words."""
    return {"type": "string", "enum": list(words)}


def or_null(schema: Mapping[str, Any]) -> Schema:
    return {"anyOf": [dict(schema), {"type": "null"}]}


def described(checks: Mapping[str, Check], defaults: Mapping[str, Any], required: tuple[str, ...] = ()) -> Schema:
    """The schema of an object with these fields and no others."""
    usual = {name: {"default": defaults[name]} if name in defaults else {} for name in checks}
    known: Schema = {"type": "object", "additionalProperties": False}
    known["properties"] = {name: {**check.schema, **usual[name]} for name, check in checks.items()}
    return known | ({"required": list(required)} if required else {})
