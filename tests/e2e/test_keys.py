"""The sound at hand on keys: of a virtual MIDI device, of the computer, and under fingers."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import settled
from tests.harness.midi import VIRTUAL
from tests.harness.serving import find_chromium

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed: apt-get install chromium"),
]


@pytest.fixture
def keys(address, page):
    """Shape with its keys on, and a MIDI device; nothing was played."""
    page.add_init_script(VIRTUAL)
    page.goto(f"{address}/?m=tiny&s=3")
    page.locator(".instrument .stage").wait_for()
    settled(page)
    page.get_by_role("button", name="Keys", exact=True).click()
    expect(page.get_by_text("MIDI: Test Keys")).to_be_visible()
    page.evaluate("window.notes.length = 0")
    return page


def send(page, *data: int) -> None:
    page.evaluate("bytes => window.send(...bytes)", data)


def pressed(page) -> list[str]:
    found = page.locator(".keyboard [aria-pressed=true]").evaluate_all("keys => keys.map(key => key.ariaLabel)")
    return list(found)


def test_a_key_is_heard_at_once_and_the_next_time_by_a_sound_of_its_own(keys):
    asked = lambda request: request.url.endswith("/infer") and '"pitch":4' in request.post_data  # noqa: E731
    with keys.expect_response(lambda answer: asked(answer.request)):
        send(keys, 0x90, 64, 127)
    assert keys.evaluate("window.notes.map(({ cents }) => cents)") == [400] and pressed(keys) == ["E4"]
    send(keys, 0x80, 64, 0)
    expect(keys.locator(".keyboard [aria-pressed=true]")).to_have_count(0)
    keys.wait_for_function("() => { window.send(0x90, 64, 127); return window.notes.at(-1).cents === 0; }")


def test_wheel_knobs_and_a_device_that_goes(keys):
    send(keys, 0x90, 60, 100)
    send(keys, 0xE0, 127, 127)
    assert keys.evaluate("window.notes[0].of.playbackRate.value") == pytest.approx(2 ** (2 / 12))
    keys.get_by_label("Slider that learns a knob").select_option("Typical / Wild")
    send(keys, 0xB0, 21, 127)
    slider = keys.get_by_role("slider", name="Typical / Wild")
    expect(slider).to_have_attribute("aria-valuenow", slider.get_attribute("aria-valuemax") or "")
    expect(keys.get_by_role("button", name="21: Typical / Wild")).to_be_visible()
    send(keys, 0xB0, 21, 0)
    expect(slider).to_have_attribute("aria-valuenow", slider.get_attribute("aria-valuemin") or "")
    for note in range(40, 60):
        send(keys, 0x90, note, 100)
    keys.evaluate("window.unplug()")
    keys.wait_for_function("window.notes.every(({ ended }) => ended)")
    assert pressed(keys) == []
    expect(keys.get_by_text("No MIDI device is connected.")).to_be_visible()


def test_sixteen_sound_at_once_and_no_more(keys):
    keys.evaluate("for (let note = 30; note < 60; note++) window.send(0x90, note, 100)")
    keys.wait_for_function("window.notes.filter(({ ended }) => !ended).length <= 16")
    assert len(keys.evaluate("window.notes")) == 30


def test_the_keys_of_the_computer_play_and_leave_when_they_are_let_go(keys):
    keys.keyboard.down("a")
    keys.keyboard.down("d")
    assert sorted(pressed(keys)) == ["C3", "E3"]
    keys.keyboard.press(".")
    keys.keyboard.up("a")
    keys.keyboard.up("d")
    assert pressed(keys) == []
    keys.keyboard.down("a")
    assert pressed(keys) == ["C4"]
    keys.evaluate("window.dispatchEvent(new Event('blur'))")
    assert pressed(keys) == [], "a key that is let go elsewhere does not hang"
    keys.keyboard.press("m")
    expect(keys.locator(".piano")).to_have_count(0)


def test_a_finger_that_slides_plays_what_it_comes_across(keys):
    box = keys.get_by_role("button", name="C4", exact=True).bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + 0.9 * box["height"]
    keys.mouse.move(x, y)
    keys.mouse.down()
    assert pressed(keys) == ["C4"]
    keys.mouse.move(x + box["width"], y)
    assert pressed(keys) == ["D4"]
    keys.mouse.up()
    assert pressed(keys) == []


def test_a_browser_without_midi_says_so(address, page):
    page.add_init_script("delete Navigator.prototype.requestMIDIAccess")
    page.goto(f"{address}/?m=tiny")
    page.locator(".instrument .stage").wait_for()
    page.keyboard.press("m")
    expect(page.get_by_text("This browser has no MIDI")).to_be_visible()
