"""What a run's folder tells of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from synth.runs import figures


def test_figures_are_told_apart():
    tick = {"step": 1, "seen": 4, "phase": "adversarial", "images_per_second": 2.0, "generator": 0.5, "device": "CPU"}
    score = {"step": 1, "seen": 4, "space": "AlexNet", "fad": 3.0, "hit_rate": 0.5, "sounds": 8.0}
    assert figures.losses(tick) == {"generator": 0.5} and figures.scores(tick) == {}
    assert figures.scores(score) == {"fad": 3.0, "hit_rate": 0.5} and figures.losses(score) == {}


def test_a_snapshot_has_a_row_and_a_sound_for_each_category(tiny_run: Path):
    (snapshot,) = figures.snapshots(tiny_run)
    rows = snapshot.rows(64)
    assert snapshot.kimg == 3 and len(rows) == len(snapshot.sounds) == 2
    assert all(row.width <= 64 and row.width > 2 * row.height for row in rows)
    assert figures.row_names(figures.settings(tiny_run), 2) == ["hit", "scrape"]


def test_rows_without_categories_are_just_sounds():
    assert figures.row_names({"config": {"family": "soundgan"}, "categories": ["a", "b"]}, 2) == ["sound 1", "sound 2"]
    assert figures.row_names({"config": {"family": "cgan"}, "categories": ["a_b", "c"]}, 2) == ["a b", "c"]
    assert figures.row_names({}, 1) == ["sound 1"]


def test_a_grid_that_is_being_written_is_told(tiny_run: Path, tmp_path: Path):
    shutil.copytree(tiny_run / "samples", tmp_path / "samples")
    grid = next((tmp_path / "samples").glob("*.png"))
    grid.write_bytes(grid.read_bytes()[:200])
    with pytest.raises(ValueError, match=grid.name):
        figures.snapshots(tmp_path)[0].rows(64)


def test_a_folder_without_a_run_is_empty(tmp_path: Path):
    assert figures.snapshots(tmp_path) == [] and figures.settings(tmp_path) == {}
    (tmp_path / "config.json").write_text("{")
    assert figures.settings(tmp_path) == {}
