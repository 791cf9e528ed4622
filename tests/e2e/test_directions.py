"""The Directions page in a real Chromium: sounds in, a slider out, which is heard, shared and taken in elsewhere."""

from __future__ import annotations

import io
import re

import pytest
import soundfile

from tests.e2e.browsing import follow
from tests.harness.serving import find_chromium

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed: apt-get install chromium"),
]


def test_a_slider_of_own_sounds_is_made_heard_exported_and_shared(own_address, page, recordings, tmp_path):
    page.goto(f"{own_address}/?m=tiny&c=scrape")
    page.locator(".instrument .stage").wait_for()
    follow(page, "Directions")
    page.get_by_text("A slider from your own sounds").wait_for()
    for at, category in enumerate(("hit", "scrape")):
        sounds = [str(path) for path in sorted((recordings / category).iterdir())[:3]]
        page.locator("input[type=file]").nth(at).set_input_files(sounds)
        page.get_by_text(f"{category}_2.wav").wait_for()
    page.get_by_label("Name of the slider").fill("Snap")
    page.get_by_label("Name of the slider").press("Enter")
    page.get_by_role("button", name="Make", exact=True).click()
    page.get_by_text("Snap is a slider of").wait_for()

    slider = page.get_by_role("slider", name="Snap", exact=True)
    with page.expect_response(f"{own_address}/infer") as draft:
        slider.press("End")
    assert draft.value.body()[:4] == b"SNFM"
    page.wait_for_url(re.compile(r"d\.Snap=5\.0"))
    with page.expect_download() as exported:
        page.get_by_role("button", name="WAV", exact=True).click()
    samples, rate = soundfile.read(io.BytesIO(exported.value.path().read_bytes()))
    assert rate == 16000 and abs(samples).max() > 0.01

    with page.expect_download() as shared:
        page.get_by_role("button", name="Share", exact=True).last.click()
    file = tmp_path / shared.value.suggested_filename
    shared.value.save_as(file)
    assert file.name == "Snap.direction.json"
    page.get_by_role("button", name="Open a shared slider").click()
    page.get_by_test_id("stPopoverBody").locator("input[type=file]").set_input_files(str(file))
    page.get_by_text("Snap 2 is a slider of").wait_for()
    assert page.locator(".stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
