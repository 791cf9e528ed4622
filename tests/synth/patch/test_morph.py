"""Morphs as values, and what an instrument makes of them."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from synth.directions.calibration import Calibration
from synth.errors import PatchError
from synth.instruments.style import StyleInstrument
from synth.latents.glide import Stretch
from synth.latents.match import perceptual
from synth.patch.morph import PACES, Morph, Way
from synth.patch.patch import Patch

A, B = Patch("tiny", "hit", 1), Patch("tiny", "scrape", 2, psi=0.7, sliders={"Dim 1": 2.0})
C, D = Patch("tiny", "hit", 3, latent=(0.5,) * 16), Patch("tiny", "scrape", 4, lufs=None)
SQUARE = Morph((A, B, C, D), 0.25, 0.5, "w", (1, 3))


@pytest.fixture(scope="module")
def instrument(published: Path) -> StyleInstrument:
    return StyleInstrument.load(published / "tiny", "cpu")


def levels(instrument: StyleInstrument, patch: Patch) -> np.ndarray:
    return instrument.picture(patch).astype(int)


# -- values --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("morph", [SQUARE, Morph((A, B)), Morph((A, replace(A, seed=9)), 1.0, path="z", pace="linear")])
def test_a_morph_comes_back_from_json_and_from_a_query(morph: Morph) -> None:
    assert Morph.from_dict(json.loads(json.dumps(morph.to_dict()))) == morph
    assert Morph.from_dict(json.loads(json.dumps(morph.to_dict(short=True)))) == morph
    assert Morph.from_query(morph.to_query()) == morph


def test_shares_of_the_corners() -> None:
    assert SQUARE.weights == (0.375, 0.125, 0.375, 0.125) and sum(SQUARE.weights) == 1.0
    assert Morph((A, B), 0.75, 0.9).weights == (0.25, 0.75)
    assert Morph((A, B), 0.75).nearest == B


FOUR = [A.to_dict(), B.to_dict(), C.to_dict(), D.to_dict()]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "corners"),
        ({"corners": FOUR[:3]}, "corners"),
        ({"corners": "AB"}, "corners"),
        ({"corners": [A.to_dict(), 7]}, "B.patch"),
        ({"corners": [A.to_dict(), {"seed": -1}]}, "B.seed"),
        ({"corners": [A.to_dict(), {"model": "other"}]}, "B.model"),
        ({"corners": ["m=tiny&s=x", "m=tiny"]}, "A.seed"),
        ({"corners": FOUR, "x": 1.5}, "x"),
        ({"corners": FOUR, "x": float("nan")}, "x"),
        ({"corners": FOUR, "x": 10**400}, "x"),
        ({"corners": FOUR, "y": "0.5"}, "y"),
        ({"corners": FOUR, "y": True}, "y"),
        ({"corners": FOUR, "path": "round"}, "path"),
        ({"corners": FOUR, "path": "z"}, "path"),
        ({"corners": FOUR, "layers": [3, 1]}, "layers"),
        ({"corners": FOUR, "layers": [0.0, 1.0]}, "layers"),
        ({"corners": FOUR, "layers": 3}, "layers"),
        ({"corners": FOUR, "pace": "brisk"}, "pace"),
        ({"corners": FOUR, "blend": 1}, "blend"),
    ],
)
def test_what_is_wrong_is_named(fields: dict, field: str) -> None:
    with pytest.raises(PatchError) as error:
        Morph.from_dict(fields)
    assert error.value.field == field and "\n" not in str(error.value)


def test_sounds_of_two_models_are_refused_by_name() -> None:
    with pytest.raises(PatchError, match=r"B\.model: is other, and that of A is tiny"):
        Morph((A, Patch("other")))


@pytest.mark.parametrize("query", ["x", "A=m%3Dtiny&x=half", "A=m%3Dtiny&B=m%3Dtiny&layers=1", "A=m%3Dtiny&B=q%3D1"])
def test_a_query_that_is_none_is_refused(query: str) -> None:
    with pytest.raises(PatchError):
        Morph.from_query(query)


def test_a_way_passes_its_stops_evenly() -> None:
    way = Way(replace(SQUARE, x=0.3), "ABDCA")
    assert [(place.x, place.y) for place in way.steps(5)] == [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]
    assert (way.at(0.125).x, way.at(0.125).y) == (0.5, 0.0)
    assert way == Way(replace(SQUARE, x=0.9), "ABDCA"), "where the morph stands does not count"


@pytest.mark.parametrize(("stops", "seconds"), [("A", 8.0), ("AA", 8.0), ("AC", 8.0), ("AB", 0.1), ("AB", 61.0)])
def test_a_way_that_is_none_is_refused(stops: str, seconds: float) -> None:
    with pytest.raises(PatchError):
        Way(Morph((A, B)), stops, seconds)


# -- sounds --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["w", "z"])
def test_the_ends_are_the_corners_and_between_them_is_neither(instrument: StyleInstrument, path: str) -> None:
    b = replace(A, seed=7, sliders={"Dim 1": 3.0}, psi=0.8)
    morph = Morph((A, b), path=path)
    start, middle, end = (instrument.morphed(replace(morph, x=x)) for x in (0.0, 0.5, 1.0))
    assert np.abs(levels(instrument, start) - levels(instrument, A)).max() <= 1
    # The noise is that of A all along.
    ws = torch.tensor(end.latent).view(1, -1, 16)
    assert torch.allclose(ws, instrument._moved(instrument.latent(b), b), atol=1e-5)
    assert np.abs(levels(instrument, middle) - levels(instrument, start)).max() > 4
    assert end.seed == A.seed and not end.sliders and end.psi == 1.0


def test_a_straight_path_goes_evenly_in_w_where_its_pace_is_linear(instrument: StyleInstrument) -> None:
    line = Morph((A, replace(A, seed=5)), pace="linear")
    places = [torch.tensor(instrument.morphed(p).latent) for p in Way(line).steps(5)]
    steps = [float((b - a).norm()) for a, b in pairwise(places)]
    assert max(steps) == pytest.approx(min(steps), rel=1e-3)


def heard_steps(instrument: StyleInstrument, morph: Morph) -> list[float]:
    """LPIPS from place to place."""
    seen = [perceptual().seen(instrument.synthesise(instrument.morphed(p))) for p in Way(morph).steps(9)]
    return [float(perceptual().apart(a, b)) for a, b in pairwise(seen)]


@pytest.mark.parametrize(("path", "b"), [("w", B), ("z", replace(A, seed=7))])
def test_an_even_pace_changes_what_is_heard_evenly(instrument: StyleInstrument, path: str, b: Patch) -> None:
    even, linear = (heard_steps(instrument, Morph((A, b), path=path, pace=pace)) for pace in PACES)
    assert max(even) / np.mean(even) < min(1.3, max(linear) / np.mean(linear))


def test_a_place_is_the_same_however_it_is_asked_for(instrument: StyleInstrument, published: Path) -> None:
    morph = Morph((A, B), 0.3)
    patch = instrument.morphed(morph)
    assert patch == instrument.morphed(Morph.from_query(morph.to_query()))
    assert patch == instrument.morphed(Way(morph).at(0.3))
    assert patch == StyleInstrument.load(published / "tiny", "cpu").morphed(morph)
    assert patch.latent != instrument.morphed(replace(morph, pace="linear")).latent


def test_a_square_has_no_pace(instrument: StyleInstrument) -> None:
    assert instrument.morphed(SQUARE) == instrument.morphed(replace(SQUARE, pace="linear"))


def test_a_morph_is_a_patch_that_sliders_move(instrument: StyleInstrument) -> None:
    patch = instrument.morphed(replace(SQUARE, layers=None))
    assert patch.category == "hit" and len(patch.latent) == 16, "one w for all rows"
    assert len(instrument.morphed(replace(SQUARE, x=0.5)).latent) == 10 * 16
    sound = instrument.render(patch)
    assert np.array_equal(sound.samples, instrument.render(Patch.from_query(patch.to_query())).samples)
    assert not np.allclose(sound.samples, instrument.render(replace(patch, sliders={"Dim 2": 4.0})).samples)


def test_only_the_rows_that_follow_move(instrument: StyleInstrument) -> None:
    ws = torch.tensor(instrument.morphed(replace(SQUARE, x=1.0, y=1.0)).latent).view(10, 16)
    a, d = (instrument.latent(corner)[0] for corner in (A, D))
    assert torch.allclose(ws[[0, *range(4, 10)]], a[[0, *range(4, 10)]]) and torch.allclose(ws[1:4], d[1:4])
    with pytest.raises(PatchError, match="rows 0 to 9"):
        instrument.morphed(replace(SQUARE, layers=(0, 10)))


def test_corners_that_the_model_does_not_have_are_named(instrument: StyleInstrument) -> None:
    with pytest.raises(PatchError, match="latent"):
        instrument.morphed(Morph((A, replace(A, latent=(0.1,) * 7))))
    with pytest.raises(PatchError, match="category"):
        instrument.morphed(Morph((A, replace(A, category="bell"))))


def test_a_way_is_one_sound_of_its_length(instrument: StyleInstrument) -> None:
    way = Way(Morph((A, B)), seconds=1.0)
    stretches = list(instrument.glide(way))
    shares = [stretch.share for stretch in stretches]
    assert shares == sorted(shares) and shares[-1] == 1.0
    sound = instrument.sounded(stretches[-1], A)
    assert sound.seconds == pytest.approx(1.0, abs=0.002) and sound.patch is None
    assert np.abs(sound.samples).max() > 0.01
    again = instrument.sounded(list(instrument.glide(way))[-1], A)
    assert np.array_equal(sound.samples, again.samples)
    assert isinstance(stretches[0], Stretch)


def test_neighbours_are_the_same_again_and_farther_at_a_distance(instrument: StyleInstrument) -> None:
    near, again = (instrument.neighbours(B, 0.2, 4, seed=3) for _ in range(2))
    assert near == again == instrument.neighbours(B, 0.2, 6, seed=3)[:4]
    assert near != instrument.neighbours(B, 0.2, 4, seed=4)
    assert all(patch.sliders == B.sliders and patch.category == B.category for patch in near)
    centre = instrument.latent(B)[0, 0]
    apart = [
        [float((torch.tensor(p.latent) - centre).norm()) for p in instrument.neighbours(B, far, 4, 3)]
        for far in (0.2, 0.4)
    ]
    assert np.allclose(np.array(apart[1]), 2.0 * np.array(apart[0]), rtol=1e-3)


def test_neighbours_in_z_are_for_seeds(instrument: StyleInstrument) -> None:
    around = instrument.neighbours(A, 0.3, 3, 0, "z")
    assert {len(patch.latent) for patch in around} == {8}
    assert instrument.neighbours(around[0], 0.3, 1, 0, "z")
    with pytest.raises(PatchError, match="z is for seeds"):
        instrument.neighbours(C, 0.3, 3, 0, "z")
    with pytest.raises(PatchError, match="must be w or z"):
        instrument.neighbours(A, 0.3, 3, 0, "y")


def test_a_search_after_a_morph_has_its_gradients(instrument: StyleInstrument) -> None:
    perceptual.cache_clear()
    instrument.morphed(Morph((A, replace(A, seed=12)), 0.5))
    steps = instrument.refine(Patch("tiny", "hit", 3), instrument.render(Patch("tiny", "hit", 4)))
    assert len({next(steps).loss for _ in range(3)}) > 1


@pytest.fixture
def calibrated(instrument: StyleInstrument) -> StyleInstrument:
    """With a slider that is held to the brightness of each sound."""
    held = tuple(replace(d, calibration=Calibration("brightness", 0.1)) for d in instrument.directions)
    return StyleInstrument(instrument.card, instrument.generator, instrument.codec, held)


def test_a_way_on_the_sphere_measures_its_corners_and_no_place_between(calibrated: StyleInstrument) -> None:
    a, b = (Patch("tiny", "hit", seed, sliders={"Dim 1": 3.0}) for seed in (1, 2))
    morph = Morph((a, b), 0.3, path="z")
    places = {x: calibrated.morphed(replace(morph, x=x)).latent for x in (0.0, 0.3, 0.7, 1.0)}
    assert calibrated._track.cache_info().misses == 2 and len(set(places.values())) == 4
    for end, patch in ((0.0, a), (1.0, b)):
        rows = torch.tensor(places[end]).view(-1, 16)  # one, where all are alike
        assert torch.allclose(rows, calibrated._moved(calibrated.latent(patch), patch), atol=1e-5)


def test_a_search_measures_its_start_alone(calibrated: StyleInstrument) -> None:
    patch = Patch("tiny", "hit", 1, sliders={"Dim 1": 3.0})
    steps = calibrated.refine(patch, calibrated.render(Patch("tiny", "hit", 4)))
    losses = [next(steps).loss for _ in range(6)]
    assert calibrated._track.cache_info().misses == 1 and min(losses) < losses[0]
