"""A patch as the query of a URL: a short key a field, `d.NAME` a slider, a latent as `compact` writes it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from synth.errors import PatchError
from synth.patch import compact
from synth.patch.ranges import kind, quoted

SLIDER = "d."
_NONE = "none"
KEYS = {
    "model": "m",
    "category": "c",
    "seed": "s",
    "latent": "z",
    "psi": "p",
    "prototype": "pt",
    "pull": "pl",
    "phase": "ph",
    "lufs": "l",
    "fade_in": "fi",
    "fade_out": "fo",
    "pitch": "pi",
    "stretch": "st",
    "attacks": "at",
    "length": "le",
    "start": "sa",
    "end": "en",
    "width": "wi",
    "loop": "lo",
    "residual": "rs",
    "residual_amount": "ra",
    "strokes": "sk",
    "lanes": "la",
}
_FIELDS = {key: name for name, key in KEYS.items()}
_NUMBERS = {"psi", "pull", "lufs", "fade_in", "fade_out", "pitch", "stretch", "length", "width", "residual_amount"}
_YES_NO = {"attacks", "start", "end", "loop"}
_OPTIONAL = {"lufs", "length", "start", "residual", "strokes", "lanes"}  # and spelled "none" where they are None


def written(name: str, value: Any) -> list[tuple[str, str]]:
    if name == "sliders":
        return [(SLIDER + slider, f"{amount!r}") for slider, amount in value.items()]
    if name == "latent":
        return [(KEYS[name], compact.text(value))]
    if value is None:
        return [(KEYS[name], _NONE)]
    if isinstance(value, bool):
        return [(KEYS[name], str(int(value)))]
    return [(KEYS[name], str(value))]


def pairs(query: str | Mapping[str, str]) -> list[tuple[str, str]]:
    if isinstance(query, Mapping):
        return list(query.items())
    try:
        return parse_qsl(query.removeprefix("?"), keep_blank_values=True, strict_parsing=bool(query.strip("?")))
    except ValueError:
        raise PatchError("patch", f"is not the query of a URL: {quoted(query)}") from None


def read(key: str, text: object) -> tuple[str, Any]:
    """One pair of the query -> name and value of a field."""
    if key not in _FIELDS:
        known = ", ".join([*_FIELDS, SLIDER + "NAME"])
        raise PatchError(quoted(key), f"is not a key of a patch; the keys are {known}")
    name = _FIELDS[key]
    if not isinstance(text, str):
        raise PatchError(name, f"must be text in a query, not {kind(text)}")
    if name in _OPTIONAL and text == _NONE:
        return name, None
    if name in _NUMBERS:
        return name, number(name, text)
    if name in _YES_NO:
        return name, _yes(name, text)
    return name, _whole(name, text) if name == "seed" else text


def number(name: str, text: object) -> float:
    try:
        return float(text) if isinstance(text, str) else math.nan
    except ValueError:
        raise PatchError(name, f"must be a number, not {quoted(text)}") from None


def _yes(name: str, text: str) -> bool:
    if text not in ("0", "1"):
        raise PatchError(name, f"must be 0 or 1, not {quoted(text)}")
    return text == "1"


def _whole(name: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", text):
        raise PatchError(name, f"must be a whole number, not {quoted(text)}")
    return int(text)
