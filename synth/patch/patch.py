"""A patch: all that makes a sound again, as a value, as JSON and as the query of a URL.

Reading is strict. An unknown key, a NaN, a wrong type or a value out of range is a `PatchError` that names the field.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, replace
from numbers import Integral, Real
from typing import Any
from urllib.parse import parse_qsl, urlencode

import numpy as np

from synth.checks import Check, Schema, described, one_of, or_null, takes
from synth.choices import INSTRUMENT, PHASES
from synth.errors import PatchError
from synth.patch import compact
from synth.patch.residual import Residual, read

MAX_LATENT = 1 << 16
MAX_SLIDERS = 256
SHORT = 64  # numbers of a latent that are not worth coding

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
    pitch: semitones, -24..24. stretch: of time, 0.25..4, pitch unchanged; attacks: whether it leaves attacks as long as
    they are. length: seconds, 0.05..60, or None for what the model learnt. start: whether the sound begins 2 ms before
    its onset, None for what the model's kind of sound asks for; end: whether it ends where it has fallen by 60 dB.
    width: of the stereo image, 0..1, 0 is mono. loop: whether its end runs into its beginning.
    residual: what the model cannot make of a sound that was matched, as `synth.patch.residual` writes it, or None; it
    belongs to a latent, and without one there is none. residual_amount: how much of it is heard, 0..1.
    """

    model: str = INSTRUMENT.model
    category: str | None = None
    seed: int = INSTRUMENT.seed or 0
    latent: tuple[float, ...] | None = None
    psi: float = 1.0
    prototype: str | None = None
    pull: float = 0.0
    sliders: Mapping[str, float] = field(default_factory=Sliders)
    phase: str = "texture"
    lufs: float | None = INSTRUMENT.lufs
    fade_in: float = 0.0
    fade_out: float = 0.0
    pitch: float = 0.0
    stretch: float = 1.0
    attacks: bool = False
    length: float | None = None
    start: bool | None = None
    end: bool = False
    width: float = 0.0
    loop: bool = False
    residual: str | None = None
    residual_amount: float = 1.0

    def __post_init__(self) -> None:
        for name, check in _CHECKS.items():
            object.__setattr__(self, name, check(name, getattr(self, name)))
        if self.latent is None:
            object.__setattr__(self, "residual", None)

    def to_dict(self, short: bool = False) -> dict[str, Any]:
        """Every field in plain JSON types; short: the latent as the text that a link has, which holds it as `linked`."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        values["sliders"] = dict(self.sliders)
        if self.latent is not None and short:
            values["latent"] = _pack_latent(self.latent)
        elif self.latent is not None:
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

    @property
    def kept(self) -> tuple[Residual, float] | None:
        """The residual and how much of it is heard; None where nothing is."""
        return (read(self.residual), self.residual_amount) if self.residual and self.residual_amount else None

    def linked(self) -> Patch:
        """The patch whose link holds it without loss: itself, unless its latent is coded for short."""
        coded = self.latent is not None and len(self.latent) > SHORT
        return replace(self, latent=compact.kept(self.latent)) if self.latent and coded else self

    @staticmethod
    def query_keys() -> dict[str, str]:
        """The key in a query of each field but the sliders, which are `d.NAME`."""
        return dict(_KEYS)

    @classmethod
    def schema(cls) -> Schema:
        """What `from_json` takes, as JSON Schema."""
        return described(_CHECKS, cls().to_dict())

    def to_query(self) -> str:
        """The query of a URL (without "?"): only what differs from the default, a long latent as `linked` has it."""
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


def within(low: float, high: float) -> Check:
    """A check of a field: a number in this range as float, else PatchError."""
    return Check(lambda name, value: _real(name, value, low, high), {"type": "number", "minimum": low, "maximum": high})


@takes(type="boolean")
def _boolean(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise PatchError(name, f"must be true or false, not {_kind(value)}")
    return value


def _or_none(check: Check) -> Check:
    """A check that lets None pass."""
    return Check(lambda name, value: None if value is None else check(name, value), or_null(check.schema))


@takes(type="string", minLength=1, maxLength=64)
def _printable(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise PatchError(name, f"must be text, not {_kind(value)}")
    if not 0 < len(value) <= 64 or not value.isprintable():
        raise PatchError(name, f"must be 1 to 64 printable characters, not {_quote(value)}")
    return value


@takes(type="string", pattern=f"^{MODEL_ID.pattern}$")
def _model(name: str, value: object) -> str:
    if not MODEL_ID.fullmatch(_printable(name, value)):
        raise PatchError(name, f"must be the id of a model (letters, digits, _ . -), not {_quote(value)}")
    return str(value)


@takes(type="integer", minimum=0, maximum=2**32 - 1)
def _seed(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise PatchError(name, f"must be a whole number, not {_kind(value)}")
    seed = int(value)
    if not 0 <= seed < 2**32:
        raise PatchError(name, f"must lie in 0..{2**32 - 1}, not {_quote(seed)}")
    return seed


@takes(
    anyOf=[
        {
            "type": "array",
            "items": {"type": "number", "minimum": -1e6, "maximum": 1e6},
            "minItems": 1,
            "maxItems": MAX_LATENT,
        },
        {"type": "string", "description": "The same numbers as links and POST /encode write them, a tenth as long"},
    ]
)
def _latent(name: str, value: object) -> tuple[float, ...]:
    if isinstance(value, str):
        value = _unpack_latent(value)
    if not isinstance(value, (list, tuple, np.ndarray)):
        raise PatchError(name, f"must be a list of numbers, or the text that a link has of them, not {_kind(value)}")
    if not 0 < len(value) <= MAX_LATENT:
        raise PatchError(name, f"must have 1 to {MAX_LATENT} numbers, not {len(value)}")
    # Far beyond any latent, and far from the end of float32.
    numbers = [_real(name, item, -1e6, 1e6) for item in value]
    return tuple(np.asarray(numbers, np.float32).tolist())


@takes(
    type="object",
    propertyNames=_printable.schema,
    additionalProperties={"type": "number", "minimum": -5.0, "maximum": 5.0},
    maxProperties=MAX_SLIDERS,
)
def _sliders(name: str, value: object) -> Sliders:
    if not isinstance(value, Mapping):
        raise PatchError(name, f"must be an object of direction names and amounts, not {_kind(value)}")
    if len(value) > MAX_SLIDERS:
        raise PatchError(name, f"must be at most {MAX_SLIDERS}, not {len(value)}")
    names = [_printable(name, key) for key in value]
    return Sliders((key, _real(f"{name}.{key}", value[key], -5.0, 5.0)) for key in names)


@takes(**one_of(PHASES))
def _phase(name: str, value: object) -> str:
    if value not in PHASES:
        raise PatchError(name, f"must be one of {', '.join(PHASES)}, not {_quote(value)}")
    return str(value)


@takes(type="string")
def _residual(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise PatchError(name, f"must be text, not {_kind(value)}")
    try:
        read(value)
    except ValueError as error:
        raise PatchError(name, f"{error}: take it from a patch that Match has made") from None
    return value


_CHECKS: dict[str, Check] = {
    "model": _model,
    "category": _or_none(_printable),
    "seed": _seed,
    "latent": _or_none(_latent),
    "psi": within(0.0, 2.0),
    "prototype": _or_none(_printable),
    "pull": within(0.0, 1.0),
    "sliders": _sliders,
    "phase": _phase,
    "lufs": _or_none(within(-60.0, 0.0)),
    "fade_in": within(0.0, 10.0),
    "fade_out": within(0.0, 10.0),
    "pitch": within(-24.0, 24.0),
    "stretch": within(0.25, 4.0),
    "attacks": _boolean,
    "length": _or_none(within(0.05, 60.0)),
    "start": _or_none(_boolean),
    "end": _boolean,
    "width": within(0.0, 1.0),
    "loop": _boolean,
    "residual": _or_none(_residual),
    "residual_amount": within(0.0, 1.0),
}


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise PatchError("patch", f"is not JSON: {_quote(text)}") from None


# The query: one short key a field, `d.NAME` a slider, a long latent as synth/patch/compact.py writes it. A short one,
# and that of an older link, is base64 of little-endian float32.

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
}
_FIELDS = {key: name for name, key in _KEYS.items()}
_NUMBERS = {"psi", "pull", "lufs", "fade_in", "fade_out", "pitch", "stretch", "length", "width", "residual_amount"}
_YES_NO = {"attacks", "start", "end", "loop"}
_OPTIONAL = {"lufs", "length", "start", "residual"}  # and spelled "none" where they are None


def _write_query(name: str, value: Any) -> list[tuple[str, str]]:
    if name == "sliders":
        return [(_SLIDER + slider, f"{amount!r}") for slider, amount in value.items()]
    if name == "latent":
        return [(_KEYS[name], _pack_latent(value))]
    if value is None:
        return [(_KEYS[name], _NONE)]
    if isinstance(value, bool):
        return [(_KEYS[name], str(int(value)))]
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
    if name in _OPTIONAL and text == _NONE:
        return name, None
    if name in _NUMBERS:
        return name, _number(name, text)
    if name in _YES_NO:
        return name, _yes(name, text)
    return name, _whole(name, text) if name == "seed" else text


def _pack_latent(latent: tuple[float, ...]) -> str:
    if SHORT < len(latent) <= compact.MOST:
        return compact.written(latent)
    return base64.urlsafe_b64encode(np.asarray(latent, "<f4").tobytes()).decode().rstrip("=")


def _unpack_latent(text: str) -> Sequence[float]:
    try:
        if text.startswith(compact.MARK):
            return compact.read(text)
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        found: Sequence[float] = np.frombuffer(packed, "<f4").tolist()
        return found
    except ValueError:
        raise PatchError("latent", f"is cut or altered: copy the whole link, or text ({_quote(text)})") from None


def _number(name: str, text: object) -> float:
    try:
        return float(text) if isinstance(text, str) else math.nan
    except ValueError:
        raise PatchError(name, f"must be a number, not {_quote(text)}") from None


def _yes(name: str, text: str) -> bool:
    if text not in ("0", "1"):
        raise PatchError(name, f"must be 0 or 1, not {_quote(text)}")
    return text == "1"


def _whole(name: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", text):
        raise PatchError(name, f"must be a whole number, not {_quote(text)}")
    return int(text)
