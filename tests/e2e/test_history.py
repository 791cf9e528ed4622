"""Back and Forward in a real Chromium: one entry a page, one a change, and an address that names what is shown."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import follow, settled
from tests.harness.serving import find_chromium

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed: apt-get install chromium"),
]

PAGES = ("Explore", "Query", "Match", "Morph", "Variations", "Directions", "Transfer", "Generators", "Train", "Shape")


def shown(page, name: str, number: str | None = None) -> None:
    """Waits until a page is the one that is shown and the address names it, and a seed where one is given."""
    page.locator("a[aria-current=page]", has_text=name).first.wait_for()
    settled(page)
    # An address is written after the script has come to rest.
    wanted = "" if name == "Shape" else name.lower()
    page.wait_for_url(lambda url: urlsplit(url).path.strip("/") == wanted)
    if number is not None:
        page.wait_for_function("seed => new URLSearchParams(location.search).get('s') === seed", arg=number)


def path(page) -> str:
    return urlsplit(page.url).path.strip("/")


def seed(page) -> str | None:
    return parse_qs(urlsplit(page.url).query).get("s", [None])[0]


def test_a_page_is_one_entry_and_its_address_names_it(page, address):
    page.goto(f"{address}/?m=tiny&c=scrape&s=5")
    shown(page, "Shape", "5")
    start = page.evaluate("history.length")
    for i, name in enumerate(PAGES, 1):
        follow(page, name)
        shown(page, name)
        assert page.evaluate("history.length") == start + i, name
        assert path(page) == ("" if name == "Shape" else name.lower())
        assert len(page.url) < 2000
    for name in PAGES[-2::-1]:
        page.go_back()
        shown(page, name)
        assert path(page) == name.lower()
    page.go_back()
    shown(page, "Shape", "5")
    assert (path(page), seed(page)) == ("", "5")
    page.go_forward()
    shown(page, "Explore", "5")
    assert (path(page), seed(page)) == ("explore", "5")
    page.go_forward()
    shown(page, "Query")
    assert page.evaluate("history.length") == start + len(PAGES)


def test_a_change_is_one_entry_and_back_undoes_it(page, address):
    page.goto(address)
    shown(page, "Shape")
    page.wait_for_function("new URLSearchParams(location.search).has('m')")
    start, seeds = page.evaluate("history.length"), [seed(page)]
    for i in (1, 2):
        page.get_by_role("button", name="Roll").click()
        page.wait_for_function("length => history.length > length", arg=start + i - 1)
        settled(page)
        seeds.append(seed(page))
    assert page.evaluate("history.length") == start + 2 and len(set(seeds)) == 3
    for back in seeds[1::-1]:
        page.go_back()
        expect(page.get_by_label("Seed")).to_have_value(str(int(back or 0)))
        settled(page)
        assert seed(page) == back


def test_an_old_name_of_a_page_is_no_entry_of_its_own(page, address):
    page.goto("about:blank")
    page.goto(f"{address}/?app=algo2&m=tiny&c=hit&s=9")
    shown(page, "Explore", "9")
    assert page.evaluate("history.length") == 2 and path(page) == "explore" and seed(page) == "9"
