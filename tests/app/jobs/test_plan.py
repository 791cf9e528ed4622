"""What a time budget buys."""

from __future__ import annotations

from dataclasses import astuple, replace

import pytest

from app.jobs.plan import plan
from app.jobs.speed import Speed, trial
from synth.recipes.presets import PRESETS, override
from synth.recipes.recipe import LIGHT, RECIPES, Recipe

SPEED = Speed(last=4.0, outline=100.0, features=5.0)


@pytest.mark.parametrize("minutes", [1, 10, 60, 6000])
@pytest.mark.parametrize(("start", "ready"), [(None, False), ("tiny", False), ("tiny", True)])
def test_a_plan_fills_its_budget_and_leaves_time_to_invent(minutes: float, start: str | None, ready: bool):
    recipe = Recipe("hits_scratches", "", 2.048, start=start, ready=ready)
    made = plan(recipe, SPEED, minutes)
    assert sum(step.minutes for step in made.steps) == pytest.approx(minutes)
    assert made.invented.minutes >= 0.299 * minutes
    config = override(PRESETS["hits_scratches"], made.settings)  # the trainer takes all of it
    assert config.outline_kimg <= recipe.stages.outline and config.snapshot_kimg >= config.tick_kimg > 0.0


@pytest.mark.parametrize(
    "recipe", [recipe for recipe in RECIPES.values() if recipe.plain], ids=lambda recipe: recipe.preset
)
@pytest.mark.parametrize("start", [None, "mine"])
def test_a_plain_recipe_is_tried_and_planned_in_one_stage(recipe: Recipe, start: str | None):
    recipe = replace(recipe, start=start, ready=start is not None, seen=5000 if start else 0)
    settings, last = trial(recipe)
    config = override(PRESETS[recipe.preset], settings)
    begun = 5.0 if start else 0.0
    assert (last - begun) * 1000 / max(config.batch * config.d_steps, 4) >= 2, "two ticks that are timed, or more"
    made = plan(recipe, SPEED, 30)
    assert [(step.name, step.images, step.minutes) for step in made.steps] == [("Inventing", 30 * 60 * 4, 30)]
    config = override(PRESETS[recipe.preset], made.settings)
    assert 0.0 < config.tick_kimg < config.snapshot_kimg


def test_a_long_budget_leaves_the_preset_as_it_is():
    config = override(PRESETS["hits_scratches"], plan(RECIPES["hits_scratches"], SPEED, 10_000).settings)
    assert (config.outline_kimg, config.feature_kimg) == astuple(LIGHT)


@pytest.mark.parametrize("minutes", [1, 3, 10, 60, 89, 90, 6000])
@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_the_times_that_are_told_add_up_to_what_was_asked_for(recipe: Recipe, minutes: float):
    told = [text.split() for text in plan(recipe, Speed(last=3.7, outline=31.0, features=2.3), minutes).times]
    (unit,) = {unit for _, unit in told}
    assert sum(float(number) for number, _ in told) == pytest.approx(minutes / {"min": 1, "h": 60}[unit])
