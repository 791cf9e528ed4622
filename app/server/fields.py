"""What a request says beside the fields of a patch or a morph: each field once, with its check and its JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from app.server import frames
from app.server.refusals import Refusal
from synth.checks import Check, Schema, described, one_of, or_null, takes
from synth.choices import EXPORT_RATES, SUBTYPES, USUAL_STEPS
from synth.patch.patch import Patch
from synth.patch.strokes import Stroke, from_list
from synth.storage import is_portable

MEDIA_TYPES = {"wav": "audio/wav", "flac": "audio/flac", "ogg": "audio/ogg", "mp3": "audio/mpeg"}
MEDIA_TYPES = {name: MEDIA_TYPES[name] for name in SUBTYPES} | {"frame": frames.MEDIA_TYPE}
FILE_NAME = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9_.+() -]{{0,119}}\.({'|'.join(SUBTYPES)})")
MAX_STEPS = 300
_NUMBER = re.compile(r"[0-9]{1,6}(\.[0-9]{0,6})?")


@takes(**or_null({"type": "string", "pattern": f"^{FILE_NAME.pattern}$"}))
def _output_file(name: str, value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not FILE_NAME.fullmatch(value):
        allowed = "letters, digits, . _ - + ( ), no folders"
        raise Refusal(400, name, f"must be a plain file name such as hit_1.wav ({allowed})")
    if not is_portable(value):
        raise Refusal(400, name, "is a name that Windows keeps for itself or cuts short; choose another")
    return value


@takes(**or_null(one_of(tuple(MEDIA_TYPES))))
def _format(name: str, value: object) -> str | None:
    if value is not None and (not isinstance(value, str) or value not in MEDIA_TYPES):
        raise Refusal(400, name, f"must be one of {', '.join(MEDIA_TYPES)}")
    return value


@takes(**or_null({"type": "integer", "enum": list(EXPORT_RATES)}))
def _rate(name: str, value: object) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value not in EXPORT_RATES):
        raise Refusal(400, name, f"must be one of {', '.join(map(str, EXPORT_RATES))} Hz")
    return value


@takes(type="integer", minimum=0, maximum=2**32 - 1)
def _sequence(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**32:
        raise Refusal(400, name, f"must be a whole number, 0..{2**32 - 1}")
    return value


@takes(type="boolean")
def truth(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise Refusal(400, name, "must be true or false")
    return value


ORDER: dict[str, Check] = {
    "output_file": _output_file,
    "format": _format,
    "rate": _rate,
    "sequence": _sequence,
    "draft": truth,
    "preview": truth,
    "replace": truth,
}


@dataclass(frozen=True)
class Order:
    """How a sound is to be handed over: see app/server/routes.py for what each field asks for."""

    output_file: str | None = None
    format: str | None = None
    rate: int | None = None
    sequence: int = 0
    draft: bool = False
    preview: bool = False
    replace: bool = True

    def __post_init__(self) -> None:
        for name, check in ORDER.items():
            object.__setattr__(self, name, check(name, getattr(self, name)))
        suffix = self.output_file.rpartition(".")[2] if self.output_file else None
        object.__setattr__(self, "format", self.format or suffix or "wav")
        if suffix not in (None, self.format):
            raise Refusal(400, "format", f"must agree with the suffix of output_file, which is {suffix}")
        if self.draft and self.format != "frame":
            raise Refusal(400, "draft", "is for format frame only; leave it out to get the sound itself")
        if self.preview and self.output_file is None:
            raise Refusal(400, "preview", "is a file beside output_file; name that too")

    @classmethod
    def taken(cls, fields: dict[str, Any]) -> Order:
        """Takes its fields out of those of a request."""
        return cls(**{name: fields.pop(name) for name in ORDER if name in fields})


def ordered(schema: Schema) -> Schema:
    """The schema of a body that says what is made and how it is handed over."""
    order = described(ORDER, {name: getattr(Order, name) for name in ORDER})
    return schema | {"properties": schema["properties"] | order["properties"]}


AREA: Schema = {"type": "object", "description": "A stroke: points, [[time, frequency], ...] in 0..1; size; softness"}


def area_of(fields: dict[str, Any]) -> Stroke:
    """Takes the area out of the fields of a request; raises Refusal."""
    area = fields.pop("area", None)
    if not isinstance(area, dict):
        raise Refusal(400, "area", "must be an object with points, the corners of what is to be filled")
    try:
        return from_list([{"tool": "fill"} | area])[0]
    except ValueError as error:
        raise Refusal(400, "area", str(error)) from None


# -- fields of an address or a form, which are text ------------------------------------------------------------------


@takes(type="string")
def _text(_name: str, value: str) -> str:
    return value


@takes(type="number", minimum=0, exclusiveMaximum=1e6)
def seconds(name: str, value: str) -> float:
    if not _NUMBER.fullmatch(value):
        raise Refusal(400, name, "must be a number of seconds from 0 up")
    return float(value)


@takes(type="integer", minimum=0, maximum=MAX_STEPS, default=USUAL_STEPS)
def _steps(name: str, value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", value) or int(value) > MAX_STEPS:
        raise Refusal(400, name, f"must be a whole number, 0..{MAX_STEPS}")
    return int(value)


@takes(type="boolean")
def _spelled_truth(name: str, value: str) -> bool:
    if value not in ("true", "false"):
        raise Refusal(400, name, "must be true or false")
    return value == "true"


WISHES: dict[str, Check] = {
    **{"model": _text, "category": _text, "start": seconds, "steps": _steps},
    "keep": _spelled_truth,
}


@dataclass(frozen=True)
class Wish:
    """What a request to encode says beside the sound; None is the route's own choice."""

    model: str | None = None
    category: str | None = None
    start: float | None = None
    steps: int = USUAL_STEPS
    keep: bool = False

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> Wish:
        """Of the address or of a form."""
        known_only(asked, WISHES)
        return cls(**{name: WISHES[name](name, text) for name, text in asked.items()})


def known_only(asked: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    """Refuses the first field that a route does not have."""
    for name in asked:
        if name not in known:
            raise Refusal(400, name, f"is no field of this route; there are {', '.join(known)}")


@takes(type="string", enum=list(SUBTYPES), default="wav")
def _file_format(name: str, value: str) -> str:
    if value not in SUBTYPES:
        raise Refusal(400, name, f"must be one of {', '.join(SUBTYPES)}")
    return value


@takes(type="integer", enum=list(EXPORT_RATES))
def _spelled_rate(name: str, value: str) -> int:
    if value not in map(str, EXPORT_RATES):
        raise Refusal(400, name, f"must be one of {', '.join(map(str, EXPORT_RATES))} Hz")
    return int(value)


FILE: dict[str, Check] = {"format": _file_format, "rate": _spelled_rate}


def addressed(pairs: Sequence[tuple[str, str]], own: Container[str]) -> tuple[dict[str, str], Patch]:
    """The fields of an address that are a route's own, and the patch that the others spell. Raises Refusal for a field
    of its own that is given twice, and PatchError."""
    mine = [(name, text) for name, text in pairs if name in own]
    if len(dict(mine)) < len(mine):
        raise Refusal(400, mine[-1][0], "is given twice; give it once")
    return dict(mine), Patch.from_query(urlencode([pair for pair in pairs if pair[0] not in own]))


def patch_query() -> dict[str, Schema]:
    """The fields of a patch as they are spelled in an address, with their schemas."""
    properties = Patch.schema()["properties"]
    return {key: properties[name] for name, key in Patch.query_keys().items()}
