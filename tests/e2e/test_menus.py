"""Menus in a real Chromium: the finishing one after a change, and that of the pages on a phone."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.e2e.browsing import settled
from tests.harness.serving import find_chromium

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed: apt-get install chromium"),
]

PAGES = ("Shape", "Explore", "Query", "Match", "Morph", "Variations", "Directions", "Transfer", "Generators", "Train")
# Pages with the finishing menu, Shape last.
FINISHED = ("explore", "match", "directions", "transfer", "")
LINK = "m=tiny&c=hit&s=3&l=-21.5&fi=0.02"


def opened(page, address: str, path: str, classic: bool = False):
    page.goto(f"{address}/{path}?{LINK}{'&classic=1' if classic else ''}")
    page.get_by_role("button", name="Roll").wait_for()
    settled(page)
    return page


def roll(page) -> None:
    page.get_by_role("button", name="Roll").click()
    page.wait_for_url(lambda url: "s=3&" not in url)
    settled(page)


def shown(page) -> tuple[str, str, bool]:
    """Loudness, fade and whether the loudness is set, as the menu shows them."""
    level = page.get_by_role("slider", name="Loudness, LUFS")
    level.wait_for()
    fade = page.get_by_label("Fade in, s").first.input_value()
    return level.input_value(), fade, page.get_by_role("switch", name="Set the loudness").is_checked()


@pytest.mark.parametrize(("path", "classic"), [*((path, False) for path in FINISHED), ("", True)])
def test_the_finishing_menu_shows_the_patch_and_leaves_it(page, address, path, classic):
    opened(page, address, path, classic)
    roll(page)
    for _ in range(2):  # the second time it is mounted again
        page.get_by_text("Phase, loudness, fades").click()
        assert shown(page) == ("-21.5", "0.02", True)
        page.get_by_text("Phase, loudness, fades").click()
        settled(page)
    before = page.url
    page.get_by_role("button", name="Roll").click()
    page.wait_for_url(lambda url: url != before)
    settled(page)
    query = dict(parse_qsl(urlsplit(page.url).query))
    assert (query["m"], query["c"], query["l"], query["fi"]) == ("tiny", "hit", "-21.5", "0.02") and "ph" not in query


def test_a_menu_in_haste_shows_the_patch_and_leaves_it(page, address):
    opened(page, address, "")
    menu = page.get_by_text("Phase, loudness, fades")
    for _ in range(3):
        before = page.url
        page.get_by_role("button", name="Roll").click()
        for _ in range(5):  # while the page runs for the roll, and without a pause
            menu.click()
        assert shown(page) == ("-21.5", "0.02", True)
        page.wait_for_url(lambda url, before=before: url != before)
        settled(page)
        assert shown(page) == ("-21.5", "0.02", True)
        menu.click()
    page.get_by_role("button", name="Undo").click()
    menu.click()
    page.get_by_text("Set the loudness").click()
    page.wait_for_url(lambda url: "l=none" in url)
    page.get_by_role("slider", name="Loudness, LUFS").wait_for(state="detached")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url(lambda url: "l=-21.5" in url)
    menu.click()
    assert shown(page) == ("-21.5", "0.02", True)


@pytest.mark.parametrize("width", [360, 390])
def test_every_page_is_reached_by_touch_on_a_phone(chromium, address, width):
    context = chromium.new_context(viewport={"width": width, "height": 800}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{address}/?m=tiny")
    for name in (*PAGES[1:], PAGES[0]):
        settled(page)
        if page.get_by_test_id("stExpandSidebarButton").is_visible():  # it may still be open from the last time
            page.get_by_test_id("stExpandSidebarButton").tap()
        link = page.get_by_test_id("stSidebarNavLink").filter(has_text=re.compile(f"{name}$"))
        link.tap()
        path = "/" if name == "Shape" else f"/{name.lower()}"
        page.wait_for_url(lambda url, path=path: urlsplit(url).path == path)
    context.close()


COVERED = """
() => [...document.querySelectorAll(".stAppHeader a, .stAppHeader button, .st-key-toolbar button")].filter(one => {
  const box = one.getBoundingClientRect();
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return box.width && getComputedStyle(one.closest(".rc-overflow-item") ?? one).opacity !== "0" && !one.contains(top);
}).map(one => one.innerText)"""


def test_nothing_lies_over_the_menu_of_pages(page, address):
    page.goto(f"{address}/?m=tiny")
    page.get_by_role("button", name="Undo").wait_for()
    settled(page)
    for width in (360, 390, 480, 768, 900, 1100, 1280, 1440):
        page.set_viewport_size({"width": width, "height": 850})
        page.wait_for_function(f"!({COVERED})().length")
