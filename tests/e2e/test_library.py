"""The library in a real Chromium: kept with K, there after a reload, found by a word, opened, taken out."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from synth.patch.patch import Patch
from synth.sound.sound import Sound
from tests.e2e.browsing import follow, settled
from tests.harness.serving import find_chromium

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed: apt-get install chromium"),
]


def tile(page, name: str):
    return page.locator("[class*=st-key-tile-library]").get_by_role("button", name=name)


def test_a_sound_is_kept_by_its_key_found_after_a_reload_opened_and_taken_out(own_address, page, tmp_path: Path):
    page.goto(f"{own_address}/?m=tiny&c=hit&s=3&d.Dim+1=2.0")
    page.locator(".instrument .stage").wait_for()
    page.get_by_role("button", name=re.compile("^Keep")).wait_for()
    settled(page)
    page.keyboard.press("k")
    page.get_by_role("button", name=re.compile("^Kept")).wait_for()
    page.goto(f"{own_address}/?m=tiny&c=scrape&s=4")
    page.locator(".instrument .stage").wait_for()
    page.get_by_role("button", name="Shelf · 1").wait_for()
    settled(page)

    follow(page, "Library")
    tile(page, "Hit 3, Dim 1 +2").wait_for()
    page.reload()
    search = page.get_by_label("Search")
    search.fill("trumpet")
    search.press("Enter")
    expect(page.get_by_text("No sound has these words.")).to_be_visible()
    search.fill("hit dim")
    search.press("Enter")
    tile(page, "Hit 3, Dim 1 +2").click()
    name = page.get_by_label("Name")
    name.fill("Dull knock")
    name.press("Enter")
    tile(page, "Dull knock").wait_for()
    page.get_by_role("button", name="Play Dull knock").wait_for()
    settled(page)

    page.get_by_role("button", name="Save", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as a zip").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        archive.extractall(tmp_path)
    file = tmp_path / "DSGNMisc_Dull knock_SONO_TINY.wav"
    assert Sound.load(file).patch == Patch("tiny", "hit", 3, sliders={"Dim 1": 2.0})
    page.keyboard.press("Escape")

    page.get_by_role("link", name="Open in Shape").click()
    page.wait_for_url(re.compile(r"/\?.*d\.Dim\+1=2\.0"))
    page.get_by_role("button", name=re.compile("^Kept")).wait_for()


def test_on_the_piano_k_is_a_key_of_it(own_address, page):
    page.goto(f"{own_address}/?m=tiny&c=hit&s=3")
    page.get_by_role("button", name=re.compile("^Keep")).wait_for()
    page.locator(".instrument .stage").wait_for()
    settled(page)
    page.keyboard.press("m")
    page.locator(".piano").wait_for()
    page.keyboard.press("k")
    page.keyboard.press("m")
    expect(page.locator(".piano")).to_have_count(0)
    settled(page)
    expect(page.get_by_role("button", name="Shelf · 0")).to_be_visible()
    page.keyboard.press("k")
    page.get_by_role("button", name="Shelf · 1").wait_for()


def test_the_last_sounds_are_there_by_themselves_and_a_deleted_one_comes_back(own_address, page):
    page.goto(f"{own_address}/?m=tiny&c=scrape&s=4")
    page.get_by_role("button", name=re.compile("^Keep")).click()
    page.get_by_role("button", name=re.compile("^Kept")).wait_for()
    page.get_by_role("button", name="Roll").first.click()
    page.get_by_role("button", name=re.compile("^Keep")).wait_for()
    settled(page)
    page.goto(f"{own_address}/library")
    page.get_by_text("Last 100").click()
    page.get_by_text("2 sounds", exact=True).wait_for()
    page.get_by_text("Kept", exact=True).click()
    page.get_by_text("1 sound", exact=True).wait_for()
    tile(page, "Scrape 4").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Undo the deletion").click()
    tile(page, "Scrape 4").wait_for()
