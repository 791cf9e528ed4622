import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from synth.checkpoint import named_directions
from synth.checkpoint.named_directions import FILE, MAX_NAME, MAX_OWN, Own
from synth.errors import CheckpointError, PatchError
from tests.harness.patience import PATIENCE

WOBBLE = Own("Wobble", (0.6, -0.8), 1.5, (2, 5), "SeFa, eigenvalue 3")


def test_directions_are_kept_renamed_and_removed(tmp_path: Path) -> None:
    assert named_directions.read(tmp_path, "abc") == ()
    named_directions.add(tmp_path, "abc", replace(WOBBLE, name="  Wobble "), ())
    named_directions.add(tmp_path, "abc", replace(WOBBLE, name="Glare"), ("Wobble",))
    assert named_directions.read(tmp_path, "abc") == (WOBBLE, replace(WOBBLE, name="Glare"))
    named_directions.rename(tmp_path, "abc", "Wobble", "Sway", ("Wobble", "Glare"))
    assert [direction.name for direction in named_directions.read(tmp_path, "abc")] == ["Sway", "Glare"]
    named_directions.remove(tmp_path, "abc", "Sway")
    named_directions.remove(tmp_path, "abc", "Glare")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "   ", "Dim 1", "SeFa 3", "PCA 2 [1-4]", "x" * 41, "two\nlines"])
def test_a_bad_name_is_refused_and_nothing_changes(tmp_path: Path, name: str) -> None:
    with pytest.raises(PatchError, match="choose"):
        named_directions.add(tmp_path, "abc", replace(WOBBLE, name=name), ("Dim 1",))
    assert not (tmp_path / FILE).exists()


def test_there_is_an_end_to_them(tmp_path: Path) -> None:
    for i in range(MAX_OWN):
        named_directions.add(tmp_path, "abc", replace(WOBBLE, name=f"w{i}"), ())
    with pytest.raises(PatchError, match="delete one"):
        named_directions.add(tmp_path, "abc", WOBBLE, ())


def test_those_of_another_model_and_damaged_ones_are_refused(tmp_path: Path) -> None:
    named_directions.add(tmp_path, "abc", WOBBLE, ())
    with pytest.raises(CheckpointError, match="another model"):
        named_directions.read(tmp_path, "def")
    other = '{"generator": "abc", "directions": [{"name": "x"}]}'
    for text in ("half", "[]", "[" * 100_000, '{"a": ' * 5000, other, '{"generator": "abc"}'):
        (tmp_path / FILE).write_text(text)
        with pytest.raises(CheckpointError, match="damaged"):
            named_directions.read(tmp_path, "abc")
    good = '{"name": "x", "vector": [1], "scale": 1, "layers": [0, 1], "provenance": ""}'
    for part, wrong in (
        ("[1]", "[NaN]"),
        ("[1]", "[1e999]"),
        ('"x"', '"\\ud83d"'),
        ('"x"', '""'),
        ('e": ""', 'e": "\\udfff"'),
    ):
        (tmp_path / FILE).write_text(f'{{"generator": "abc", "directions": [{good}]}}')
        assert named_directions.read(tmp_path, "abc")[0].name == "x"
        (tmp_path / FILE).write_text(f'{{"generator": "abc", "directions": [{good.replace(part, wrong)}]}}')
        with pytest.raises(CheckpointError, match="damaged"):
            named_directions.read(tmp_path, "abc")


FIGURES = {
    "seeds": 12,
    "positions": [-5.0, 5.0],
    "descriptor": "rate",
    "unit": "octaves",
    "method": "examples",
    "methods": {"examples": {"layers": [2, 5], "scale": 1.5, "r": {"rate": 0.7}, "slope": {"rate": 0.2}}},
    "curve": {"middle": [0.0, 1.0], "low": [-1.0, 0.0], "high": [1.0, 2.0]},
    "apart": 2.0,
    "deviations": 3.0,
}


def test_figures_stay_with_their_direction(tmp_path: Path) -> None:
    named_directions.add(tmp_path, "abc", replace(WOBBLE, measured=FIGURES), ())
    named_directions.add(tmp_path, "abc", replace(WOBBLE, name="Glare"), ())
    named_directions.measure(
        tmp_path, "abc", "Glare", {key: FIGURES[key] for key in FIGURES if key not in ("apart", "deviations")}
    )
    first, second = named_directions.read(tmp_path, "abc")
    assert first.measured == FIGURES and first.describe()["measured"] == FIGURES
    assert second.measured is not None and "apart" not in second.measured
    with pytest.raises(PatchError, match="was deleted"):
        named_directions.measure(tmp_path, "abc", "Gone", FIGURES)
    assert named_directions.read(tmp_path, "abc") == (first, second)


