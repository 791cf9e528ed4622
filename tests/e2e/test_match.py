"""The Match page in a real Chromium: an upload is matched, a slider works on the match, and its WAV is exported."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
import soundfile

from synth.sound.sound import Sound
from tests.e2e.browsing import follow
from tests.harness.serving import find_chromium

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed: apt-get install chromium"),
]


def recording() -> bytes:
    """A second of near silence with a burst in its middle, in stereo at 48 kHz."""
    rng = np.random.default_rng(0)
    samples = 1e-3 * rng.standard_normal((48000, 2))
    samples[24000:26000] += 0.4 * rng.standard_normal((2000, 2))
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, 48000, format="WAV")
    return buffer.getvalue()


def test_from_an_upload_to_an_exported_wav(page, address):
    page.goto(f"{address}/?m=tiny")
    follow(page, "Match")
    page.locator(".instrument .stage").wait_for()
    page.locator("input[type=file]").set_input_files(
        files=[{"name": "burst.wav", "mimeType": "audio/wav", "buffer": recording()}]
    )
    assert "1.00 s, from 0.4" in page.locator(".part-picture").get_attribute("aria-label")
    page.get_by_role("radio", name="2 s", exact=True).click()
    page.get_by_role("button", name="Match", exact=True).click()
    page.get_by_role("button", name="Cancel").wait_for()
    page.get_by_role("img", name="Difference").wait_for()
    page.wait_for_url(re.compile(r"[?&]z="))
    assert page.locator(".st-key-compare audio").count() == 2
    with page.expect_response(f"{address}/infer"):
        page.get_by_role("slider", name="Dim 2", exact=True).press("End")
    page.wait_for_url(re.compile(r"d\.Dim\+2=5\.0"))
    with page.expect_download() as download:
        page.get_by_role("button", name="WAV", exact=True).click()
    sound = Sound.load(str(download.value.path()))
    assert sound.patch.latent and sound.patch.sliders == {"Dim 2": 5.0} and np.abs(sound.samples).max() > 1e-3
    assert page.locator(".stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
