"""What a checkpoint says of itself: a card, all of which is checked once, when it is read. No torch.

A card may come from anybody. What the house reads of it has the types and ranges below; what else it holds is plain
JSON of finite numbers and whole characters, so that no page, route or verb meets a value that it does not expect.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from synth.checkpoint.families import CATEGORY, SPACE, can
from synth.patch.ranges import MODEL_ID

FORMAT = 2
# The first format, by family, whose networks are those of this version. When the networks of a family change, FORMAT
# goes up and is written down here: older models are then called old, not damaged. tests/synth/checkpoint/test_format.py
# holds it.
OLDEST = {"stylegan2": 2}
ONE_SHOT_SECONDS = 2.5  # a model of clips up to here makes one-shots unless its card says otherwise
MAX_CARD = 4 << 20  # bytes
MAX_SECONDS = 60.0
GENERATOR = "generator.safetensors"
_LISTS = ("categories", "directions", "prototypes")  # fields of a card that JSON has as lists
_DEPTH = 16
_HALF, _CONTROL = re.compile("[\ud800-\udfff]"), re.compile("[\x00-\x1f\x7f]")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_FILE = re.compile(r"[A-Za-z0-9_-]{1,60}\.safetensors")


@dataclass(frozen=True)
class Card:
    """What a checkpoint says of itself.

    codec, network: settings that rebuild them; directions: name, scale, layers and provenance of each row of
    directions.safetensors; prototypes: name and provenance of each row of prototypes.safetensors; data: source,
    licences, clips per category; training: images seen, wall time, device; metrics: figures with what they were
    measured on; files: sha256 of every file of weights; presets: by category, sounds to begin with, each a name, a seed
    and a psi; one_shot: whether it makes single events, which a listener
    wants to begin at once, rather than scenes that go on.
    """

    id: str
    title: str
    family: str
    categories: tuple[str, ...]
    sample_rate: int
    duration: float
    codec: dict[str, Any]
    network: dict[str, Any]
    directions: tuple[dict[str, Any], ...] = ()
    prototypes: tuple[dict[str, Any], ...] = ()
    data: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    presets: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    format: int = FORMAT
    one_shot: bool = False

    @property
    def minutes(self) -> float:
        """Wall time of training, that of the model which it began with included."""
        before = self.training.get("began_with") or {}
        return round(float(self.training.get("wall_minutes", 0.0) + before.get("wall_minutes", 0.0)), 1)

    @property
    def course(self) -> list[dict[str, float]]:
        """What snapshots scored in training: `images_seen`, `fad`, and since 0.3 `minutes`, `kad` and `hit_rate`."""
        old = ({"images_seen": images, "fad": fad} for images, fad in self.training.get("fad_over_images", ()))
        return [*old, *self.training.get("course", ())]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {name: list(getattr(self, name)) for name in _LISTS}

    @classmethod
    def from_dict(cls, values: Any) -> Card:
        """The inverse of `to_dict`; raises ValueError that names the first value which is not as it must be."""
        _plain("card", values)
        _CARD("card", values)
        known = {f.name for f in fields(cls)}
        given = {k: v for k, v in values.items() if k in known}
        card = cls(**{"one_shot": given["duration"] <= ONE_SHOT_SECONDS} | given)
        card = cls(**vars(card) | {name: tuple(getattr(card, name)) for name in _LISTS})
        _agree(card)
        return card


# -- kinds of values -------------------------------------------------------------------------------------------------

Check = Callable[[str, Any], None]  # where a value stands, and the value; raises ValueError


def _refuse(where: str, must: str) -> None:
    raise ValueError(f"{ascii(where)[1:-1][-80:]} must be {must}")


def _plain(where: str, value: Any, depth: int = _DEPTH) -> None:
    """JSON that can be written again: finite numbers, no half of a pair of surrogates, not nested without end."""
    if isinstance(value, dict | list):
        if depth < 0:
            _refuse(where, "nested less deeply")
        for inner in value.values() if isinstance(value, dict) else value:
            if not isinstance(inner, int):
                _plain(where, inner, depth - 1)
        for key in value if isinstance(value, dict) else ():
            _plain(where, key)
    elif isinstance(value, str):
        if not value.isascii() and _HALF.search(value):
            _refuse(where, "in whole characters")
    elif isinstance(value, float) and not math.isfinite(value):
        _refuse(where, "finite numbers")


def _number(low: float, high: float) -> Check:
    def check(where: str, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            _refuse(where, f"a number, {low:g}..{high:g}")

    return check


def _whole(low: int, high: int) -> Check:
    def check(where: str, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            _refuse(where, f"a whole number, {low}..{high}")

    return check


def _text(least: int, most: int) -> Check:
    def check(where: str, value: Any) -> None:
        if not isinstance(value, str) or not least <= len(value) <= most or _CONTROL.search(value):
            _refuse(where, f"text of {least} to {most} characters in one line")

    return check


def _matching(pattern: re.Pattern[str], what: str) -> Check:
    def check(where: str, value: Any) -> None:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            _refuse(where, what)

    return check


def _truth(where: str, value: Any) -> None:
    if not isinstance(value, bool):
        _refuse(where, "true or false")


def _none_or(check: Check) -> Check:
    return lambda where, value: None if value is None else check(where, value)


def _listed(check: Check, least: int, most: int) -> Check:
    def check_all(where: str, value: Any) -> None:
        if not isinstance(value, list) or not least <= len(value) <= most:
            _refuse(where, f"a list of {least} to {most}")
        for item in value:
            check(where, item)

    return check_all


def _mapped(check: Check, key: Check | None = None) -> Check:
    """An object of any keys, all of one kind."""
    named = key or _text(0, 200)

    def check_all(where: str, value: Any) -> None:
        if not isinstance(value, dict):
            _refuse(where, "an object")
        for name, inner in value.items():
            named(where, name)
            check(f"{where}.{name}", inner)

    return check_all


def _record(needed: Mapping[str, Check], known: Mapping[str, Check] | None = None) -> Check:
    """An object that has certain keys, and may have others."""
    checks = {**needed, **(known or {})}

    def check_all(where: str, value: Any) -> None:
        if not isinstance(value, dict):
            _refuse(where, "an object")
        for name, check in checks.items():
            if name in value:
                check(f"{where}.{name}", value[name])
            elif name in needed:
                _refuse(f"{where}.{name}", "there")

    return check_all


# -- the card --------------------------------------------------------------------------------------------------------

_MAP = ("bins", "frames")  # sizes of what a generator with a latent space draws
_COUNT, _SIZE, _LENGTH = _whole(0, 1 << 62), _whole(1, 1 << 16), _whole(1, 1 << 24)
_FINITE, _WORD, _LINE = _number(-1e12, 1e12), _text(1, 100), _text(0, 2000)
_RATE = _whole(1000, 768_000)

_CODEC = _record(
    {"name": _WORD, "sample_rate": _RATE},
    {
        "length": _whole(2, 1 << 16),
        "hop": _SIZE,
        "frames": _SIZE,
        "samples": _LENGTH,
        "mels": _whole(1, 4096),
        "columns": _whole(0, 1 << 16),
        "floor_db": _number(-400.0, -1.0),
        "gain": _number(1e-6, 1e9),
        "reference": _number(0.0, 1e9),
    },
)


def _network_value(where: str, value: Any) -> None:
    """A size, a share, a word, or several sizes."""
    if isinstance(value, list):
        _listed(_SIZE, 1, 32)(where, value)
    elif isinstance(value, str):
        _WORD(where, value)
    elif not isinstance(value, bool):
        _number(0.0, 1e9)(where, value)


def _network(where: str, value: Any) -> None:
    _mapped(_network_value)(where, value)
    _record({}, dict.fromkeys(("categories", "z_dim", "w_dim", *_MAP), _SIZE))(where, value)


_DIRECTION = _record(
    {"name": _WORD, "scale": _FINITE, "layers": _listed(_whole(0, 255), 2, 2), "provenance": _LINE},
    {"calibration": _none_or(_record({"descriptor": _WORD, "step": _FINITE}))},
)
_PROTOTYPE = _record({"name": _WORD, "provenance": _LINE})
_TALLY = _mapped(_COUNT, _text(0, 2000))
_DATA = _record(
    {},
    {
        "name": _LINE,
        "train_clips": _COUNT,
        "valid_clips": _COUNT,
        "clips_per_category": _TALLY,
        "licences": _TALLY,
        "sources": _TALLY,
    },
)
_TIME = _number(0.0, 1e9)
_TRAINING = _record(
    {},
    {
        "preset": _LINE,
        "settings": _record({}),
        "images_seen": _COUNT,
        "wall_minutes": _TIME,
        "began_with": _none_or(_record({}, {"images_seen": _COUNT, "wall_minutes": _TIME})),
        "device": _LINE,
        "fad_over_images": _listed(_listed(_FINITE, 2, 2), 0, 1_000_000),
        "course": _listed(_record({"images_seen": _COUNT, "fad": _FINITE}), 0, 1_000_000),
    },
)
_SCORES = _record({}, {"fad": _none_or(_FINITE), "kad": _none_or(_FINITE), "hit_rate": _none_or(_FINITE)})
_SETS = _record({"model": _SCORES}, {"floor": _SCORES, "ceiling": _SCORES})
_CURVE = _listed(_FINITE, 1, 1000)
_SLIDER = _record(
    {
        "descriptor": _WORD,
        "unit": _LINE,
        "method": _WORD,
        "methods": _mapped(_record({"r": _mapped(_FINITE)})),
        "curve": _record({"middle": _CURVE, "low": _CURVE, "high": _CURVE}),
    }
)
_METRICS = _record(
    {},
    {
        "snapshot": _record({}, {"space": _none_or(_LINE), "fad": _FINITE, "kad": _FINITE, "hit_rate": _FINITE}),
        "evaluation": _record({}, {"spaces": _mapped(_record({"sets": _SETS}))}),
        "semantic": _none_or(_record({"seeds": _COUNT, "positions": _CURVE, "sliders": _mapped(_SLIDER)})),
    },
)
_PRESET = _record({"name": _text(1, 80), "seed": _COUNT, "psi": _number(0.0, 2.0)})
_CARD = _record(
    {
        "id": _matching(MODEL_ID, "a model's id"),
        "title": _text(1, 200),
        "family": _WORD,
        "categories": _listed(_WORD, 0, 10_000),
        "sample_rate": _RATE,
        "duration": _number(0.001, MAX_SECONDS),
        "codec": _CODEC,
        "network": _network,
        "files": _mapped(_matching(_DIGEST, "a sha256"), _matching(_FILE, "names of weights")),
    },
    {
        "directions": _listed(_DIRECTION, 0, 4096),
        "prototypes": _listed(_PROTOTYPE, 0, 10_000),
        "data": _DATA,
        "training": _TRAINING,
        "metrics": _METRICS,
        "presets": _mapped(_listed(_PRESET, 1, 1000), _WORD),
        "one_shot": _truth,
    },
)


def _agree(card: Card) -> None:
    """Raises ValueError where parts of a card contradict one another."""
    codec, network = card.codec, card.network
    if codec["sample_rate"] != card.sample_rate:
        _refuse("card.codec.sample_rate", "that of the card")
    if codec.get("frames", 0) * codec.get("hop", 0) > MAX_SECONDS * card.sample_rate:
        _refuse("card.codec.frames", f"of a sound of {MAX_SECONDS:g} s at most")
    if "hop" in codec and codec["hop"] > codec.get("length", codec["hop"]):
        _refuse("card.codec.hop", "no longer than the window")
    if can(card.family, SPACE) and not {"w_dim", "z_dim", *_MAP} <= network.keys():
        _refuse("card.network", f"told whole: w_dim, z_dim, {' and '.join(_MAP)}")
    if can(card.family, CATEGORY) and len(card.categories) != network.get("categories", len(card.categories)):
        _refuse("card.categories", "as many as the network's")
    for where in _LISTS:
        names = [item if isinstance(item, str) else item["name"] for item in getattr(card, where)]
        if len(set(names)) < len(names):
            _refuse(f"card.{where}", "of different names")
    files = {GENERATOR} | {f"{name}.safetensors" for name in ("directions", "prototypes") if getattr(card, name)}
    if not files <= card.files.keys():
        _refuse("card.files", f"with a sha256 of {', '.join(sorted(files))}")
    semantic = card.metrics.get("semantic") or {"sliders": {}, "positions": []}
    for name, slider in semantic["sliders"].items():
        if slider["descriptor"] not in slider["methods"].get(slider["method"], {"r": {}})["r"]:
            _refuse(f"card.metrics.semantic.sliders.{name}.method", "one that was measured")
        if any(len(slider["curve"][k]) != len(semantic["positions"]) for k in ("low", "middle", "high")):
            _refuse(f"card.metrics.semantic.sliders.{name}.curve", "as long as its positions")
