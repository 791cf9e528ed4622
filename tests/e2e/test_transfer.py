"""The Transfer page in a real Chromium: an attribute of an uploaded sound is given to the sound at hand."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import expect

from synth.checkpoint.store import CARD
from tests.e2e.browsing import follow
from tests.harness.serving import find_chromium, served
from tests.pages.test_transfer import semantic

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed: apt-get install chromium"),
]


@pytest.fixture
def address(published: Path, tmp_path: Path) -> Iterator[str]:
    """An app whose model has a semantic slider."""
    checkpoints = Path(shutil.copytree(published, tmp_path / "checkpoints"))
    card = checkpoints / "tiny" / CARD
    values = json.loads(card.read_text())
    values["metrics"]["semantic"] = semantic(values["directions"][0]["name"])
    card.write_text(json.dumps(values))
    with served({"SONOFORM_CHECKPOINTS": str(checkpoints)}) as where:
        yield where


def test_a_sound_gets_the_brightness_of_an_upload(address, page, tmp_path):
    soundfile.write(tmp_path / "that.wav", 0.3 * np.sin(np.arange(1000) * 2 * np.pi * 900 / 16000), 16000)
    page.goto(f"{address}/?m=tiny&c=scrape")
    page.locator(".instrument .stage").wait_for()
    follow(page, "Transfer")
    page.get_by_text("This sound", exact=True).wait_for()
    page.locator("input[type=file]").first.set_input_files(str(tmp_path / "that.wav"))
    page.locator("[data-testid=stMetricValue]").nth(1).filter(has_text=re.compile(r"\d")).wait_for()
    page.get_by_role("button", name="Give", exact=True).click()
    page.get_by_text("After", exact=True).wait_for()
    page.wait_for_url(re.compile(r"d\.Dim\+1="))
    expect(page.get_by_role("slider", name="Dim 1", exact=True)).not_to_have_attribute("aria-valuenow", "0")
    with page.expect_download() as exported:
        page.get_by_role("button", name="WAV", exact=True).click()
    samples, rate = soundfile.read(io.BytesIO(exported.value.path().read_bytes()))
    assert rate == 16000 and abs(samples).max() > 0.01
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function("() => !location.search.includes('d.Dim')")
    assert page.locator(".stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
