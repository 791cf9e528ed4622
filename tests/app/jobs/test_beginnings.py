"""The ways to begin a run, the fittest first, and room for it."""

from __future__ import annotations

import pytest

from app.jobs import beginnings
from synth.checkpoint.store import catalogue
from synth.errors import RunError
from synth.recipes.presets import PRESETS
from synth.recipes.recipe import RECIPES


def test_the_fittest_recipe_comes_first_and_models_last(tiny_checkpoint):
    cards = catalogue(tiny_checkpoint)
    assert [r.preset for r in beginnings.beginnings({}, 1.5)][:2] == ["hits_scratches", "environmental"]
    wide = [r.preset for r in beginnings.beginnings({}, 1.5, rates=[22050, 44100])]
    assert wide[:4] == ["hits_scratches", "environmental", "studio", "soundgan_projected"]
    long = [r.preset for r in beginnings.beginnings({}, 6.0, rates=[16000])]
    assert long[:3] == ["environmental", "hits_scratches", "cgan"], "plain ones after those, the fittest first"
    assert set(long) == set(PRESETS) - {"tiny", "studio"}
    short = beginnings.beginnings(cards, 0.06)
    assert short[0].preset == "tiny" and short[0].start is None
    assert short[-1].start == "tiny" and short[-1].arguments == ["--start", str(tiny_checkpoint / "tiny")]
    assert not short[-1].ready and beginnings.beginnings(cards, 0.06, ["scrape", "hit"])[-1].ready


def test_a_full_disk_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("SONOFORM_RUNS", str(tmp_path))
    usage = beginnings.shutil.disk_usage("/")._replace(free=300 * beginnings.MEGABYTE)
    monkeypatch.setattr(beginnings.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(RunError, match=r"0\.3 GB left"):
        beginnings.check_disk(RECIPES["hits_scratches"])
    beginnings.check_disk(RECIPES["tiny"])
