"""The page Map in a real Chromium: sounds by mouse, keys and touch, a journey as a file, a lasso on Morph."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from synth.publishing.charting import chart
from synth.sound.sound import Sound
from tests.e2e.browsing import settled
from tests.harness.patience import PATIENCE_MS
from tests.harness.serving import find_chromium, served

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed: apt-get install chromium"),
]
AXE = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
HEARD = re.compile(r"[1-9]\d*")


@pytest.fixture(scope="module")
def charted(published: Path, recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("charted")
    checkpoints = Path(shutil.copytree(published, root / "checkpoints"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SONOFORM_CHECKPOINTS", str(checkpoints))
        chart("tiny", recordings, 80, update=True)
    with served({"SONOFORM_CHECKPOINTS": str(checkpoints), "SONOFORM_LIBRARY": str(root / "kept.sqlite")}) as where:
        yield where


def opened(page, address: str):
    page.goto(f"{address}/map?m=tiny&c=hit&s=3")
    page.locator(".map[data-points]").wait_for()
    settled(page)
    return page.locator(".map canvas").last


def box_of(canvas) -> dict[str, float]:
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    return dict(box)


def middle(canvas) -> tuple[float, float]:
    box = box_of(canvas)
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_drag_sounds_on_its_way_and_becomes_a_file(page, charted: str) -> None:
    canvas = opened(page, charted)
    x, y = middle(canvas)
    before = page.url
    page.mouse.move(x - 120, y)
    page.mouse.down()
    expect(page.locator(".map")).to_have_attribute("data-heard", "1")
    page.mouse.move(x + 100, y + 60, steps=20)
    expect(page.locator(".map")).to_have_attribute("data-heard", re.compile(r"[2-9]|\d\d+"))
    page.mouse.up()
    page.wait_for_url(lambda url: url != before)
    page.get_by_role("button", name="Render the journey").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the journey").click()
    sound = Sound.load(Path(download.value.path()).read_bytes())
    assert sound.seconds == pytest.approx(8.0, abs=0.2) and np.abs(sound.samples).max() > 0.01


def test_a_click_is_a_patch_that_its_link_opens_again(page, charted: str) -> None:
    canvas = opened(page, charted)
    x, y = middle(canvas)
    before = page.url
    page.mouse.click(x + 40, y - 30)
    page.wait_for_url(lambda url: url != before)
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="WAV").click()
    first = Sound.load(Path(download.value.path()).read_bytes())
    page.goto(page.url.replace("/map?", "/?"))
    page.locator(".instrument .stage").wait_for()
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="WAV").click()
    assert np.array_equal(first.samples, Sound.load(Path(download.value.path()).read_bytes()).samples)


def test_keys_move_take_and_mark_a_morph(page, charted: str) -> None:
    canvas = opened(page, charted)
    canvas.focus()
    before = page.url
    canvas.press("Shift+ArrowRight")
    expect(page.locator(".map")).to_have_attribute("data-heard", HEARD)
    canvas.press("Enter")
    page.wait_for_url(lambda url: url != before)
    settled(page)
    canvas.focus()
    for key in ("m", "Shift+ArrowUp", "m", "Shift+ArrowLeft", "m", "Shift+ArrowDown", "m"):
        canvas.press(key)
    page.get_by_role("link", name="Open in Morph").wait_for()


def test_a_lasso_opens_on_morph(page, charted: str) -> None:
    canvas = opened(page, charted)
    page.get_by_role("button", name="Lasso").click()
    box = box_of(canvas)
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    for right, down in ((1, 0), (1, 1), (0, 1)):
        page.mouse.move(box["x"] + 5 + right * (box["width"] - 10), box["y"] + 5 + down * (box["height"] - 10), steps=5)
    page.mouse.up()
    page.get_by_role("link", name="Open in Morph").click()
    page.locator(".st-key-morph").wait_for()
    settled(page)
    assert "/morph?" in page.url and "morph=" in page.url


def pinch(page, canvas, near: int, far: int) -> None:
    """Two fingers on the middle of the map, so many pixels to either side, move apart."""
    x, y = middle(canvas)
    hand = page.context.new_cdp_session(page)

    def fingers(kind: str, reach: float) -> None:
        places = [{"x": x - reach, "y": y, "id": 0}, {"x": x + reach, "y": y, "id": 1}]
        hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places if kind != "touchEnd" else []})

    fingers("touchStart", near)
    for reach in np.linspace(near, far, 7)[1:].tolist():
        fingers("touchMove", reach)
    fingers("touchEnd", far)


def test_fingers_sound_and_zoom_on_a_phone(chromium, charted: str) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    canvas = opened(page, charted)
    box, before = box_of(canvas), page.url
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(".map")).to_have_attribute("data-heard", HEARD)
    page.wait_for_url(lambda url: url != before)
    settled(page)
    shown, heard = page.locator(".map"), page.locator(".map").get_attribute("data-heard")
    expect(shown).to_have_attribute("data-zoom", "1.00")
    page.get_by_role("button", name="Zoom in").tap()
    expect(shown).to_have_attribute("data-zoom", "1.50")
    pinch(page, canvas, 30, 90)
    expect(shown).to_have_attribute("data-zoom", re.compile(r"4\.\d\d"))  # three times 1.5
    page.get_by_role("button", name="All of the map").tap()
    expect(shown).to_have_attribute("data-zoom", "1.00")
    assert int(shown.get_attribute("data-heard") or 0) <= int(heard or 0) + 1, "two fingers do not travel"
    assert page.locator(".stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
    context.close()


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: make web")
def test_axe_finds_nothing_in_the_map(page, charted: str) -> None:
    opened(page, charted)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    nodes = [(rule["id"], node) for rule in found["violations"] for node in rule["nodes"]]
    assert [(rule, node["html"]) for rule, node in nodes if isinstance(node["target"][0], list)] == []
