"""The speed of this machine, as it was tried and kept."""

from __future__ import annotations

from app.jobs import speed
from app.jobs.speed import Speed
from synth.recipes.recipe import RECIPES

SPEED = Speed(last=4.0, outline=100.0, features=5.0)


def test_what_was_measured_is_kept_for_the_same_recipe_and_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("SONOFORM_RUNS", str(tmp_path))
    machine, (ours, other) = ["--threads", "2"], (RECIPES["hits_scratches"], RECIPES["environmental"])
    assert speed.known_speed(ours, machine) is None
    speed.keep_speed(ours, machine, SPEED)
    assert speed.known_speed(ours, machine) == SPEED
    assert speed.known_speed(ours, ["--threads", "1"]) is None and speed.known_speed(other, machine) is None
    (tmp_path / speed.SPEEDS).write_text("{half")
    assert speed.known_speed(ours, machine) is None


def test_frozen_networks_that_take_turns_have_one_speed():
    """At 60 and 20 images a second by turns they see 30; the first batch, which begins a stage, does not count."""
    ticks = [{"phase": "features", "images_per_second": rate} for rate in (1.0, 20.0, 60.0, 20.0, 60.0)]
    last = [{"phase": "statistics", "images_per_second": rate} for rate in (1.0, 10.0, 10.0)]
    found = speed.speed_of([*ticks, *last])
    assert (round(found.features, 6), found.last) == (30.0, 10.0)
