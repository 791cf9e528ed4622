"""A patch: all that makes a sound again, as a value, as JSON and as the query of a URL.

Reading is strict. An unknown key, a NaN, a wrong type or a value out of range is a `PatchError` that names the field.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from numbers import Integral, Real
from typing import Any
from urllib.parse import parse_qsl, urlencode

import numpy as np

from synth.errors import PatchError

PHASES = ("pghi", "griffin-lim", "griffin-lim-256", "pghi+gl")
MAX_LATENT = 1 << 16
MAX_SLIDERS = 256

MODEL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class Sliders(Mapping[str, float]):
    """Direction name -> amount: immutable, hashable, sorted by name, without the sliders that stand at zero."""

    __slots__ = ("_amounts",)

    def __init__(self, amounts: Iterable[tuple[str, float]] = ()):
        self._amounts = {name: amount for name, amount in sorted(amounts) if amount != 0.0}

    def __getitem__(self, name: str) -> float:
        return self._amounts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._amounts)

    def __len__(self) -> int:
        return len(self._amounts)

    def __hash__(self) -> int:
        return hash(tuple(self._amounts.items()))

    def __repr__(self) -> str:
        return repr(self._amounts)


@dataclass(frozen=True)
class Patch:
    """Everything that makes a sound again.

    model: id of a checkpoint. category: one of the model's, None for its first one. seed: 0..2^32 - 1.
    latent: z, w or w+ flattened (its size tells which) instead of the seed, kept as float32. psi: truncation, 0..2.
    prototype: one of the model's, or None; pull: how far towards it, 0..1, before the sliders.
    sliders: direction name -> -5..5 in the direction's own units. phase: one of `PHASES`.
    lufs: integrated loudness, -60..0, or None for the peak at the ceiling. fade_in, fade_out: seconds, 0..10.
    """

    model: str = "hits_scratches"
    category: str | None = None
    seed: int = 0
    latent: tuple[float, ...] | None = None
    psi: float = 1.0
    prototype: str | None = None
    pull: float = 0.0
    sliders: Mapping[str, float] = field(default_factory=Sliders)
    phase: str = "pghi+gl"
    lufs: float | None = -18.0
    fade_in: float = 0.0
    fade_out: float = 0.0

    def __post_init__(self) -> None:
        for name, check in _CHECKS.items():
            object.__setattr__(self, name, check(name, getattr(self, name)))

    def to_dict(self) -> dict[str, Any]:
        """Every field in plain JSON types."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        values["sliders"] = dict(self.sliders)
        if self.latent is not None:
            values["latent"] = [float(str(np.float32(value))) for value in self.latent]  # the shortest spelling
        return values

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, source: str | Mapping[str, Any]) -> Patch:
        """A JSON object, as text or already parsed; fields left out take their defaults."""
        values = _parse_json(source) if isinstance(source, str) else source
        if not isinstance(values, Mapping):
            raise PatchError("patch", f"must be a JSON object, not {_kind(values)}")
        known = [item.name for item in fields(cls)]
        for key in values:
            if key not in known:
                raise PatchError(str(key), f"is not a field of a patch; the fields are {', '.join(known)}")
        return cls(**values)

    def to_query(self) -> str:
        """The query of a URL (without "?"): only what differs from the default."""
        pairs = []
        for item in fields(self):
            value = getattr(self, item.name)
            default = item.default if item.default is not MISSING else Sliders()
            if value != default:
                pairs += _write_query(item.name, value)
        return urlencode(pairs)

    @classmethod
    def from_query(cls, query: str | Mapping[str, str]) -> Patch:
        """The inverse of `to_query`; takes the text of the query or its parsed pairs."""
        values: dict[str, Any] = {}
        sliders: dict[str, float] = {}
        for key, text in _query_pairs(query):
            if key.startswith(_SLIDER):
                target, name, value = sliders, key.removeprefix(_SLIDER), _number(key, text)
            else:
                target, name, value = values, *_read_query(key, text)
            if name in target:
                raise PatchError(key, "is given twice; give it once")
            target[name] = value
        return cls(**values, sliders=sliders)


def _kind(value: object) -> str:
    return "null" if value is None else type(value).__name__


def _quote(value: object) -> str:
    """A bad value as an error shows it: escaped and short."""
    text = ascii(value) if not isinstance(value, int) or abs(value) < 10**18 else "a huge number"
    return text if len(text) <= 40 else text[:37] + "..."


