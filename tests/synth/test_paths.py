"""Where things are: in a clone, elsewhere, and where they are named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from synth import paths


def test_in_a_clone_all_is_beside_the_sources() -> None:
    root = Path(__file__).resolve().parents[2]
    assert paths.IS_CLONE and paths.shell() == paths.home() == root and paths.shipped() == root / "checkpoints"


def test_an_installed_one_keeps_to_the_users_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(paths, "IS_CLONE", False)
    monkeypatch.setattr(paths.sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    for name in ("CHECKPOINTS", "OUTPUTS", "RUNS", "CACHE"):
        monkeypatch.delenv(f"SONOFORM_{name}", raising=False)
    assert paths.shell().parts[-2:] == ("sonoform", "web")
    assert [place() for place in (paths.models, paths.outputs, paths.runs, paths.cache)] == [
        tmp_path / "sonoform" / name for name in ("checkpoints", "outputs", "runs", ".cache")
    ]


def test_each_place_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, place in (("CHECKPOINTS", paths.models), ("OUTPUTS", paths.outputs), ("CACHE", paths.cache)):
        monkeypatch.setenv(f"SONOFORM_{name}", str(tmp_path / name))
        assert place() == tmp_path / name


def test_another_process_has_the_same_places_from_any_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SONOFORM_RUNS", "mine")
    told = paths.environment()
    assert told["SONOFORM_RUNS"] == str(tmp_path / "mine")
    assert told["PYTHONPATH"].split(os.pathsep)[0] == str(paths.shell())
