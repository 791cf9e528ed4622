"""Curves over time under the picture: by mouse, by touch and by keys, up to the file that follows."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
from playwright.sync_api import expect

from synth.patch.lanes import Lane, text
from synth.patch.patch import Patch
from tests.e2e.browsing import settled
from tests.harness.patience import until
from tests.harness.serving import find_chromium

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed: apt-get install chromium"),
]


@pytest.fixture
def lane(address, page):
    """Shape with its lanes open, that of loudness, which has no point yet."""
    page.goto(f"{address}/?m=tiny&s=3&sa=0")
    page.locator(".instrument .stage").wait_for()
    settled(page)
    page.keyboard.press("c")
    return page.locator(".lane")


def points(page, count: int) -> tuple[tuple[float, float, float], ...]:
    """Those of the only lane of the session's patch, once there are so many."""
    expect(page.locator(".lane b")).to_have_count(count)

    def there() -> bool:
        page.wait_for_timeout(50)
        return sum(len(each.points) for each in addressed(page)) == count

    until(there, f"the address has not {count} points")
    lanes = addressed(page)
    return lanes[0].points if lanes else ()


def addressed(page) -> tuple[Lane, ...]:
    return Patch.from_query(page.url.partition("?")[2]).automated


def gained(page, before: np.ndarray) -> np.ndarray:
    """dB by which four parts of the file that is saved are louder than before, the loudest part of these aside."""
    now = levels(page)
    return (now - before) - (now - before).max()


def levels(page) -> np.ndarray:
    with page.expect_download() as saved:
        page.keyboard.press("s")
    samples, _ = soundfile.read(io.BytesIO(saved.value.path().read_bytes()))
    return np.array([10 * np.log10((part**2).mean() + 1e-12) for part in np.array_split(samples, 4)])


def click(page, x: float, y: float) -> None:
    box = page.locator(".lane svg").bounding_box()
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def test_points_by_mouse_are_heard_in_the_file(lane):
    page = lane.page
    before = levels(page)
    click(page, 0.1, 0.3)
    points(page, 1)
    click(page, 0.9, 0.9)
    (t0, v0, _), (t1, v1, _) = points(page, 2)
    assert (t0, t1) == pytest.approx((0.1, 0.9), abs=0.02) and v0 == pytest.approx(-1.2, abs=2) and v1 < -45
    fallen = gained(page, before)
    assert (np.diff(fallen) < -3).all() and fallen[-1] < -25
    page.keyboard.press("z")
    points(page, 1)
    page.locator(".lane b").dblclick()
    assert points(page, 0) == ()
    np.testing.assert_allclose(levels(page), before, atol=0.1)


def test_keys_move_bend_and_remove_a_point(lane):
    page = lane.page
    page.get_by_role("button", name="Add", exact=True).click()
    points(page, 1)
    page.get_by_role("button", name="LFO", exact=True).click()
    found = points(page, 33)
    handle = page.locator(".lane b").nth(2)
    handle.focus()
    for key in ("ArrowUp", "ArrowUp", "]", "]"):
        handle.press(key)
    page.wait_for_function("la => new URL(location).searchParams.get('la') !== la", arg=text([Lane("loudness", found)]))
    moved = points(page, 33)
    assert moved[2][1] == pytest.approx(found[2][1] + 2 * 0.02 * 84, abs=0.1) and moved[2][2] == pytest.approx(
        0.2, abs=0.02
    )
    handle.press("Delete")
    points(page, 32)
    page.get_by_role("button", name="Clear lane").click()
    points(page, 0)


def test_a_lane_is_copied_scaled_and_turned(lane):
    page = lane.page
    click(page, 0.5, 0.5)
    ((_, value, _),) = points(page, 1)
    page.get_by_role("button", name="½, half as much").click()
    expect(page.locator(".lane b")).to_have_attribute("aria-valuenow", f"{value / 2:.2f}".rstrip("0").rstrip("."))
    page.get_by_label("Copy to").select_option("pitch")
    page.get_by_label("Lane", exact=True).select_option("pitch")
    expect(page.locator(".lane b")).to_have_count(1)
    until(lambda: page.wait_for_timeout(50) or len(addressed(page)) == 2, "the address has not two lanes")
    lanes = {each.name: each.points[0][1] for each in addressed(page)}
    assert lanes["pitch"] / 24 == pytest.approx(lanes["loudness"] / 60, abs=0.01)


def test_a_finger_sets_a_point(chromium, address):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{address}/?m=tiny&s=3")
    page.locator(".instrument .stage").wait_for()
    settled(page)
    page.get_by_role("button", name="Lanes", exact=True).tap()
    page.locator(".lane").scroll_into_view_if_needed()
    box = page.locator(".lane svg").bounding_box()
    page.touchscreen.tap(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    ((t, value, _),) = points(page, 1)
    assert t == pytest.approx(0.5, abs=0.02) and value == pytest.approx(-18, abs=2)
    context.close()
