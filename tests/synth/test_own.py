from dataclasses import replace
from pathlib import Path

import pytest

from synth import own
from synth.errors import CheckpointError, PatchError
from synth.own import FILE, MAX_OWN, Own

WOBBLE = Own("Wobble", (0.6, -0.8), 1.5, (2, 5), "SeFa, eigenvalue 3")


def test_directions_are_kept_renamed_and_removed(tmp_path: Path) -> None:
    assert own.read(tmp_path, "abc") == ()
    own.add(tmp_path, "abc", replace(WOBBLE, name="  Wobble "), ())
    own.add(tmp_path, "abc", replace(WOBBLE, name="Glare"), ("Wobble",))
    assert own.read(tmp_path, "abc") == (WOBBLE, replace(WOBBLE, name="Glare"))
    own.rename(tmp_path, "abc", "Wobble", "Sway", ("Wobble", "Glare"))
    assert [direction.name for direction in own.read(tmp_path, "abc")] == ["Sway", "Glare"]
    own.remove(tmp_path, "abc", "Sway")
    own.remove(tmp_path, "abc", "Glare")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "   ", "Dim 1", "SeFa 3", "PCA 2 [1-4]", "x" * 41, "two\nlines"])
def test_a_bad_name_is_refused_and_nothing_changes(tmp_path: Path, name: str) -> None:
    with pytest.raises(PatchError, match="choose"):
        own.add(tmp_path, "abc", replace(WOBBLE, name=name), ("Dim 1",))
    assert not (tmp_path / FILE).exists()


def test_there_is_an_end_to_them(tmp_path: Path) -> None:
    for i in range(MAX_OWN):
        own.add(tmp_path, "abc", replace(WOBBLE, name=f"w{i}"), ())
    with pytest.raises(PatchError, match="delete one"):
        own.add(tmp_path, "abc", WOBBLE, ())


def test_those_of_another_model_and_damaged_ones_are_refused(tmp_path: Path) -> None:
    own.add(tmp_path, "abc", WOBBLE, ())
    with pytest.raises(CheckpointError, match="another model"):
        own.read(tmp_path, "def")
    for text in ("half", "[]", '{"generator": "abc", "directions": [{"name": "x"}]}', '{"generator": "abc"}'):
        (tmp_path / FILE).write_text(text)
        with pytest.raises(CheckpointError, match="damaged"):
            own.read(tmp_path, "abc")
    item = '{"name": "x", "vector": [NaN], "scale": 1, "layers": [0, 1], "provenance": ""}'
    (tmp_path / FILE).write_text(f'{{"generator": "abc", "directions": [{item}]}}')
    with pytest.raises(CheckpointError, match="damaged"):
        own.read(tmp_path, "abc")
