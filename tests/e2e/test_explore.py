"""The Explore page in a real Chromium: a direction of some layers is heard, named, and a slider of Shape."""

from __future__ import annotations

import re

import pytest

from tests.e2e.browsing import follow
from tests.e2e.test_instrument import LISTEN, heard, wait_for_sounds
from tests.harness.serving import find_chromium

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed: apt-get install chromium"),
]


def test_a_direction_is_heard_named_and_kept(own_address, page):
    page.add_init_script(LISTEN)
    page.set_default_timeout(60_000)
    page.goto(f"{own_address}/?app=algo-2&m=tiny&c=scrape")
    page.locator(".instrument .stage").wait_for()
    page.get_by_role("slider", name="Layers").first.press("ArrowRight")
    page.get_by_role("button", name="layers 1 to").wait_for()
    with page.expect_response(f"{own_address}/infer") as draft:
        page.get_by_role("slider", name="Dim 2", exact=True).press("End")
    moved = draft.value.body()
    page.wait_for_url(re.compile(r"d\.SeFa\+2\+%5B1-\d+%5D=5\.0"))
    with page.expect_response(f"{own_address}/infer") as draft:
        page.get_by_role("slider", name="Dim 2", exact=True).press("Home")
    assert moved[:4] == b"SNFM" and draft.value.body()[32:] != moved[32:]
    page.wait_for_url(re.compile("=-5.0"))
    page.get_by_label("as", exact=True).fill("Wobble")
    page.get_by_label("as", exact=True).press("Enter")
    page.get_by_text("Hear it by itself").click()
    before = len(heard(page))
    page.get_by_role("button", name=re.compile(r"Play SeFa 2 .* at −3, 0 and \+3")).click()
    wait_for_sounds(page, before)
    third = len(heard(page)[-1]) // 3
    sides = [heard(page)[-1][i * third : (i + 1) * third].tobytes() for i in range(3)]
    assert len(set(sides)) == 3
    page.get_by_role("button", name="Make it a slider").click()
    page.wait_for_url(re.compile(r"d\.Wobble=-5\.0"))
    follow(page, "Shape")
    slider = page.get_by_role("slider", name="Wobble", exact=True)
    slider.wait_for()
    assert slider.get_attribute("aria-valuenow") == "-5"
