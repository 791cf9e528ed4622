"""A patch: all that makes a sound again, as a value, as JSON and as the query of a URL.

Reading is strict. An unknown key, a NaN, a wrong type or a value out of range is a `PatchError` that names the field.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any
from urllib.parse import urlencode

import numpy as np

from synth.checks import Schema, described
from synth.choices import INSTRUMENT
from synth.errors import PatchError
from synth.patch import compact, link
from synth.patch.lanes import Lane
from synth.patch.lanes import read as read_lanes
from synth.patch.ranges import CHECKS, Sliders, kind, quoted
from synth.patch.residual import Residual, read
from synth.patch.strokes import Stroke
from synth.patch.strokes import read as read_strokes


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
    strokes: what was painted on the sound, as `synth.patch.strokes` writes it, or None.
    lanes: curves over its time, as `synth.patch.lanes` writes them, or None.
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
    strokes: str | None = None
    lanes: str | None = None

    def __post_init__(self) -> None:
        for name, check in CHECKS.items():
            object.__setattr__(self, name, check(name, getattr(self, name)))
        if self.latent is None:
            object.__setattr__(self, "residual", None)

    def to_dict(self, short: bool = False) -> dict[str, Any]:
        """Every field in plain JSON types; short: the latent as the text that a link has, as `linked` holds it."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        values["sliders"] = dict(self.sliders)
        if self.latent is not None and short:
            values["latent"] = compact.text(self.latent)
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
            raise PatchError("patch", f"must be a JSON object, not {kind(values)}")
        known = [item.name for item in fields(cls)]
        for key in values:
            if key not in known:
                raise PatchError(str(key), f"is not a field of a patch; the fields are {', '.join(known)}")
        return cls(**values)

    @property
    def kept(self) -> tuple[Residual, float] | None:
        """The residual and how much of it is heard; None where nothing is."""
        return (read(self.residual), self.residual_amount) if self.residual and self.residual_amount else None

    @property
    def painted(self) -> tuple[Stroke, ...]:
        """What was painted on the sound, stroke by stroke."""
        return read_strokes(self.strokes) if self.strokes else ()

    @property
    def automated(self) -> tuple[Lane, ...]:
        """Its curves over time, lane by lane."""
        return read_lanes(self.lanes) if self.lanes else ()

    def linked(self) -> Patch:
        """The patch whose link holds it without loss: itself, unless its latent is coded for short."""
        coded = self.latent is not None and len(self.latent) > compact.SHORT
        return replace(self, latent=compact.kept(self.latent)) if self.latent and coded else self

    @staticmethod
    def query_keys() -> dict[str, str]:
        """The key in a query of each field but the sliders, which are `d.NAME`."""
        return dict(link.KEYS)

    @classmethod
    def schema(cls) -> Schema:
        """What `from_json` takes, as JSON Schema."""
        return described(CHECKS, cls().to_dict())

    def to_query(self) -> str:
        """The query of a URL (without "?"): only what differs from the default, a long latent as `linked` has it."""
        pairs = []
        for item in fields(self):
            value = getattr(self, item.name)
            default = item.default if item.default is not MISSING else Sliders()
            if value != default:
                pairs += link.written(item.name, value)
        return urlencode(pairs)

    @classmethod
    def from_query(cls, query: str | Mapping[str, str]) -> Patch:
        """The inverse of `to_query`; takes the text of the query or its parsed pairs."""
        values: dict[str, Any] = {}
        sliders: dict[str, float] = {}
        for key, text in link.pairs(query):
            if key.startswith(link.SLIDER):
                target, name, value = sliders, key.removeprefix(link.SLIDER), link.number(key, text)
            else:
                target, name, value = values, *link.read(key, text)
            if name in target:
                raise PatchError(key, "is given twice; give it once")
            target[name] = value
        return cls(**values, sliders=sliders)


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise PatchError("patch", f"is not JSON: {quoted(text)}") from None
