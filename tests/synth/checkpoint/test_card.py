"""Cards of other people: what is not as it must be is refused in one sentence, and no other model notices."""

from __future__ import annotations

import copy
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.jobs.beginnings import beginnings
from app.widgets import about
from synth.checkpoint import store
from synth.checkpoint.card import OLDEST, Card
from synth.checkpoint.fit import default_patch, fit, rows
from synth.checkpoint.store import CARD, catalogue, load_card
from synth.directions.attribute import attributes
from synth.errors import CheckpointError
from synth.instruments.loading import load
from synth.storage import parse

SHIPPED = Path(__file__).resolve().parents[3] / "checkpoints"
WRONG: tuple[Any, ...] = (None, True, -1, 0, 1e300, 1 << 70, "x", "", [], [3], {}, {"x": 3}, [[[]]], "\ud83d")


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    """A card that has everything, and little of it."""
    found: dict[str, Any] = json.loads((SHIPPED / "hits_scratches" / CARD).read_text())
    for name in ("directions", "prototypes"):
        del found[name][2:]
    semantic = found["metrics"]["semantic"]
    semantic["sliders"] = dict(list(semantic["sliders"].items())[:2])
    found["metrics"]["evaluation"].pop("resynthesis", None)
    return found


def paths(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a card, of long lists and objects the first two."""
    if above:
        yield above
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in list(inner)[: None if len(above) < 2 else 2]:
        yield from paths(item, (*above, key))


def changed(values: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    copied = copy.deepcopy(values)
    place = copied
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return copied


def used(card: Card) -> None:
    """All that pages, routes and verbs read of a card that is listed."""
    cards = {card.id: card}
    about.line(card)
    beginnings(cards, 2.0, card.categories)
    fit(default_patch(cards), card)
    rows(card)
    attributes(card.metrics.get("semantic"), card.directions)
    json.dumps(card.to_dict(), allow_nan=False).encode()
    str(card.minutes).encode()


def test_cards_that_are_shipped_are_as_they_were_written() -> None:
    found = {path.parent.name: load_card(path.parent) for path in SHIPPED.glob(f"*/{CARD}")}
    assert list(catalogue(SHIPPED)) == sorted(found) and len(found) >= 6
    for card in found.values():
        used(card)
        assert Card.from_dict(json.loads(json.dumps(card.to_dict()))) == card


def test_any_wrong_value_is_refused_or_does_no_harm(values: dict[str, Any]) -> None:
    refused = 0
    for path in paths(values):
        for wrong in WRONG:
            hostile = changed(values, path, wrong)
            try:
                card = Card.from_dict(hostile)
            except ValueError as error:
                refused += 1
                assert len(str(error)) < 200 and "\n" not in str(error)
                str(error).encode()
                continue
            used(card)
    assert refused > 500


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("files",), {}),
        (("files",), []),
        (("files",), None),
        (("files", "generator.safetensors"), "0"),
        (("files", "../../secret.safetensors"), "0" * 64),
        (("codec", "hop"), 0),
        (("codec", "length"), 0),
        (("codec", "length"), "512"),
        (("codec", "sample_rate"), 0),
        (("codec", "sample_rate"), 22050),
        (("codec", "frames"), 1 << 40),
        (("codec", "floor_db"), 0),
        (("network", "bins"), []),
        (("network", "w_dim"), 0),
        (("family",), []),
        (("duration",), float("nan")),
        (("duration",), "long"),
        (("codec", "frames"), 65536),
        (("title",), "\ud800"),
        (("title",), "two\nlines"),
        (("categories",), ["a", "a"]),
        (("prototypes", 0, "name"), 3),
        (("directions", 0, "layers"), [1]),
        (("directions", 0, "calibration"), {"descriptor": "brightness", "step": "1"}),
        (("metrics", "evaluation", "spaces", "AlexNet"), 3),
        (("training", "wall_minutes"), "long"),
        (("training", "began_with"), {"wall_minutes": "long"}),
        (("data", "clips_per_category"), 3),
        (("metrics", "semantic", "positions"), [0.0]),
    ],
)
def test_what_a_card_must_not_say(values: dict[str, Any], path: tuple[Any, ...], value: Any) -> None:
    with pytest.raises(ValueError, match="must be"):
        Card.from_dict(changed(values, path, value))


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a": -Infinity}', "[" * 100_000, "{", ""])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)


def nested(depth: int) -> str:
    return '{"a": ' * depth + "1" + "}" * depth


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "3",
        '{"files": []}',
        nested(50),
        nested(5000),
        '{"duration": 1e999}',
        '{"format": true}',
        '{"format": "1"}',
        " " * (5 << 20),
        "\ud83d".encode("utf-16-le", "surrogatepass").decode("latin-1"),
    ],
)
def test_a_damaged_card_touches_no_other_model(tmp_path: Path, text: str) -> None:
    (tmp_path / "waveform").symlink_to(SHIPPED / "waveform")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / CARD).write_text(text)
    assert list(catalogue(tmp_path)) == ["waveform"]
    with pytest.raises(CheckpointError, match=r"is damaged .*: restore the checkpoint folder"):
        load(tmp_path / "broken")


def test_a_card_is_read_again_when_it_changes_and_not_before(
    values: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, reads = tmp_path / "hits_scratches", []
    folder.mkdir()
    monkeypatch.setattr(store, "load_card", lambda at: reads.append(at) or load_card(at))
    (folder / CARD).write_text(json.dumps(values))
    long_ago = time.time_ns() - 10**10
    os.utime(folder / CARD, ns=(long_ago, long_ago))
    for _ in range(3):
        assert catalogue(tmp_path)["hits_scratches"].title == values["title"]
    assert len(reads) == 1
    for title in ("A", "B", "C"):  # of one size, one right after another
        (folder / CARD).write_text(json.dumps(values | {"title": title}))
        assert catalogue(tmp_path)["hits_scratches"].title == title
    (folder / CARD).write_text("{")
    assert catalogue(tmp_path) == {}
    (folder / CARD).unlink()
    assert catalogue(tmp_path) == {}


def test_models_of_other_versions_are_called_so(
    values: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synth.checkpoint.store.FORMAT", 7)
    monkeypatch.setitem(OLDEST, "stylegan2", 6)
    for made, words in ((5, "older version"), (8, "newer version")):
        (tmp_path / CARD).write_text(json.dumps(values | {"format": made}))
        with pytest.raises(CheckpointError, match=words):
            load_card(tmp_path)
    (tmp_path / CARD).write_text(json.dumps(values | {"format": 6}))
    assert load_card(tmp_path).format == 6
