from dataclasses import replace
from pathlib import Path

import pytest

from synth import own
from synth.errors import CheckpointError, PatchError
from synth.own import FILE, MAX_NAME, MAX_OWN, Own

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
    own.add(tmp_path, "abc", replace(WOBBLE, measured=FIGURES), ())
    own.add(tmp_path, "abc", replace(WOBBLE, name="Glare"), ())
    own.measure(tmp_path, "abc", "Glare", {key: FIGURES[key] for key in FIGURES if key not in ("apart", "deviations")})
    first, second = own.read(tmp_path, "abc")
    assert first.measured == FIGURES and first.describe()["measured"] == FIGURES
    assert second.measured is not None and "apart" not in second.measured
    with pytest.raises(PatchError, match="was deleted"):
        own.measure(tmp_path, "abc", "Gone", FIGURES)
    assert own.read(tmp_path, "abc") == (first, second)


def test_a_direction_travels_as_one_file(tmp_path: Path) -> None:
    data = own.pack(replace(WOBBLE, measured=FIGURES), "rain", "abc")
    assert own.unpack(data, "rain", "abc", 2, 6) == replace(WOBBLE, measured=FIGURES)
    with pytest.raises(PatchError, match=r"'Wobble' is a direction of 'rain', not of this hits"):
        own.unpack(data, "hits", "def", 2, 6)
    with pytest.raises(PatchError, match="another version of rain"):
        own.unpack(data, "rain", "def", 2, 6)
    for w_dim, rows in ((3, 6), (2, 5)):
        with pytest.raises(PatchError, match="does not fit"):
            own.unpack(data, "rain", "abc", w_dim, rows)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF\x00\xff",
        b"[]",
        b"{}",
        b'{"format": "sonoform-direction"}',
        b"[" * 100_000,
        b" " * (own.MAX_SHARED + 1),
        own.pack(replace(WOBBLE, vector=(float("inf"), 0.0)), "rain", "abc"),
        own.pack(replace(WOBBLE, vector=(50.0, 0.0)), "rain", "abc"),
        own.pack(replace(WOBBLE, scale=1e9), "rain", "abc"),
        own.pack(replace(WOBBLE, measured={**FIGURES, "curve": {}}), "rain", "abc"),
        own.pack(replace(WOBBLE, measured={**FIGURES, "descriptor": "loudness"}), "rain", "abc"),
        own.pack(replace(WOBBLE, measured={**FIGURES, "apart": float("nan")}), "rain", "abc"),
        own.pack(replace(WOBBLE, measured={**FIGURES, "positions": [0.0]}), "rain", "abc"),
    ],
)
def test_what_is_no_direction_is_one_sentence(data: bytes) -> None:
    with pytest.raises(PatchError, match="no direction: choose a file") as caught:
        own.unpack(data, "rain", "abc", 2, 6)
    assert "\n" not in str(caught.value)


def test_a_name_that_is_taken_is_numbered() -> None:
    assert own.unused("Ring", ()) == "Ring"
    assert own.unused("Ring", ("Ring", "Ring 2")) == "Ring 3"
    assert len(own.unused("x" * MAX_NAME, ("x" * MAX_NAME,))) <= MAX_NAME
