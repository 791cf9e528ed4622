"""Painting on the picture: by mouse, by touch and by keys, up to the file that follows."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
from playwright.sync_api import expect

from synth.patch.patch import Patch
from synth.patch.strokes import text
from tests.e2e.browsing import settled
from tests.harness.patience import until
from tests.harness.serving import find_chromium

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed: apt-get install chromium"),
]


@pytest.fixture
def easel(address, page):
    """Shape with its easel open, an eraser in the hand that takes all frequencies."""
    page.goto(f"{address}/?m=tiny&s=3&sa=0")
    page.locator(".instrument .stage").wait_for()
    settled(page)
    page.keyboard.press("p")
    expect(page.get_by_role("button", name="Paint", exact=True)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Eraser", exact=True).click()
    page.get_by_label("Reach").select_option("frequency")
    return page.locator(".easel")


def painted(page, count: int) -> Patch:
    """The session's patch, once its address has so many strokes."""
    page.wait_for_function(f"new URL(location).searchParams.has('sk') === {str(count > 0).lower()}")
    expect(page.get_by_role("button", name=f"Clear {count or ''}".strip(), exact=True)).to_be_visible()
    read = lambda: Patch.from_query(page.url.partition("?")[2])  # noqa: E731
    until(lambda: page.wait_for_timeout(50) or len(read().painted) == count, f"the address has not {count} strokes")
    return read()


def levels(page) -> np.ndarray:
    """RMS of eight equal parts of the file that is saved."""
    with page.expect_download() as saved:
        page.keyboard.press("s")
    samples, _ = soundfile.read(io.BytesIO(saved.value.path().read_bytes()))
    return np.array([np.sqrt((part**2).mean()) for part in np.array_split(samples, 8)])


def test_the_mouse_erases_and_the_file_is_silent_there(easel):
    page, box = easel.page, easel.bounding_box()
    before = levels(page)
    y = box["y"] + 0.5 * box["height"]
    page.mouse.move(box["x"] + 0.5 * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], y, steps=8)
    page.mouse.up()
    (stroke,) = painted(page, 1).painted
    assert stroke.tool == "eraser" and stroke.size[1] == 1.0
    after = levels(page)
    assert after[4] < 0.2 * after[1] and before[4] > 2.0 * after[4]
    page.keyboard.press("z")
    painted(page, 0)
    np.testing.assert_allclose(levels(page), before, rtol=1e-3)
    page.keyboard.press("Shift+Z")
    assert painted(page, 1).painted == (stroke,)


def test_keys_paint_as_the_mouse_does(easel):
    page = easel.page
    easel.focus()
    page.keyboard.press("Space")
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    (stroke,) = painted(page, 1).painted
    times = [t for t, _ in stroke.points]
    assert times[0] == pytest.approx(0.5, abs=0.01) and times[-1] == pytest.approx(0.66, abs=0.01)
    after = levels(page)
    assert after[4] < 0.2 * after[1]
    page.keyboard.press("p")
    expect(easel).to_have_count(0)
    assert len(Patch.from_query(page.url.partition("?")[2]).painted) == 1, "what was painted stays"


def test_an_area_is_filled_in_ways_to_choose_from(easel):
    page, box = easel.page, easel.bounding_box()
    page.get_by_role("button", name="Fill", exact=True).click()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.8 * box["height"], steps=4)
    page.mouse.up()
    ways = page.get_by_role("group", name="Ways to fill it").get_by_role("button")
    ways.first.wait_for()
    (first,) = painted(page, 1).painted
    assert first.tool == "fill" and ways.count() > 1
    ways.nth(1).click()
    expect(ways.nth(1)).to_have_attribute("aria-pressed", "true")
    page.wait_for_function("text => new URL(location).searchParams.get('sk') !== text", arg=text([first]))
    (second,) = painted(page, 1).painted
    assert second.points == first.points and second.seed != first.seed
    page.get_by_role("button", name="Clear 1", exact=True).click()
    painted(page, 0)
    expect(ways).to_have_count(0)


def test_a_finger_paints(chromium, address):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{address}/?m=tiny&s=3")
    page.locator(".instrument .stage").wait_for()
    settled(page)
    page.get_by_role("button", name="Paint", exact=True).tap()
    page.locator(".easel").scroll_into_view_if_needed()
    box = page.locator(".easel").bounding_box()
    page.touchscreen.tap(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    (stroke,) = painted(page, 1).painted
    assert stroke.tool == "brush" and stroke.points[0] == pytest.approx((0.5, 0.5), abs=0.02)
    context.close()


def test_a_stroke_stays_at_its_place_when_the_sound_is_stretched_and_raised(easel):
    """It is painted at a third of the picture, whatever the sound's length and pitch are."""
    page = easel.page
    page.get_by_role("slider", name="Stretch").press("End")
    page.get_by_role("slider", name="Pitch").press("PageUp")
    settled(page)
    box = easel.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 3, box["y"] + 0.5 * box["height"])
    patch = painted(page, 1)
    ((t, f),) = patch.painted[0].points
    assert t == pytest.approx(1 / 3, abs=0.02)
    assert f == pytest.approx(min(0.5 / 2 ** (patch.pitch / 12), 1.0), abs=0.02)
