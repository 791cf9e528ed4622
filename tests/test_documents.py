"""What the documents tell people to type works, and what they point to is there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from synth.cli.command import main, parser

ROOT = Path(__file__).resolve().parent.parent
TOP = ("README.md", "CONTRIBUTING.md", "SECURITY.md")
DOCUMENTS = [*(ROOT / name for name in TOP), *sorted((ROOT / "docs").glob("*.md")), ROOT / "benchmarks" / "README.md"]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?:\]\(|src=\"|href=\")([^)\"#\s]+)")


def blocks(path: Path, language: str) -> list[str]:
    return [text for kind, text in BLOCK.findall(path.read_text(encoding="utf-8")) if kind == language]


def commands(text: str) -> list[list[str]]:
    """Arguments of the lines that call sonoform."""
    lines = text.replace("\\\n", " ").splitlines()
    words = [shlex.split(line, comments=True) for line in lines if line.startswith("sonoform ")]
    return [w[1 : w.index(">")] if ">" in w else w[1:] for w in words]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_is_one_that_there_is(path: Path) -> None:
    for text in blocks(path, "bash"):
        for arguments in commands(text):
            assert parser().parse_args(arguments)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_what_is_pointed_to_is_there(path: Path) -> None:
    named = LINK.findall(path.read_text(encoding="utf-8"))
    assert [to for to in named if ":" not in to and not (path.parent / to).exists()] == []


def test_every_benchmark_is_in_their_index():
    text = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    there = {path.stem for path in (ROOT / "benchmarks").glob("*.py")} - {"__init__", "multiresolution"}
    assert set(re.findall(r"^\| (\w+) \| .*python -m benchmarks\.\1\b", text, re.MULTILINE)) == there


def test_the_python_of_the_readme_makes_its_sound(tmp_path: Path) -> None:
    (lines,) = blocks(ROOT / "README.md", "python")
    assert len(lines.strip().splitlines()) <= 6
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{lines}"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    assert (tmp_path / "scrape.wav").stat().st_size > 10_000


def test_the_shell_of_the_readme_makes_its_sounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first = next(text for text in blocks(ROOT / "README.md", "bash") if "sonoform render" in text)
    for arguments in commands(first):
        if arguments[0] != "serve":
            assert main(arguments) == 0
    assert len(list((tmp_path / "out").iterdir())) == 5