def test_a_direction_travels_as_one_file(tmp_path: Path) -> None:
    data = named_directions.pack(replace(WOBBLE, measured=FIGURES), "rain", "abc")
    assert named_directions.unpack(data, "rain", "abc", 2, 6) == replace(WOBBLE, measured=FIGURES)
    with pytest.raises(PatchError, match=r"'Wobble' is a direction of 'rain', not of this hits"):
        named_directions.unpack(data, "hits", "def", 2, 6)
    with pytest.raises(PatchError, match="another version of rain"):
        named_directions.unpack(data, "rain", "def", 2, 6)
    for w_dim, rows in ((3, 6), (2, 5)):
        with pytest.raises(PatchError, match="does not fit"):
            named_directions.unpack(data, "rain", "abc", w_dim, rows)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF\x00\xff",
        b"[]",
        b"{}",
        b'{"format": "sonoform-direction"}',
        b"[" * 100_000,
        b" " * (named_directions.MAX_SHARED + 1),
        named_directions.pack(replace(WOBBLE, vector=(float("inf"), 0.0)), "rain", "abc"),
        named_directions.pack(replace(WOBBLE, vector=(50.0, 0.0)), "rain", "abc"),
        named_directions.pack(replace(WOBBLE, scale=1e9), "rain", "abc"),
        named_directions.pack(replace(WOBBLE, measured={**FIGURES, "curve": {}}), "rain", "abc"),
        named_directions.pack(replace(WOBBLE, measured={**FIGURES, "descriptor": "loudness"}), "rain", "abc"),
        named_directions.pack(replace(WOBBLE, measured={**FIGURES, "apart": float("nan")}), "rain", "abc"),
        named_directions.pack(replace(WOBBLE, measured={**FIGURES, "positions": [0.0]}), "rain", "abc"),
    ],
)
def test_what_is_no_direction_is_one_sentence(data: bytes) -> None:
    with pytest.raises(PatchError, match="no direction: choose a file") as caught:
        named_directions.unpack(data, "rain", "abc", 2, 6)
    assert "\n" not in str(caught.value)


def test_a_name_that_is_taken_is_numbered() -> None:
    assert named_directions.unused("Ring", ()) == "Ring"
    assert named_directions.unused("Ring", ("Ring", "Ring 2")) == "Ring 3"
    assert len(named_directions.unused("x" * MAX_NAME, ("x" * MAX_NAME,))) <= MAX_NAME


NAMING = """
import sys
from pathlib import Path
from synth.checkpoint import named_directions
from tests.harness.patience import PATIENCE
named_directions.MAX_OWN = 10_000
folder, who, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
sys.stdin.read()  # all begin together
for i in range(count):
    named_directions.add(folder, "abc", named_directions.Own(f"{who} {i}", (0.6, -0.8), 1.5, (2, 5), "SeFa"), ())
    if i % 5 == 4:
        named_directions.rename(folder, "abc", f"{who} {i}", f"{who} {i} again", ())
"""


def test_no_name_is_lost_between_processes(tmp_path: Path) -> None:
    each = 25
    folder = tmp_path / "model"
    folder.mkdir()
    command = [sys.executable, "-c", NAMING, str(folder)]
    namers = [subprocess.Popen([*command, who, str(each)], stdin=subprocess.PIPE) for who in "abcd"]
    for process in namers:
        assert process.stdin is not None
        process.stdin.close()
    assert [process.wait(PATIENCE) for process in namers] == [0] * 4
    names = {direction.name for direction in named_directions.read(folder, "abc")}
    assert names == {f"{who} {i}" + " again" * (i % 5 == 4) for who in "abcd" for i in range(each)}
    assert [path.name for path in tmp_path.iterdir()] == ["model"], "no lock is left"


def test_a_model_that_is_gone_gets_no_name(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="cannot be written"):
        named_directions.add(tmp_path / "root" / "model", "abc", WOBBLE, ())
    assert list(tmp_path.iterdir()) == [], "nothing is made in its place"
