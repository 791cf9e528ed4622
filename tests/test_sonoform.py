"""`import sonoform`: what it offers, and that it costs nothing until it is asked for."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

import sonoform

ROOT = Path(__file__).resolve().parent.parent


def test_its_names_are_those_of_the_library():
    from synth.instruments.loading import load
    from synth.patch.patch import Patch

    assert sonoform.load is load and sonoform.Patch is Patch
    assert set(sonoform.__all__) <= set(dir(sonoform))
    for name in sonoform.__all__:
        assert getattr(sonoform, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        _ = sonoform.nothing


def test_it_is_imported_without_what_it_offers():
    code = "import sonoform, sys; print([m for m in ('numpy', 'torch', 'synth') if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_the_lines_of_its_docstring_make_a_sound(tiny_checkpoint, tmp_path):
    assert "sonoform.load(" in sonoform.__doc__
    patch = sonoform.Patch("tiny", category="scrape", seed=1)
    sonoform.load("tiny").render(patch).save(tmp_path / "scrape.wav")
    again = sonoform.Sound.load(tmp_path / "scrape.wav")
    assert again.patch == patch and np.abs(again.samples).max() > 0
    assert "tiny" in sonoform.models()


@pytest.mark.usefixtures("tiny_checkpoint")
def test_as_a_module_it_is_the_command_line():
    def told(module: str, *arguments: str) -> tuple[int, str, str]:
        command = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    assert told("sonoform", "models") == told("synth", "models") and "tiny" in told("sonoform", "models")[1]
    code, _, complaint = told("sonoform", "render", "--model", "nothing")
    assert code == 2 and complaint.startswith("sonoform: ") and len(complaint.splitlines()) == 1


def test_its_version_is_that_of_the_package():
    with (ROOT / "pyproject.toml").open("rb") as file:
        assert tomllib.load(file)["project"]["version"] == sonoform.__version__


def test_both_packages_say_that_they_are_typed():
    assert (ROOT / "sonoform" / "py.typed").is_file() and (ROOT / "synth" / "py.typed").is_file()