def _real(name: str, value: object, low: float, high: float) -> float:
    # A latent has thousands of floats, and asking an abstract class of each takes longer than all the rest.
    if type(value) is not float and (isinstance(value, bool) or not isinstance(value, Real)):
        raise PatchError(name, f"must be a number, not {_kind(value)}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not low <= number <= high:  # NaN is in no range
        raise PatchError(name, f"must lie in {low:g}..{high:g}, not {number:g}")
    return number + 0.0  # -0.0 becomes 0.0


def within(low: float, high: float) -> Callable[[str, object], float]:
    """A check of a field: a number in this range as float, else PatchError."""
    return lambda name, value: _real(name, value, low, high)


def _printable(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise PatchError(name, f"must be text, not {_kind(value)}")
    if not 0 < len(value) <= 64 or not value.isprintable():
        raise PatchError(name, f"must be 1 to 64 printable characters, not {_quote(value)}")
    return value


def _model(name: str, value: object) -> str:
    if not MODEL_ID.fullmatch(_printable(name, value)):
        raise PatchError(name, f"must be the id of a model (letters, digits, _ . -), not {_quote(value)}")
    return str(value)


def _name(name: str, value: object) -> str | None:
    return None if value is None else _printable(name, value)


def _seed(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise PatchError(name, f"must be a whole number, not {_kind(value)}")
    seed = int(value)
    if not 0 <= seed < 2**32:
        raise PatchError(name, f"must lie in 0..{2**32 - 1}, not {_quote(seed)}")
    return seed


def _latent(name: str, value: object) -> tuple[float, ...] | None:
    if value is None:
        return None
    if not isinstance(value, (list, tuple, np.ndarray)):
        raise PatchError(name, f"must be a list of numbers, not {_kind(value)}")
    if not 0 < len(value) <= MAX_LATENT:
        raise PatchError(name, f"must have 1 to {MAX_LATENT} numbers, not {len(value)}")
    # Far beyond any latent, and far from the end of float32.
    numbers = [_real(name, item, -1e6, 1e6) for item in value]
    return tuple(np.asarray(numbers, np.float32).tolist())


def _sliders(name: str, value: object) -> Sliders:
    if not isinstance(value, Mapping):
        raise PatchError(name, f"must be an object of direction names and amounts, not {_kind(value)}")
    if len(value) > MAX_SLIDERS:
        raise PatchError(name, f"must be at most {MAX_SLIDERS}, not {len(value)}")
    names = [_printable(name, key) for key in value]
    return Sliders((key, _real(f"{name}.{key}", value[key], -5.0, 5.0)) for key in names)


def _phase(name: str, value: object) -> str:
    if value not in PHASES:
        raise PatchError(name, f"must be one of {', '.join(PHASES)}, not {_quote(value)}")
    return str(value)


def _lufs(name: str, value: object) -> float | None:
    return None if value is None else _real(name, value, -60.0, 0.0)


_CHECKS: dict[str, Callable[[str, object], object]] = {
    "model": _model,
    "category": _name,
    "seed": _seed,
    "latent": _latent,
    "psi": within(0.0, 2.0),
    "prototype": _name,
    "pull": within(0.0, 1.0),
    "sliders": _sliders,
    "phase": _phase,
    "lufs": _lufs,
    "fade_in": within(0.0, 10.0),
    "fade_out": within(0.0, 10.0),
}


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise PatchError("patch", f"is not JSON: {_quote(text)}") from None


# The query: one short key a field, `d.NAME` a slider, the latent as base64 of little-endian float32.

_SLIDER = "d."
_NONE = "none"
_KEYS = {
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
}
_FIELDS = {key: name for name, key in _KEYS.items()}


def _write_query(name: str, value: Any) -> list[tuple[str, str]]:
    if name == "sliders":
        return [(_SLIDER + slider, f"{amount!r}") for slider, amount in value.items()]
    if name == "latent":
        packed = np.asarray(value, "<f4").tobytes()
        return [(_KEYS[name], base64.urlsafe_b64encode(packed).decode().rstrip("="))]
    if value is None:
        return [(_KEYS[name], _NONE)]
    return [(_KEYS[name], str(value))]


def _query_pairs(query: str | Mapping[str, str]) -> list[tuple[str, str]]:
    if isinstance(query, Mapping):
        return list(query.items())
    try:
        return parse_qsl(query.removeprefix("?"), keep_blank_values=True, strict_parsing=bool(query.strip("?")))
    except ValueError:
        raise PatchError("patch", f"is not the query of a URL: {_quote(query)}") from None


def _read_query(key: str, text: object) -> tuple[str, Any]:
    """One pair of the query -> name and value of a field."""
    if key not in _FIELDS:
        known = ", ".join([*_FIELDS, _SLIDER + "NAME"])
        raise PatchError(_quote(key), f"is not a key of a patch; the keys are {known}")
    name = _FIELDS[key]
    if not isinstance(text, str):
        raise PatchError(name, f"must be text in a query, not {_kind(text)}")
    if name == "latent":
        return name, _unpack_latent(text)
    if name == "lufs" and text == _NONE:
        return name, None
    if name in ("psi", "pull", "lufs", "fade_in", "fade_out"):
        return name, _number(name, text)
    return name, _whole(name, text) if name == "seed" else text


def _unpack_latent(text: str) -> list[float]:
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return np.frombuffer(packed, "<f4").tolist()
    except ValueError:
        raise PatchError("latent", f"is not base64 of 32-bit floats: {_quote(text)}") from None


def _number(name: str, text: object) -> float:
    try:
        return float(text) if isinstance(text, str) else math.nan
    except ValueError:
        raise PatchError(name, f"must be a number, not {_quote(text)}") from None


def _whole(name: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", text):
        raise PatchError(name, f"must be a whole number, not {_quote(text)}")
    return int(text)
