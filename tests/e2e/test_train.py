"""The Train page in a real Chromium, with a real trainer: from a zip to a model that plays."""

from __future__ import annotations

import os
import re
import shutil
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import expect

from app.jobs import jobs
from tests.e2e.browsing import follow
from tests.harness.serving import find_chromium, served

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed: apt-get install chromium"),
]

# Milliseconds. The first sounds come after as many images as the machine made in 90 s when it was tried: one that is
# busy since then takes a multiple of that. A run that ends instead is seen at once.
PATIENCE = 1_200_000


@pytest.fixture
def address(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An app with runs and models of its own; what is still trained at the end is ended."""
    monkeypatch.setenv("SONOFORM_RUNS", str(tmp_path / "runs"))
    checkpoints = shutil.copytree(published, tmp_path / "checkpoints")
    environment = {"SONOFORM_CHECKPOINTS": str(checkpoints), "SONOFORM_DEVICE": "cpu", "OMP_NUM_THREADS": "1"}
    with served(environment) as where:
        yield where
    for folder in jobs.runs():
        record = jobs.read_json(folder / jobs.JOB)
        if jobs.birth(record["pid"]) == record["birth"]:
            os.killpg(record["pid"], signal.SIGKILL)


@pytest.fixture
def zipped(recordings: Path, tmp_path: Path) -> Path:
    path = tmp_path / "drums.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(recordings.rglob("*.wav")):
            archive.write(file, f"drums/{file.relative_to(recordings)}")
    return path


def badge(page, label: re.Pattern):
    return page.locator(".stMarkdownBadge", has_text=label)


def state(page, label: str) -> None:
    badge(page, re.compile(rf"\b{label}\b")).wait_for()


def first_sounds(page) -> None:
    """Waits for sounds of the run, and no longer than it runs."""
    sounds, over = page.locator("audio"), badge(page, re.compile("Not running|Paused|Finished|Stopped"))
    sounds.or_(over).first.wait_for()
    assert not over.count(), page.locator(".stMain").inner_text()


def test_from_a_zip_to_a_model_that_plays(address, page, zipped):
    page.goto(address)
    follow(page, "Train")
    page.locator("input[type=file]").set_input_files(zipped)
    page.get_by_text("20 clips").wait_for()
    page.get_by_role("button", name="Start").click()
    state(page, "Running")
    page.get_by_test_id("stMetric").filter(has_text="Inventing").wait_for()

    page.goto(f"{address}/?m=tiny")  # gone, and back as a new visitor
    follow(page, "Train")
    state(page, "Running")
    assert page.get_by_role("button", name="Delete").is_disabled()
    first_sounds(page)
    page.get_by_role("button", name="Stop").click()
    state(page, "Finished")
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    assert page.locator(".stMain").evaluate("main => main.scrollWidth <= main.clientWidth")

    page.get_by_role("button", name="Publish").click()
    page.get_by_label("Name of the model").fill("mine")
    page.get_by_label("Name of the model").press("Enter")
    page.locator(".st-key-publish button").click()
    page.get_by_role("link", name="Play").click()
    page.get_by_text("mine_hit_s0").wait_for()
    assert "m=mine" in page.url
    with page.expect_download() as download:
        page.get_by_role("button", name="WAV").click()
    samples, _ = soundfile.read(download.value.path())
    assert np.sqrt(np.mean(samples**2)) > 1e-3
    page.get_by_role("combobox", name="Model").click()
    assert page.get_by_role("option").count() == 2
