"""A model in one line."""

from __future__ import annotations

from dataclasses import replace

from app.widgets import about
from synth.checkpoint.store import Card

BARE = Card("mine", "Mine", "soundgan", (), 22050, 3.9938, {}, {})
SETS = {"model": {"fad": 39.47, "hit_rate": 0.67}, "floor": {"fad": 23.36}, "ceiling": {"hit_rate": 0.684}}


def test_a_card_without_figures_says_what_it_has():
    assert about.line(BARE) == "SoundGan · 3.99 s at 22.05 kHz"
    assert about.line(replace(BARE, family="later")).startswith("later · ")


def test_data_is_counted():
    data = {"name": "rain", "train_clips": 1944, "clips_per_category": {"soft": 900, "hard": 1044}}
    assert "trained on 1,944 recordings (rain, 2 categories)" in about.line(replace(BARE, data=data))
    one = data | {"clips_per_category": {"soft": 1944}}
    assert "(rain, 1 category)" in about.line(replace(BARE, data=one))


def test_an_evaluation_comes_before_the_figures_of_the_run():
    run = {"snapshot": {"space": "AlexNet", "fad": 61.23, "hit_rate": 0.5}}
    assert about.figures(replace(BARE, metrics=run)) == "FAD 61.2, class hit rate 0.50, by AlexNet"
    del run["snapshot"]["hit_rate"]
    assert about.figures(replace(BARE, metrics=run)) == "FAD 61.2, by AlexNet"
    both = run | {"evaluation": {"spaces": {"AlexNet": {"sets": SETS}}}}
    told = "FAD 39.5 (recordings 23.4), class hit rate 0.67 (recordings 0.68), by AlexNet"
    assert about.figures(replace(BARE, metrics=both)) == told
    spaces = {"aiSFX": {"sets": SETS}, "YAMNet": {"sets": SETS | {"model": {"fad": 1.0}}}}
    named = {"evaluation": {"telling": "aiSFX", "spaces": spaces}}
    assert about.figures(replace(BARE, metrics=named)).endswith("by aiSFX")
