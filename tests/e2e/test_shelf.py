"""The shelf in a real Chromium: what is kept on one page is heard, saved and opened on another."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from synth.patch.patch import Patch
from synth.sound.sound import Sound
from tests.e2e.browsing import follow, settled
from tests.e2e.test_instrument import LISTEN, heard, wait_for_sounds
from tests.harness.serving import find_chromium

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed: apt-get install chromium"),
]


def test_what_is_kept_is_heard_saved_and_opened_elsewhere(own_address, page):
    address = own_address
    page.add_init_script(LISTEN)
    page.set_default_timeout(60_000)
    page.goto(f"{address}/?m=tiny&c=hit&s=3&d.Dim+1=2.0")
    page.get_by_role("button", name=re.compile("^Keep")).click()
    page.get_by_role("button", name=re.compile("^Kept")).wait_for()
    follow(page, "Match")
    page.locator(".instrument .stage").wait_for()
    settled(page)
    page.get_by_role("button", name="Shelf · 1").click()
    shelf = page.get_by_role("dialog")
    shelf.get_by_text("Hit 3, Dim 1 +2").first.wait_for()
    before = len(heard(page))
    shelf.get_by_role("button", name="Play Hit 3, Dim 1 +2").click()
    wait_for_sounds(page, before)
    shelf.get_by_role("button", name="Save").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="WAV", exact=True).last.click()
    sound = Sound.load(str(saved.value.path()))
    assert sound.patch == Patch("tiny", "hit", 3, sliders={"Dim 1": 2.0})
    assert np.abs(heard(page)[-1] - sound.samples[0]).max() < 1e-3
    shelf.get_by_role("link", name="Open in Shape").click()
    page.wait_for_url(re.compile(r"/\?.*d\.Dim\+1=2\.0"))
    expect(shelf).to_have_count(0, timeout=60_000)
