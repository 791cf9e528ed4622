"""The newest sounds of a run, and its curves."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import soundfile
from PIL import Image

from app.jobs import jobs, samples
from app.widgets import curves
from synth.audio.mel import MelDecibels
from synth.models.registry import FAMILIES
from synth.models.soundgan import SoundGANConfig
from synth.recipes.gan_presets import GanConfig
from synth.training.snapshot import write_samples

CATEGORIES = ["hit", "scrape"]


def test_each_category_has_its_strip_and_its_sound(tiny_run):
    found = samples.newest(tiny_run, CATEGORIES)
    assert [sample.category for sample in found.samples] == CATEGORIES
    for sample in found.samples:
        with Image.open(io.BytesIO(sample.strip)) as strip:
            assert strip.width > 2 * strip.height
        _, rate = soundfile.read(io.BytesIO(sample.wav))
        assert rate == 16000


def test_a_snapshot_that_is_being_written_gives_way(tiny_run, tmp_path):
    shutil.copytree(tiny_run / "samples", tmp_path / "samples")
    whole = samples.newest(tmp_path, CATEGORIES)
    grid = next(iter((tmp_path / "samples").glob("*.png")))
    half = grid.with_name("kimg-000099.png")
    half.write_bytes(grid.read_bytes()[:200])
    assert samples.newest(tmp_path, CATEGORIES) == whole, "its grid is half"
    half.write_bytes(grid.read_bytes())
    assert samples.newest(tmp_path, CATEGORIES) == whole, "its sounds are not there yet"
    early = samples.stamp(tmp_path)
    assert early[0] == "kimg-000099"
    for sound in sorted((tmp_path / "samples").glob(f"{grid.stem}-*.wav")):
        before = samples.stamp(tmp_path)
        later = half.with_name(sound.name.replace(grid.stem, "kimg-000099"))
        later.write_bytes(sound.read_bytes())
        assert samples.stamp(tmp_path) != before, "who looked too early looks again"
    assert samples.newest(tmp_path, CATEGORIES).kimg == 99


def test_a_run_without_sounds_has_none(tmp_path: Path):
    assert samples.newest(tmp_path, CATEGORIES) is None and samples.stamp(tmp_path) == ("", 0)


def test_curves_are_of_what_the_run_has_figures_for(tiny_run):
    lines = jobs.metrics(tiny_run)
    assert {"Distance of statistics", "Images per second"} <= curves.charts(lines).keys()
    assert curves.charts(lines[:1]) == {} == curves.charts([])
    for chart in curves.charts(lines).values():
        assert chart.to_dict()["layer"]


def test_long_curves_are_thinned_and_keep_their_end():
    lines = [{"phase": "outline", "wall_minutes": i / 7, "augment": i} for i in range(5003)]
    (chart,) = curves.charts(lines).values()
    drawn = chart.layer[1].data
    assert len(drawn) <= curves.POINTS and drawn["value"].iloc[-1] == 5002


def test_a_run_without_categories_shows_the_rows_of_its_grid(tmp_path):
    codec = MelDecibels(sample_rate=16000, length=256, mels=16, hop=32, frames=32, columns=16)
    config = GanConfig("soundgan", "soundgan", codec, SoundGANConfig(width=4, size=16))
    (tmp_path / "samples").mkdir()
    write_samples(tmp_path / "samples", 3000, FAMILIES["soundgan"].build(config.network.to_dict()), config)
    (tmp_path / "config.json").write_text(json.dumps({"config": config.to_dict(), "categories": CATEGORIES}))
    found = samples.newest(tmp_path, jobs.categories(tmp_path))
    assert [sample.category for sample in found.samples] == ["sounds 1", "sounds 2", "sounds 3", "sounds 4"]
    assert found.kimg == 3 and len({sample.strip for sample in found.samples}) == 4
    (tmp_path / "config.json").write_text(json.dumps({"config": {"family": "cgan"}, "categories": CATEGORIES}))
    assert jobs.categories(tmp_path) == CATEGORIES
