"""What each field of a patch may hold: checks that give the value as it is kept, or raise PatchError with its name."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from numbers import Integral, Real
from types import ModuleType

import numpy as np

from synth.checks import Check, one_of, or_null, takes
from synth.choices import PHASES
from synth.errors import PatchError
from synth.patch import compact, lanes, strokes
from synth.patch.residual import read

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


def kind(value: object) -> str:
    return "null" if value is None else type(value).__name__


def quoted(value: object) -> str:
    """A bad value as an error shows it: escaped and short."""
    text = ascii(value) if not isinstance(value, int) or abs(value) < 10**18 else "a huge number"
    return text if len(text) <= 40 else text[:37] + "..."


def _real(name: str, value: object, low: float, high: float) -> float:
    # A latent has thousands of floats, and asking an abstract class of each takes longer than all the rest.
    if type(value) is not float and (isinstance(value, bool) or not isinstance(value, Real)):
        raise PatchError(name, f"must be a number, not {kind(value)}")
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
        raise PatchError(name, f"must be true or false, not {kind(value)}")
    return value


def _or_none(check: Check) -> Check:
    """A check that lets None pass."""
    return Check(lambda name, value: None if value is None else check(name, value), or_null(check.schema))


@takes(type="string", minLength=1, maxLength=64)
def _printable(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise PatchError(name, f"must be text, not {kind(value)}")
    if not 0 < len(value) <= 64 or not value.isprintable():
        raise PatchError(name, f"must be 1 to 64 printable characters, not {quoted(value)}")
    return value


@takes(type="string", pattern=f"^{MODEL_ID.pattern}$")
def _model(name: str, value: object) -> str:
    if not MODEL_ID.fullmatch(_printable(name, value)):
        raise PatchError(name, f"must be the id of a model (letters, digits, _ . -), not {quoted(value)}")
    return str(value)


@takes(type="integer", minimum=0, maximum=2**32 - 1)
def _seed(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise PatchError(name, f"must be a whole number, not {kind(value)}")
    seed = int(value)
    if not 0 <= seed < 2**32:
        raise PatchError(name, f"must lie in 0..{2**32 - 1}, not {quoted(seed)}")
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
        try:
            value = compact.numbers(value)
        except ValueError:
            told = f"is cut or altered: copy the whole link, or text ({quoted(value)})"
            raise PatchError(name, told) from None
    if not isinstance(value, (list, tuple, np.ndarray)):
        raise PatchError(name, f"must be a list of numbers, or the text that a link has of them, not {kind(value)}")
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
        raise PatchError(name, f"must be an object of direction names and amounts, not {kind(value)}")
    if len(value) > MAX_SLIDERS:
        raise PatchError(name, f"must be at most {MAX_SLIDERS}, not {len(value)}")
    names = [_printable(name, key) for key in value]
    return Sliders((key, _real(f"{name}.{key}", value[key], -5.0, 5.0)) for key in names)


@takes(**one_of(PHASES))
def _phase(name: str, value: object) -> str:
    if value not in PHASES:
        raise PatchError(name, f"must be one of {', '.join(PHASES)}, not {quoted(value)}")
    return str(value)


@takes(type="string")
def _residual(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise PatchError(name, f"must be text, not {kind(value)}")
    try:
        read(value)
    except ValueError as error:
        raise PatchError(name, f"{error}: take it from a patch that Match has made") from None
    return value


def _drawn(what: ModuleType, said: str) -> Check:
    """A check of strokes or lanes: text or a list of objects, kept as text; none where there are none."""

    def check(name: str, value: object) -> str | None:
        try:
            found = what.read(value) if isinstance(value, str) else what.from_list(value)
        except ValueError as error:
            raise PatchError(name, f"{error}") from None
        return what.text(found) if found else None

    listed = {"type": "array", "items": {"type": "object"}, "maxItems": what.MOST}
    return Check(check, {"anyOf": [{"type": "string", "description": said}, listed]})


CHECKS: dict[str, Check] = {
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
    "strokes": _or_none(_drawn(strokes, "Strokes as links and the instrument write them")),
    "lanes": _or_none(_drawn(lanes, "Lanes as links and the instrument write them")),
}
