"""The Generators page in a real Chromium: from the choice of a model to a zip whose sounds are read back."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from synth.instruments.plain import PlainInstrument
from synth.patch.naming import file_stem
from synth.patch.patch import Patch
from synth.sound.sound import Sound
from tests.e2e.browsing import follow, settled
from tests.harness.serving import find_chromium, served

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed: apt-get install chromium"),
]


@pytest.fixture
def address(families: Path) -> Iterator[str]:
    with served({"SONOFORM_CHECKPOINTS": str(families), "OMP_NUM_THREADS": "1"}) as where:
        yield where


def read(download) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def rest(page) -> None:
    """Waits until all sounds are there."""
    settled(page)
    cards, players = page.locator("[class*=st-key-card-]"), page.locator("[class*=st-key-card-] .player")
    expect(players).to_have_count(cards.count(), timeout=60_000)


def test_from_a_model_to_a_zip_whose_sounds_are_read_back(address, page, families):
    page.set_default_timeout(120_000)
    page.goto(address)
    follow(page, "Generators")
    page.get_by_role("button", name="Download all").wait_for()
    rest(page)
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name="Cgan").click()
    page.wait_for_url(re.compile("m%3Dcgan"))
    rest(page)
    page.get_by_role("combobox", name="Category").click()
    page.get_by_role("option", name="Scrape").click()
    page.wait_for_url(re.compile("c%3Dscrape"))
    rest(page)
    count = page.get_by_label("Sounds", exact=True)
    count.fill("3")
    count.press("Enter")
    page.get_by_text("3 sounds, 0.2 s").wait_for()
    rest(page)
    cards = page.locator("[class*=st-key-card-]")
    expect(cards.locator(".player canvas.heat")).to_have_count(3, timeout=60_000)
    expect(cards.nth(1).get_by_role("group", name="Seed 1, cgan")).to_have_count(1, timeout=60_000)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download all").click()
    assert saved.value.suggested_filename == "cgan-sounds.zip"
    files = read(saved)
    assert list(files) == [*(f"cgan_scrape_s{seed}.wav" for seed in range(3)), "sounds.txt"]
    instrument = PlainInstrument.load(families / "cgan", "cpu")
    for seed in range(3):
        sound = Sound.load(files[f"cgan_scrape_s{seed}.wav"])
        assert sound.patch == Patch("cgan", "scrape", seed)
        assert np.abs(sound.samples - instrument.render(sound.patch).samples).max() < 1e-4

    page.get_by_role("button", name=re.compile("Vary.*Seed 2")).click()
    page.get_by_text("4 sounds, 0.3 s").wait_for()
    page.wait_for_url(re.compile("mode%3Daround"))
    rest(page)
    page.get_by_role("button", name=re.compile("Save.*Variation 3")).click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="FLAC").click()
    third = instrument.varied(Patch("cgan", "scrape", 2), 0.1, 3, 0)[2]
    assert saved.value.suggested_filename == f"{file_stem(third)}-near-03.flac"
    assert Sound.load(Path(saved.value.path())).patch == third
    page.goto(page.url)  # as a new visitor
    page.get_by_text("4 sounds, 0.3 s").wait_for()
    rest(page)
    assert page.get_by_text("Seed 2, the centre").count() > 0
    assert page.locator(".stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
