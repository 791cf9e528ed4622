"""Every page in a real Chromium, opened by its address: nothing moves as it comes, nothing is asked elsewhere."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from synth.checkpoint.store import CARD
from tests.e2e.browsing import settled
from tests.harness.patience import PATIENCE_MS
from tests.harness.serving import find_chromium, served

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed: apt-get install chromium"),
]

PAGES = (
    "",
    "explore",
    "query",
    "match",
    "map",
    "morph",
    "variations",
    "directions",
    "transfer",
    "generators",
    "kits",
    "listen",
    "train",
)
# Layout Instability (W3C): the share of the view that moved, times the way that it moved; .1 is the most that is good.
SHIFTS = """
window.shifted = 0;
window.moved = [];
new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) {
    if (shift.hadRecentInput) continue;
    window.shifted += shift.value;
    for (const { node, previousRect: a, currentRect: b } of shift.sources) {
      const named = node?.closest?.("[class*=st-key-]")?.className.match(/st-key-\\S+/)[0];
      window.moved.push([shift.value.toFixed(3), named, node?.innerText?.slice(0, 30), a.y, b.y, a.height, b.height]);
    }
  }
}).observe({ type: "layout-shift", buffered: true });
"""
MOVING = """
() => [...document.querySelectorAll("*")].map((one) => getComputedStyle(one)).filter((looks) =>
  `${looks.transitionDuration}, ${looks.animationDuration}`.split(", ").some((time) => parseFloat(time) > 0.001)).length
"""
PICTURE = "![seen](https://pictures.example/{}.png)"


@pytest.fixture(scope="module")
def address(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An app whose model was named by somebody who wants to know when it is looked at."""
    root = tmp_path_factory.mktemp("named")
    checkpoints = Path(shutil.copytree(published, root / "checkpoints"))
    card = checkpoints / "tiny" / CARD
    values = json.loads(card.read_text())
    values["title"] = PICTURE.format("title")
    values["data"] |= {"name": PICTURE.format("data"), "licences": {PICTURE.format("licence"): 18}}
    values["data"]["sources"] = {PICTURE.format("source"): 18}
    values["directions"][0] |= {"name": PICTURE.format("direction"), "provenance": PICTURE.format("provenance")}
    card.write_text(json.dumps(values))
    with served({"SONOFORM_CHECKPOINTS": str(checkpoints), "SONOFORM_RUNS": str(root / "runs")}) as where:
        yield where


@pytest.mark.parametrize("path", PAGES)
def test_a_page_stands_still_and_asks_nobody_else(chromium, address, path):
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    home = urlsplit(address).netloc

    def route(one) -> None:
        if urlsplit(one.request.url).netloc in (home, ""):
            one.continue_()
        else:
            asked.append(one.request.url)
            one.abort()

    context.route("**/*", route)
    page.add_init_script(SHIFTS)
    page.goto(f"{address}/{path}?m=tiny&c=hit&s=3")
    page.locator("a[aria-current=page]").first.wait_for()
    page.locator(".stMain button, .stMain input").first.wait_for()
    settled(page)
    page.wait_for_timeout(1500)
    settled(page)
    assert asked == [] and complaints == []
    assert page.evaluate("window.shifted") <= 0.1, page.evaluate("window.moved")
    context.close()


def test_nothing_fades_for_those_who_asked_for_less_motion(chromium, address):
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{address}/?m=tiny")
    page.locator(".instrument .stage").wait_for(timeout=60_000)
    settled(page)
    assert page.evaluate(MOVING) == 0
    shown = page.get_by_test_id("stElementContainer").first
    shown.evaluate("element => { element.dataset.stale = 'true'; element.style.opacity = '0.33'; }")
    expect(shown).to_have_css("opacity", "1")  # what waits for its script is not dimmed and lit again
    context.close()


@pytest.mark.parametrize("width", [1100, 1280, 1440, 1519, 1521, 1920])
def test_names_of_pages_and_the_toolbar_stand_side_by_side(chromium, address, width):
    page = chromium.new_page(viewport={"width": width, "height": 900})
    page.goto(address)
    page.locator(".instrument .stage").wait_for()
    page.get_by_role("link", name="Shape", exact=True).wait_for()
    links = page.locator('[data-testid="stTopNavLink"]:visible').all()
    ends = [box["x"] + box["width"] for link in links if (box := link.bounding_box())]
    toolbar = page.locator(".st-key-toolbar").bounding_box()
    assert ends and toolbar and max(ends) <= toolbar["x"]
    page.close()
