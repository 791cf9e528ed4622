"""The Query page in a real Chromium, by its address of old: a reference, its match, and a refinement."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from tests.e2e.browsing import settled
from tests.harness.serving import find_chromium, served

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed: apt-get install chromium"),
]


@pytest.fixture
def address(published):
    with served({"SONOFORM_CHECKPOINTS": str(published), "STREAMLIT_SERVER_BASE_URL_PATH": "sound_design"}) as where:
        yield f"{where}/sound_design"


def samples(page, at: int) -> np.ndarray:
    data = (
        page.locator("audio")
        .nth(at)
        .evaluate("async audio => Array.from(new Uint8Array(await (await fetch(audio.src)).arrayBuffer()))")
    )
    return soundfile.read(io.BytesIO(bytes(data)))[0]


def changed(page, act) -> None:
    """Does something and waits until there is another match and the page rests."""
    before = page.locator("audio").nth(1).get_attribute("src")
    act()
    page.wait_for_function(
        "before => document.querySelectorAll('audio')[1]?.getAttribute('src') !== before", arg=before
    )
    settled(page)


def test_a_reference_is_matched_and_refined(address, page):
    page.goto(f"{address}/?app=algo-1&m=tiny")
    page.locator("audio").nth(1).wait_for()
    settled(page)
    assert "/sound_design/query?" in page.url
    given, made = samples(page, 0), samples(page, 1)
    changed(page, lambda: page.get_by_role("slider", name="Irregularity").press("End"))
    moved, matched = samples(page, 0), samples(page, 1)
    changed(page, page.get_by_role("button", name="Refine").click)
    refined = samples(page, 1)
    assert np.array_equal(samples(page, 0), moved)
    assert len({sound.tobytes() for sound in (given, made, moved, matched, refined)}) == 5
    assert all(np.sqrt(np.mean(sound**2)) > 1e-3 for sound in (given, made, moved, matched, refined))
    assert page.get_by_role("img", name="Difference").count() == 1
    assert page.locator(".stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
