"""The table of what can be trained says what the trainer's presets are."""

from __future__ import annotations

from dataclasses import astuple

import pytest

from synth.recipes.gan_presets import GanConfig
from synth.recipes.presets import PRESETS, TrainConfig
from synth.recipes.recipe import RECIPES, Recipe, sliders_of


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda recipe: recipe.preset)
def test_recipes_are_the_trainers_presets(recipe: Recipe):
    preset = PRESETS[recipe.preset]
    assert recipe.seconds == preset.codec.samples / preset.codec.sample_rate
    assert recipe.plain == isinstance(preset, GanConfig)
    if isinstance(preset, TrainConfig):
        lengths = (preset.outline_kimg, preset.feature_kimg)
        assert lengths == astuple(recipe.stages)


def test_every_preset_of_the_trainer_is_offered_by_a_name_of_its_own():
    assert set(RECIPES) == set(PRESETS)
    assert len({recipe.title for recipe in RECIPES.values()}) == len(RECIPES)


def test_a_preset_says_which_sliders_are_looked_for():
    assert {preset for preset in RECIPES if sliders_of(preset) == "hits"} == {"hits_scratches", "studio"}
    assert sliders_of("of another version") == "scenes"
