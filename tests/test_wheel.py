"""The wheel: what it brings, that it plays from any folder, and that its ranges hold the versions that are tested."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("app", "pages", "sonoform", "synth", ".streamlit")
FILES = ("streamlit_app.py", "setup.py", "pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the sources, as a build leaves folders behind."""
    pytest.importorskip("setuptools")
    copy, out = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, copy)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", out, copy]
    subprocess.run([*map(str, command), "--disable-pip-version-check"], check=True)
    return next(out.glob("sonoform-*.whl"))


def test_it_puts_no_package_of_a_common_name_among_everybodys(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"sonoform", "synth"}
    for needed in ("streamlit_app.py", ".streamlit/config.toml", "app/main.py", "app/static/instrument.js"):
        assert f"sonoform/web/{needed}" in names
    assert {"sonoform/py.typed", "synth/py.typed", "sonoform/web/pages/shape.py"} <= set(names)
    assert "sonoform/web/setup.py" not in names


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that pip put the wheel into, and nothing else; what it requires is that of the tests."""
    place = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(place, with_pip=False, symlinks=True)
    python = place / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python)]
    subprocess.run([*pip, "install", "-q", "--no-deps", "--no-index", str(wheel)], check=True)
    (site,) = place.glob("lib/python*/site-packages")
    (site / "required.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return place / "bin"


def test_it_plays_from_another_folder(installed: Path, tiny_checkpoint: Path, tmp_path: Path) -> None:
    kept = {key: text for key, text in os.environ.items() if not key.startswith(("SONOFORM_", "PYTHON"))}
    environment = kept | {"XDG_DATA_HOME": str(tmp_path / "data"), "HOME": str(tmp_path)}

    def told(*command: str) -> str:
        program, *arguments = command
        ran = subprocess.run(
            [str(installed / program), *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    assert told("python", "-m", "sonoform", "--help") == told("sonoform", "--help") != ""
    assert "take some in with `sonoform models --install PATH`" in told("sonoform", "models")
    assert told("sonoform", "models", "--install", str(tiny_checkpoint)).startswith("tiny\t")
    assert (tmp_path / told("sonoform", "render", "--model", "tiny", "--out", "sounds").strip()).is_file()
    code = "import sonoform; from synth import paths; print(paths.shell(), (paths.shell() / 'app').is_dir())"
    (site,) = installed.parent.glob("lib/python*/site-packages")
    assert told("python", "-c", code).split() == [str(site / "sonoform" / "web"), "True"]


def test_its_ranges_hold_the_versions_that_are_tested() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        ranges = {r.name: r for r in map(Requirement, tomllib.load(file)["project"]["dependencies"])}
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    assert pins.keys() == ranges.keys()
    assert [name for name, version in pins.items() if not ranges[name].specifier.contains(version)] == []
