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
