"""The Shape page with its classic widgets in a real Chromium: what a person does, sees and hears."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile
from playwright.sync_api import expect

from synth.instruments.style import StyleInstrument
from synth.sound.sound import Sound
from tests.e2e.browsing import at_rest, settled
from tests.harness.patience import PATIENCE
from tests.harness.serving import ROOT, find_chromium, served

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed: apt-get install chromium"),
]


def opened(page, url: str):
    page.goto(f"{url}{'&' if '?' in url else '/?'}classic=1")
    page.locator("audio").wait_for()
    settled(page)
    return page


def samples_heard(page) -> np.ndarray:
    """The samples in the audio element, as the browser itself fetches them."""
    data = page.evaluate(
        """async () => {
          const answer = await fetch(document.querySelector("audio").src);
          return Array.from(new Uint8Array(await answer.arrayBuffer()));
        }"""
    )
    samples, _ = soundfile.read(io.BytesIO(bytes(data)))
    return samples


def after(page, act) -> np.ndarray:
    """Does something that changes the sound; gives the new samples once they can play and the page rests."""
    before = page.locator("audio").get_attribute("src")
    act()
    page.wait_for_function(
        """before => {
          const audio = document.querySelector("audio");
          return audio.getAttribute("src") !== before && audio.readyState >= 3;
        }""",
        arg=before,
    )
    settled(page)
    return samples_heard(page)


def level(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(samples**2)))


def press(page, slider: str, *keys: str) -> None:
    page.get_by_role("slider", name=slider).focus()
    for key in keys:
        page.keyboard.press(key)


def test_pick_move_hear_and_save(page, address, published, tmp_path):
    opened(page, address)
    picture = page.locator(".sound-picture .heat")
    first, first_picture = samples_heard(page), picture.get_attribute("src")
    scraped = after(page, page.get_by_role("radio", name="scrape").click)
    moved = after(page, lambda: press(page, "Dim 1", "End"))
    assert len({sound.tobytes() for sound in (first, scraped, moved)}) == 3
    assert all(level(sound) > 1e-3 for sound in (first, scraped, moved))
    assert picture.get_attribute("src") != first_picture
    assert picture.evaluate("image => image.complete && image.naturalWidth") == 512

    with page.expect_download() as download:
        page.get_by_role("button", name="WAV").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert file.name == "tiny_scrape_dim_1+5_s0.wav"
    saved, rate = soundfile.read(file)
    assert rate == 16000 and np.abs(saved - moved).max() < 1e-4
    kept = Sound.load(file)
    assert kept.patch is not None and kept.patch.category == "scrape" and kept.patch.sliders == {"Dim 1": 5.0}
    again = StyleInstrument.load(published / "tiny", "cpu").render(kept.patch)
    assert np.abs(again.samples - kept.samples).max() <= 2.0**-23


@pytest.mark.parametrize("format", ["FLAC", "OGG"])
def test_other_formats_carry_the_patch_too(page, address, tmp_path, format):
    opened(page, f"{address}/?m=tiny&c=hit&s=9")
    with page.expect_download() as download:
        page.get_by_role("button", name=format).click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert file.name == f"tiny_hit_s9.{format.lower()}"
    assert Sound.load(file).patch.seed == 9


def test_a_dragged_slider_is_heard_on_release(page, address):
    opened(page, address)
    thumb = page.get_by_role("slider", name="Dim 2").locator("xpath=../..")

    def drag() -> None:
        box = at_rest(thumb)
        track = page.get_by_role("group", name="Dim 2").bounding_box()
        page.mouse.down()
        page.mouse.move(track["x"] + 0.9 * track["width"], box["y"], steps=4)
        page.mouse.up()

    assert level(after(page, drag)) > 1e-3
    assert 3.0 < float(page.get_by_role("slider", name="Dim 2").input_value()) < 5.0


def test_undo_redo_by_key_and_the_browsers_own_back(page, address):
    opened(page, f"{address}/?m=tiny&c=hit")
    slider = page.get_by_role("slider", name="Dim 1")
    bare = samples_heard(page)
    bent = after(page, lambda: press(page, "Dim 1", "Home"))
    assert np.array_equal(after(page, lambda: page.keyboard.press("Control+z")), bare)
    assert slider.input_value() == "0"
    assert np.array_equal(after(page, lambda: page.keyboard.press("Control+Shift+z")), bent)
    assert np.array_equal(after(page, page.go_back), bare)
    assert slider.input_value() == "0"


def test_the_share_link_restores_the_sound(page, address, chromium):
    opened(page, address)
    after(page, page.get_by_role("button", name="Roll").click)
    sound = after(page, lambda: press(page, "Typical / Wild", "Home"))
    page.get_by_role("button", name="Share").click()
    link = page.locator("code").inner_text()
    assert link == page.url.replace("classic=1&", "")
    other = chromium.new_page()
    assert np.array_equal(samples_heard(opened(other, link)), sound)
    other.close()


def test_a_bad_link_is_one_sentence_and_still_a_sound(page, address):
    opened(page, f"{address}/?s=-1&m=tiny")
    assert "seed" in page.get_by_role("alert").inner_text()
    assert level(samples_heard(page)) > 1e-3


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1100, 800), (420, 860)])
def test_nothing_hangs_over_the_side(page, address, width, height):
    page.set_viewport_size({"width": width, "height": height})
    opened(page, address)
    main = page.locator(".stMain")
    assert main.evaluate("main => main.scrollWidth <= main.clientWidth")
    if width == 1440:
        expect(page.locator(".st-key-footer")).to_be_in_viewport(ratio=1.0)  # all of a sound in one view


def test_the_page_and_the_api_share_one_port_under_a_base_path(chromium, published):
    with served({"SONOFORM_CHECKPOINTS": str(published), "STREAMLIT_SERVER_BASE_URL_PATH": "sound_design"}) as where:
        page = chromium.new_page()
        page.goto(f"{where}/sound_design/?m=tiny&s=3")
        with page.expect_response(f"{where}/sound_design/infer") as draft:
            page.get_by_role("slider", name="Dim 1", exact=True).press("ArrowRight")
        assert draft.value.ok
        page.close()


def test_a_port_in_use_is_one_sentence(address):
    port = address.rpartition(":")[2]
    command = [sys.executable, "-m", "streamlit", "run", "--server.port", port, "--server.headless", "true"]
    ended = subprocess.run(
        command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert ended.returncode != 0
    assert f"Port {port}" in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
