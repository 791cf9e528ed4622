"""The Variations page in a real Chromium: a neighbour is heard, becomes the centre, and is saved."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from synth.instruments.style import StyleInstrument
from synth.patch.patch import Patch
from synth.sound.sound import Sound
from tests.e2e.browsing import follow, settled
from tests.harness.serving import find_chromium

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed: apt-get install chromium"),
]

LISTEN = """
window.heard = 0;
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (...when) { window.heard += 1; return start.apply(this, when); };
"""


def test_a_neighbour_is_heard_kept_as_the_centre_and_saved(page, address, published):
    page.add_init_script(LISTEN)
    page.goto(f"{address}/?m=tiny&c=scrape&s=5")
    page.locator(".instrument .stage").wait_for()
    follow(page, "Variations")
    page.locator(".instrument .stage").wait_for()
    before = page.evaluate("window.heard")
    page.get_by_role("button", name="7", exact=True).click()
    page.wait_for_function("before => window.heard > before", arg=before)
    page.get_by_role("button", name="Make it the centre").click()
    page.wait_for_url(re.compile("[?&]z="))
    page.get_by_text("their centre").wait_for()
    settled(page)
    with page.expect_download() as saved:
        page.get_by_role("button", name="WAV", exact=True).click()
    sound = Sound.load(Path(saved.value.path()))
    instrument = StyleInstrument.load(published / "tiny", "cpu")
    seventh = instrument.neighbours(Patch("tiny", "scrape", 5), 0.4, 12, seed=0)[6]
    assert sound.patch == seventh
    assert np.abs(sound.samples - instrument.render(seventh).samples).max() < 1e-4
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url(lambda url: "z=" not in url)


def test_on_a_phone_the_sound_comes_first_and_tiles_stand_side_by_side(chromium, address):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{address}/variations?m=tiny&c=scrape&s=5")
    page.locator(".instrument .stage").wait_for(timeout=60_000)
    settled(page)
    boxes = [page.get_by_role("button", name=str(i), exact=True).bounding_box() for i in range(1, 5)]
    assert len({box["y"] for box in boxes[:3]}) == 1 and boxes[3]["y"] > boxes[0]["y"]
    assert page.locator(".instrument .stage").bounding_box()["y"] < boxes[0]["y"]
    assert page.locator(".stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
    context.close()
