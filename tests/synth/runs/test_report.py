"""The report of a run: one file that holds all it shows."""

from __future__ import annotations

import base64
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from synth.cli.command import main
from synth.errors import RunError
from synth.runs.report import write_report

ADDRESS = re.compile(r"(?:src|href|url)\s*[=(]\s*['\"]?([^'\"\s>)]+)")


@pytest.fixture
def run(tiny_run: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "mine & <yours>"
    folder.mkdir()
    shutil.copytree(tiny_run / "samples", folder / "samples")
    for name in ("config.json", "metrics.jsonl"):
        shutil.copy(tiny_run / name, folder)
    return folder


def plain_run(folder: Path, lines: list[dict[str, object]], family: str = "soundgan") -> Path:
    """A run as the trainer of another family leaves it: four sounds of no category."""
    (folder / "samples").mkdir(parents=True)
    config = {"preset": family, "family": family, "batch": 16, "codec": {"name": "MelDecibels", "mels": 128}}
    settings = {"config": config, "data": "/somewhere/private/drums", "categories": ["a", "b"]}
    (folder / "config.json").write_text(json.dumps(settings))
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    for kimg in (0, 2, 4):
        stem = folder / "samples" / f"kimg-{kimg:06d}"
        Image.new("RGB", (520, 520), (kimg * 40, 0, 90)).save(f"{stem}.png")
        for i in range(4):
            soundfile.write(f"{stem}-{i:02d}.wav", np.full(800, 0.1 * i), 8000)
    return folder


def wgan_lines() -> list[dict[str, object]]:
    ticks = [
        {"step": i, "seen": 500 * i, "images_per_second": 9.0 + i, "wall_minutes": i / 2, "generator": 1.0 / i,
         "discriminator": -1.0 / i, "penalty": 0.1 * i}
        for i in range(1, 9)
    ]  # fmt: skip
    scored = [{"step": i, "seen": 500 * i, "space": "AlexNet", "fad": 90.0 / i, "sounds": 256.0} for i in (4, 8)]
    return [*ticks, *scored]


def test_it_tells_all_and_asks_for_nothing(run: Path) -> None:
    path = write_report(run)
    page = path.read_text(encoding="utf-8")
    assert path == run / "report.html" and not list(run.glob("*.tmp"))
    HTMLParser().feed(page)
    assert all(address.startswith(("data:", "#")) for address in ADDRESS.findall(page))
    assert "<script" not in page and "@import" not in page
    assert "mine &amp; &lt;yours&gt;" in page and "<yours>" not in page
    told = ("Frechet distance of drawn sounds", "space of AlexNet", "hit, scrape", "preset tiny", "codec.hop")
    for words in told:
        assert words in page, words


def test_sounds_are_those_of_the_newest_snapshot(run: Path) -> None:
    page = write_report(run).read_text(encoding="utf-8")
    sounds = [base64.b64decode(data) for data in re.findall(r"data:audio/wav;base64,([^']+)", page)]
    assert sounds == [path.read_bytes() for path in sorted((run / "samples").glob("*.wav"))]


def test_curves_are_drawn_of_the_figures(tmp_path: Path) -> None:
    page = write_report(plain_run(tmp_path / "run", wgan_lines(), "wgan")).read_text(encoding="utf-8")
    titles = re.findall(r"<figcaption>([^<]+)</figcaption><svg", page)
    assert titles == ["Losses of both players", "FAD, AlexNet", "Gradient penalty", "Images per second"]
    assert page.count("<svg") == 4 and "#010203" not in page
    assert "WGAN-GP" in page and "11.25" in page, "the best FAD"


def test_families_without_categories_show_their_sounds(tmp_path: Path) -> None:
    page = write_report(plain_run(tmp_path / "run", wgan_lines())).read_text(encoding="utf-8")
    assert [f"sound {i}" in page for i in range(1, 6)] == [True] * 4 + [False]
    assert page.count("data:audio/wav") == 4 and "At 4 thousand images" in page
    assert page.count("thousand images</figcaption>") == 2, "the snapshots before"
    assert "drums" in page and "private" not in page, "a report that is passed on says nothing of folders"


def test_a_snapshot_that_is_being_written_gives_way(tmp_path: Path) -> None:
    folder = plain_run(tmp_path / "run", wgan_lines())
    half = folder / "samples" / "kimg-000004.png"
    half.write_bytes(half.read_bytes()[:60])
    assert "At 2 thousand images" in write_report(folder).read_text(encoding="utf-8")


def test_a_run_that_has_shown_nothing_yet_has_a_report(tmp_path: Path) -> None:
    folder = plain_run(tmp_path / "run", [])
    shutil.rmtree(folder / "samples")
    page = write_report(folder).read_text(encoding="utf-8")
    assert "none yet" in page and "<svg" not in page and "<audio" not in page


def test_the_verb_writes_it(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(run)]) == 0
    assert capsys.readouterr().out.strip() == str(run / "report.html")
    assert main(["report", str(tmp_path / "nothing")]) == 2
    assert "holds no run" in capsys.readouterr().err
    with pytest.raises(RunError):
        write_report(tmp_path)
