"""What a training run will be: how to begin, and what a time budget buys."""

from __future__ import annotations

from dataclasses import astuple, replace
from pathlib import Path

import pytest

from app.jobs import plan
from app.jobs.plan import SCRATCH, Recipe, Speed
from synth.checkpoint.store import catalogue
from synth.errors import RunError
from synth.recipes.gan_presets import GanConfig
from synth.recipes.presets import PRESETS, TrainConfig, override
from synth.recipes.stages import LIGHT

SPEED = Speed(last=4.0, outline=100.0, features=5.0)


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SONOFORM_RUNS", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("recipe", SCRATCH, ids=lambda recipe: recipe.preset)
def test_recipes_are_the_trainers_presets(recipe: Recipe):
    preset = PRESETS[recipe.preset]
    assert recipe.seconds == preset.codec.samples / preset.codec.sample_rate
    assert recipe.plain == isinstance(preset, GanConfig)
    if isinstance(preset, TrainConfig):
        lengths = (preset.outline_kimg, preset.feature_kimg)
        assert lengths == astuple(recipe.phases)


def test_every_preset_of_the_trainer_is_offered_by_a_name_of_its_own():
    assert {recipe.preset for recipe in SCRATCH} == set(PRESETS)
    assert len({recipe.title for recipe in SCRATCH}) == len(SCRATCH)


def test_the_fittest_recipe_comes_first_and_models_last(tiny_checkpoint):
    cards = catalogue(tiny_checkpoint)
    assert [r.preset for r in plan.recipes({}, 1.5)][:2] == ["hits_scratches", "environmental"]
    wide = [r.preset for r in plan.recipes({}, 1.5, rates=[22050, 44100])]
    assert wide[:4] == ["hits_scratches", "environmental", "studio", "soundgan_projected"]
    long = [r.preset for r in plan.recipes({}, 6.0, rates=[16000])]
    assert long[:3] == ["environmental", "hits_scratches", "cgan"], "plain ones after those, the fittest first"
    assert set(long) == set(PRESETS) - {"tiny", "studio"}
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
    assert config.outline_kimg <= recipe.phases.outline and config.snapshot_kimg >= config.tick_kimg > 0.0


@pytest.mark.parametrize("recipe", [recipe for recipe in SCRATCH if recipe.plain], ids=lambda recipe: recipe.preset)
@pytest.mark.parametrize("start", [None, "mine"])
def test_a_plain_recipe_is_tried_and_planned_in_one_phase(recipe: Recipe, start: str | None):
    recipe = replace(recipe, start=start, ready=start is not None, seen=5000 if start else 0)
    settings, last = plan.trial(recipe)
    config = override(PRESETS[recipe.preset], settings)
    begun = 5.0 if start else 0.0
    assert (last - begun) * 1000 / max(config.batch * config.d_steps, 4) >= 2, "two ticks that are timed, or more"
    made = plan.plan(recipe, SPEED, 30)
    assert [(step.name, step.images, step.minutes) for step in made.steps] == [("Inventing", 30 * 60 * 4, 30)]
    config = override(PRESETS[recipe.preset], made.settings)
    assert 0.0 < config.tick_kimg < config.snapshot_kimg


def test_a_long_budget_leaves_the_preset_as_it_is():
    config = override(PRESETS["hits_scratches"], plan.plan(SCRATCH[0], SPEED, 10_000).settings)
    assert (config.outline_kimg, config.feature_kimg) == astuple(LIGHT)


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
