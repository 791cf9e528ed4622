"""The page Listen in a real Chromium: a blind test by keys, by mouse and by touch, and its figures as a file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from synth.instruments.loading import load
from synth.judging.listening_test import create
from synth.judging.sets import gathered
from tests.e2e.browsing import settled
from tests.harness.patience import PATIENCE_MS
from tests.harness.serving import find_chromium, served

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed: apt-get install chromium"),
]
AXE = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def tests(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    place = {
        "SONOFORM_CHECKPOINTS": str(published),
        "SONOFORM_LISTENING": str(tmp_path_factory.mktemp("listening")),
    }
    with pytest.MonkeyPatch.context() as patched:
        for name, value in place.items():
            patched.setenv(name, value)
        hits, scrapes = (gathered(name, f"model:tiny/{name}", 2, 0, load) for name in ("hit", "scrape"))
        create("abx", "abx", [hits, scrapes])
        create("ab", "ab", [hits, scrapes])
        create("rated", "mushra", [hits], reference=scrapes)
    with served(place) as where:
        yield where


def begun(page, address: str, name: str) -> None:
    page.goto(f"{address}/listen?test={name}")
    page.get_by_role("button", name="Begin").click()
    page.locator(".trial[data-trial]").wait_for()
    settled(page)


def press_all(page, keys: str) -> None:
    for number, key in enumerate(keys, 1):
        page.keyboard.press(key)
        expect(page.locator(".trial")).to_have_attribute("data-heard", str(number))


def test_abx_by_keys_survives_a_reload_and_ends_in_a_file(page, tests: str) -> None:
    begun(page, tests, "abx")
    choices = page.locator(".trial .choose")
    expect(choices.first).to_be_disabled()  # nothing was heard yet
    press_all(page, "abx")
    expect(choices.first).to_be_enabled()
    page.keyboard.press("ArrowRight")
    page.get_by_text("1 of 2 answered").wait_for()
    page.reload()
    page.get_by_text("1 of 2 answered").wait_for()
    page.locator(".trial[data-trial]").wait_for()
    settled(page)
    press_all(page, "abx")
    page.keyboard.press("ArrowLeft")
    page.get_by_text("Thank you").wait_for()
    page.goto(f"{tests}/listen")
    page.get_by_text("abx · ABX").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Figures as CSV").locator("visible=true").click()
    (row,) = csv.DictReader(Path(download.value.path()).read_text().splitlines())
    assert row["what"] == "hit / scrape" and row["n"] == "2"


def test_ratings_by_mouse(page, tests: str) -> None:
    begun(page, tests, "rated")
    for number in range(4):
        page.locator(".trial .play").nth(number).click()
        expect(page.locator(".trial")).to_have_attribute("data-heard", str(number + 1))
    page.get_by_role("slider", name="Rating of 2").fill("87")
    page.get_by_role("button", name="Next").click()
    page.get_by_text("1 of 2 answered").wait_for()


def test_a_or_b_by_touch_on_a_phone(chromium, tests: str) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(f"{tests}/listen?test=ab")
    page.get_by_role("button", name="Begin").tap()
    page.locator(".trial[data-trial]").wait_for()
    settled(page)
    for number in (0, 1):
        page.locator(".trial .play").nth(number).tap()
        expect(page.locator(".trial")).to_have_attribute("data-heard", str(number + 1))
    page.locator(".trial .choose").first.tap()
    page.get_by_text("1 of 2 answered").wait_for()
    assert page.locator(".stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
    context.close()


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: make web")
@pytest.mark.parametrize("name", ["abx", "rated"])
def test_axe_finds_nothing_in_a_trial(page, tests: str, name: str) -> None:
    begun(page, tests, name)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    nodes = [(rule["id"], node) for rule in found["violations"] for node in rule["nodes"]]
    assert [(rule, node["html"]) for rule, node in nodes if isinstance(node["target"][0], list)] == []
