"""The live instrument in a real Chromium: heard under the hand, by keys alone, without server, without bundle."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from synth.instruments.style import StyleInstrument
from synth.patch.patch import Patch
from synth.sound.sound import Sound
from tests.e2e.browsing import at_rest, follow, settled
from tests.harness.serving import find_chromium

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed: apt-get install chromium"),
]

AXE = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"

# Keeps the samples of every sound that the audio engine starts.
LISTEN = """
window.heard = [];
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (...when) {
  window.heard.push(Array.from(this.buffer.getChannelData(0)));
  return start.apply(this, when);
};
"""


@pytest.fixture
def live(page, address):
    page.add_init_script(LISTEN)
    page.goto(f"{address}/?m=tiny&c=hit&s=3")
    page.locator(".instrument .stage").wait_for()
    settled(page)
    return page


def slider(page, name: str):
    return page.get_by_role("slider", name=name, exact=True)


def heard(page) -> list[np.ndarray]:
    return [np.array(samples, np.float32) for samples in page.evaluate("window.heard")]


def wait_for_sounds(page, more_than: int) -> None:
    page.wait_for_function("count => window.heard.length > count", arg=more_than)


def grab(page, name: str) -> tuple[dict[str, float], float]:
    """Presses the pointer on the thumb; the box of the slider and its middle line."""
    box = at_rest(slider(page, name))
    page.mouse.down()
    return box, box["y"] + box["height"] / 2


def change_address(page, act, part: str) -> None:
    """Does something and waits until Python has heard of it: the address is the patch."""
    act()
    page.wait_for_url(re.compile(re.escape(part)))
    settled(page)


def test_a_slider_is_heard_while_it_moves_and_exactly_when_it_is_let_go(live, published):
    box, y = grab(live, "Dim 1")
    for share in (0.6, 0.7, 0.8):
        before = len(heard(live))
        live.mouse.move(box["x"] + share * box["width"], y)
        wait_for_sounds(live, before)
    dragged = {samples.tobytes() for samples in heard(live)}
    assert len(dragged) >= 4, "the sound at rest and one for every place"
    assert "d.Dim" not in live.url, "Python hears of it on release only"
    change_address(live, live.mouse.up, "d.Dim+1=3.0")

    assert slider(live, "Dim 1").get_attribute("aria-valuetext") == "+3.0"
    patch = Patch("tiny", "hit", 3, sliders={"Dim 1": 3.0})
    whole = StyleInstrument.load(published / "tiny", "cpu").render(patch).samples[0]
    live.wait_for_function("length => window.heard.at(-1).length === length", arg=whole.size)
    assert np.abs(heard(live)[-1] - whole).max() <= 1.0 / 32767
    slider(live, "Dim 1").dblclick()
    live.wait_for_url(lambda url: "d.Dim" not in url)


def test_by_keys_alone(live, tmp_path):
    for _ in range(60):
        live.keyboard.press("Tab")
        if live.evaluate("document.activeElement?.shadowRoot?.activeElement?.getAttribute('aria-label')") == "Dim 1":
            break
    change_address(live, lambda: live.keyboard.press("ArrowRight"), "d.Dim+1=0.1")
    live.keyboard.press("Enter")
    live.keyboard.type("2,25")
    change_address(live, lambda: live.keyboard.press("Enter"), "d.Dim+1=2.25")
    change_address(live, lambda: live.keyboard.press("z"), "d.Dim+1=0.1")
    change_address(live, lambda: live.keyboard.press("Shift+Z"), "d.Dim+1=2.25")

    live.keyboard.press("b")
    live.get_by_role("button", name="B", exact=True, pressed=True).wait_for()
    change_address(live, lambda: live.keyboard.press("End"), "d.Dim+1=5.0")
    change_address(live, lambda: live.keyboard.press("a"), "d.Dim+1=2.25")

    with live.expect_download() as download:
        live.keyboard.press("r")
        live.keyboard.press("s")
    download.value.save_as(tmp_path / "kept.wav")
    kept = Sound.load(tmp_path / "kept.wav").patch
    assert kept is not None and kept.sliders == {"Dim 1": 2.25} and kept.seed != 3
    live.wait_for_url(re.compile(f"s={kept.seed}&"))

    live.keyboard.press("?")
    live.get_by_role("dialog", name="Keys and gestures").wait_for()
    live.keyboard.press("Escape")
    before = len(heard(live))
    live.keyboard.press("l")
    live.keyboard.press(" ")
    wait_for_sounds(live, before)
    live.get_by_role("button", name="Stop").wait_for()
    live.keyboard.press(" ")
    live.get_by_role("button", name="Play").wait_for()


def test_a_server_that_stops_is_told_and_comes_back(live, complaints):
    box, y = grab(live, "Dim 2")
    live.route("**/infer", lambda route: route.abort("connectionrefused"))
    live.mouse.move(box["x"] + 0.7 * box["width"], y)
    trouble = live.get_by_role("status").filter(has_text="does not answer")
    trouble.wait_for()
    before = len(heard(live))
    live.unroute("**/infer")
    trouble.wait_for(state="detached")
    wait_for_sounds(live, before)
    live.mouse.up()
    assert complaints and all("ERR_CONNECTION_REFUSED" in complaint for complaint in complaints)
    complaints.clear()


def test_without_its_bundle_the_page_has_plain_widgets(page, address, complaints):
    page.route("**/instrument.js*", lambda route: route.abort())
    page.goto(f"{address}/?m=tiny")
    page.locator("audio").wait_for()
    assert "plain widgets" in page.get_by_role("alert").inner_text()
    page.get_by_role("slider", name="Dim 1").wait_for()
    complaints.clear()


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: make web")
@pytest.mark.parametrize("opened", ["", "m", "p", "c"])
def test_axe_finds_nothing_serious(live, opened):
    for key in opened:
        live.keyboard.press(key)
        live.get_by_role("group", name={"m": "Keys", "p": "Paint", "c": "Lanes"}[key]).or_(
            live.locator(".keyboard")
        ).first.wait_for()
    if opened == "c":
        live.get_by_role("button", name="LFO", exact=True).click()
        live.locator(".lane b").first.wait_for()
    live.evaluate(AXE.read_text(encoding="utf-8"))
    found = live.evaluate("axe.run()")
    serious = [rule for rule in found["violations"] if rule["impact"] in ("serious", "critical")]
    assert in_instrument(found["passes"]) and not in_instrument(serious)


def in_instrument(rules: list[dict]) -> list[tuple[str, str]]:
    """Rule and element of what axe says of elements inside the component: their targets are paths through its root."""
    nodes = [(rule["id"], node) for rule in rules for node in rule["nodes"]]
    return [(rule, node["html"]) for rule, node in nodes if isinstance(node["target"][0], list)]


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (900, 800), (420, 860)])
def test_nothing_hangs_over_the_side(live, width, height):
    live.set_viewport_size({"width": width, "height": height})
    main = live.locator(".stMain")
    assert main.evaluate("main => main.scrollWidth <= main.clientWidth")
    if width == 1440:
        expect(live.locator(".st-key-footer")).to_be_in_viewport(ratio=1.0)  # all of a sound in one view


def test_the_choices_follow_from_page_to_page(page, address):
    page.goto(f"{address}/?m=tiny&c=scrape")
    for name in ("Explore", "Match", "Shape"):
        page.locator(".instrument .stage").wait_for()
        follow(page, name)
        expect(page.get_by_role("radio", name="Scrape", exact=True)).to_be_checked(timeout=60_000)


def test_the_picture_comes_nearer_in_frequency_and_goes_back(live):
    stage, axis = live.locator(".stage"), live.locator(".hertz")
    pixels = "canvas => canvas.toDataURL()"
    whole = live.locator("canvas.heat").evaluate(pixels)
    assert "0 to 8 kHz" in stage.get_attribute("aria-label")
    live.get_by_role("button", name="Show less frequency").click()
    expect(stage).to_have_attribute("aria-label", re.compile("0 to 4 kHz"))
    box = at_rest(axis)
    live.mouse.down()
    live.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"], steps=4)  # half of what is seen
    live.mouse.up()
    expect(stage).to_have_attribute("aria-label", re.compile("(1.9[0-9]*|2|2.0[0-9]*) to (5.9[0-9]*|6|6.0[0-9]*) kHz"))
    assert live.locator("canvas.heat").evaluate(pixels) != whole
    axis.dblclick()
    expect(stage).to_have_attribute("aria-label", re.compile("0 to 8 kHz"))
    assert live.get_by_role("button", name="Show more frequency").is_disabled()
