"""The Match page in a real Chromium: an upload is matched, a slider works on the match, and its WAV is exported."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
import soundfile
from playwright.sync_api import expect

from synth.sound.sound import Sound
from tests.e2e.browsing import at_rest, follow, settled
from tests.e2e.test_instrument import LISTEN, heard, wait_for_sounds
from tests.harness.serving import find_chromium

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed: apt-get install chromium"),
]


def recording(seconds: float = 1.0) -> bytes:
    """Near silence with a burst in the middle of its first second, in stereo at 48 kHz."""
    rng = np.random.default_rng(0)
    samples = 1e-3 * rng.standard_normal((round(48000 * seconds), 2))
    samples[24000:26000] += 0.4 * rng.standard_normal((2000, 2))
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, 48000, format="WAV")
    return buffer.getvalue()


def part(page):
    return page.get_by_role("slider", name="Where the part begins")


def played(page) -> np.ndarray:
    """What the player of the part plays."""
    before = len(heard(page))
    page.get_by_role("button", name=re.compile("(Play|Stop) the chosen part")).click()
    wait_for_sounds(page, before)
    return heard(page)[-1]


def begins(page, at: str) -> None:
    """Waits until the page, too, knows where the part begins: it plays another one."""
    expect(part(page)).to_have_attribute("aria-valuetext", re.compile(f"from {at}"), timeout=60_000)
    settled(page)


def test_the_part_of_a_long_recording_is_chosen_on_its_waveform(page, address):
    page.set_default_timeout(60_000)
    page.add_init_script(LISTEN)
    page.goto(f"{address}/match?m=tiny")
    page.locator(".instrument .stage").wait_for()
    page.locator("input[type=file]").set_input_files(
        files=[{"name": "long.wav", "mimeType": "audio/wav", "buffer": recording(10.0)}]
    )
    begins(page, "0.4")
    whole, near = page.locator(".part .strip").nth(0), page.locator(".part .strip").nth(1)
    first = played(page)
    box = at_rest(whole)
    page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 20)  # brings the middle of the part there
    begins(page, "7.4")
    assert not np.array_equal(played(page), first)
    box = at_rest(near)  # half a second, with the part in its middle
    page.mouse.down()
    page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 20, steps=4)
    page.mouse.up()
    begins(page, r"7\.(59|60|61)")
    part(page).press("Home")
    begins(page, "0.00")
    part(page).press("Shift+ArrowRight")
    begins(page, "0.10")
    assert page.locator(".stMain").evaluate("main => main.scrollWidth <= main.clientWidth")


def test_from_an_upload_to_an_exported_wav(page, address):
    page.goto(f"{address}/?m=tiny")
    follow(page, "Match")
    page.locator(".instrument .stage").wait_for()
    page.locator("input[type=file]").set_input_files(
        files=[{"name": "burst.wav", "mimeType": "audio/wav", "buffer": recording()}]
    )
    expect(part(page)).to_have_attribute("aria-valuetext", re.compile("of 1.00 s, from 0.4"), timeout=60_000)
    page.get_by_role("radio", name="2 s", exact=True).click()
    page.get_by_role("button", name="Match", exact=True).click()
    page.get_by_role("button", name="Cancel").wait_for()
    page.get_by_role("img", name="Difference").wait_for()
    page.wait_for_url(re.compile(r"[?&]z="))
    assert page.locator(".st-key-compare .player").count() == 2
    with page.expect_response(f"{address}/infer"):
        page.get_by_role("slider", name="Dim 2", exact=True).press("End")
    page.wait_for_url(re.compile(r"d\.Dim\+2=5\.0"))
    with page.expect_download() as download:
        page.get_by_role("button", name="WAV", exact=True).click()
    sound = Sound.load(str(download.value.path()))
    assert sound.patch.latent and sound.patch.sliders == {"Dim 2": 5.0} and np.abs(sound.samples).max() > 1e-3
    assert page.locator(".stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
