"""What a training run will be: how to begin, and what a time budget buys."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

import pytest

from app import plan
from app.plan import SCRATCH, Recipe, Speed
from synth.checkpoint import catalogue
from synth.errors import RunError
from synth.training.presets import PRESETS, override

SPEED = Speed(adversarial=4.0, outline=100.0, reconstruct=5.0)


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SONOFORM_RUNS", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("recipe", SCRATCH, ids=lambda recipe: recipe.preset)
def test_recipes_are_the_trainers_presets(recipe: Recipe):
    preset = PRESETS[recipe.preset]
    assert recipe.seconds == preset.codec.samples / preset.codec.sample_rate
    lengths = (preset.outline_kimg, preset.reconstruction_kimg, preset.discriminator_kimg)
    assert lengths == astuple(recipe.phases)


def test_the_fittest_recipe_comes_first_and_models_last(tiny_checkpoint):
    cards = catalogue(tiny_checkpoint)
    assert [r.preset for r in plan.recipes({}, 1.5)] == ["hits_scratches", "environmental"]
    assert [r.preset for r in plan.recipes({}, 6.0)] == ["environmental", "hits_scratches"]
    short = plan.recipes(cards, 0.06)
    assert short[0].preset == "tiny" and short[0].start is None
    assert short[-1].start == "tiny" and short[-1].arguments == ["--start", str(tiny_checkpoint / "tiny")]
    assert not short[-1].ready and plan.recipes(cards, 0.06, ["scrape", "hit"])[-1].ready


@pytest.mark.parametrize("minutes", [1, 10, 60, 6000])
@pytest.mark.parametrize(("start", "ready"), [(None, False), ("tiny", False), ("tiny", True)])
def test_a_plan_fills_its_budget_and_leaves_time_to_invent(minutes: float, start: str | None, ready: bool):
    recipe = Recipe("hits_scratches", "", 2.048, start=start, ready=ready)
    made = plan.plan(recipe, SPEED, minutes)
    assert sum(step.minutes for step in made.steps) == pytest.approx(minutes)
    assert made.invented.minutes >= 0.299 * minutes
    config = override(PRESETS["hits_scratches"], made.settings)  # the trainer takes all of it
    assert config.outline_kimg <= 240.0 and config.snapshot_kimg >= config.tick_kimg > 0.0


def test_a_long_budget_leaves_the_preset_as_it_is():
    config = override(PRESETS["hits_scratches"], plan.plan(SCRATCH[0], SPEED, 10_000).settings)
    assert (config.outline_kimg, config.reconstruction_kimg, config.discriminator_kimg) == (240.0, 5.0, 0.5)


def test_a_full_disk_is_one_sentence(monkeypatch):
    usage = plan.shutil.disk_usage("/")._replace(free=300 * plan.MEGABYTE)
    monkeypatch.setattr(plan.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(RunError, match=r"0\.3 GB left"):
        plan.check_disk(SCRATCH[0])
    plan.check_disk(SCRATCH[2])


def test_what_was_measured_is_kept_for_the_same_recipe_and_machine(root):
    machine = ["--threads", "2"]
    assert plan.known_speed(SCRATCH[0], machine) is None
    plan.keep_speed(SCRATCH[0], machine, SPEED)
    assert plan.known_speed(SCRATCH[0], machine) == SPEED
    assert plan.known_speed(SCRATCH[0], ["--threads", "1"]) is None and plan.known_speed(SCRATCH[1], machine) is None
    (root / plan.SPEEDS).write_text("{half")
    assert plan.known_speed(SCRATCH[0], machine) is None
