"""The Query page in a real Chromium, by its address of old: a reference, its match, and a refinement."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tests.e2e.browsing import settled
from tests.e2e.test_instrument import LISTEN, heard, wait_for_sounds
from tests.harness.serving import find_chromium, served

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed: apt-get install chromium"),
]


@pytest.fixture
def address(published):
    with served({"SONOFORM_CHECKPOINTS": str(published), "STREAMLIT_SERVER_BASE_URL_PATH": "sound_design"}) as where:
        yield f"{where}/sound_design"


def samples(page, name: str) -> np.ndarray:
    """What a player plays; the other one stops."""
    before = len(heard(page))
    page.get_by_role("button", name=re.compile(f"(Play|Stop) the {name}")).click()
    wait_for_sounds(page, before)
    return heard(page)[-1]


def changed(page, act) -> None:
    """Does something and waits until another match is heard and the page rests."""
    before = len(heard(page))
    act()
    wait_for_sounds(page, before)
    settled(page)


def both(page) -> tuple[np.ndarray, np.ndarray]:
    return samples(page, "synthetic reference"), samples(page, "generated match")


def test_a_reference_is_matched_and_refined(address, page):
    page.add_init_script(LISTEN)
    page.set_default_timeout(60_000)
    page.goto(f"{address}/?app=algo-1&m=tiny")
    page.locator(".player .stage").nth(1).wait_for()
    settled(page)
    assert "/sound_design/query?" in page.url
    given, made = both(page)
    changed(page, lambda: page.get_by_role("slider", name="Irregularity").press("End"))
    moved, matched = both(page)
    changed(page, page.get_by_role("button", name="Refine").click)
    again, refined = both(page)
    assert np.array_equal(again, moved)
    assert len({sound.tobytes() for sound in (given, made, moved, matched, refined)}) == 5
    assert all(np.sqrt(np.mean(sound**2)) > 1e-3 for sound in (given, made, moved, matched, refined))
    assert page.get_by_role("img", name="Difference").count() == 1
    assert page.locator(".stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
