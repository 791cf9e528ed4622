"""What was measured is told of the same way to begin alone, and nothing is made up."""

from __future__ import annotations

from app.jobs import expected
from app.jobs.expected import FIGURES, RECORDINGS_FAD, Figure, measured, recommended
from synth.recipes.recipe import RECIPES, Recipe

LIGHT, LONG = RECIPES["hits_scratches"], RECIPES["environmental"]
BASE = Recipe("hits_scratches", "", 2.048, start="hits_scratches")
TABLE = (
    Figure("hits_scratches", None, 10.0, 300.0, 0.4),
    Figure("hits_scratches", None, 30.0, 200.0, 0.5),
    Figure("hits_scratches", "hits_scratches", 10.0, 250.0, 0.5),
)


def test_the_longest_run_that_fits_counts(monkeypatch):
    monkeypatch.setattr(expected, "FIGURES", TABLE)
    assert [measured(LIGHT, minutes) for minutes in (9, 10, 29, 9000)] == [None, TABLE[0], TABLE[0], TABLE[1]]
    assert measured(BASE, 60) == TABLE[2]
    assert measured(LONG, 60) is None


def test_what_came_closest_to_recordings_is_recommended(monkeypatch):
    monkeypatch.setattr(expected, "FIGURES", TABLE)
    assert [recommended([LIGHT, LONG, BASE], minutes) for minutes in (5, 10, 30)] == [0, 2, 0]
    assert recommended([LONG, LIGHT, BASE], 10) == 0, "sounds of another length are no rivals"


def test_the_table_is_of_ways_that_there_are():
    ways = {(preset, None) for preset in RECIPES} | {("hits_scratches", "hits_scratches")}
    assert {(f.preset, f.start) for f in FIGURES} <= ways
    assert len({(f.preset, f.start, f.minutes) for f in FIGURES}) == len(FIGURES)
    assert all(f.fad > RECORDINGS_FAD and 0.0 <= f.hit_rate <= 1.0 for f in FIGURES)
