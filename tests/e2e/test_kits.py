"""The page Kits in a real Chromium: from pads that are played to files that other programs read."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from synth.sound.sound import Sound
from tests.e2e.browsing import follow, settled
from tests.harness.samplers import read_dspreset, read_sfz
from tests.harness.serving import find_chromium

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed: apt-get install chromium"),
]


def opened(page, address: str) -> None:
    page.goto(f"{address}/?m=tiny&c=hit&s=7")
    page.locator(".stMain button").first.wait_for()
    settled(page)
    follow(page, "Kits")
    page.get_by_role("button", name="Save the kit").wait_for()
    settled(page)


def pad(page, number: int):
    return page.get_by_role("button", name=f"Pad {number}:")


def saved(page, into: Path) -> str:
    """Saves the kit and unpacks it; the name of the zip."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the kit").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.testzip() is None
        archive.extractall(into)
    return str(download.value.suggested_filename)


def test_pads_are_played_set_exchanged_and_saved_for_samplers(page, address: str, tmp_path: Path) -> None:
    opened(page, address)
    assert page.locator(".pads button").count() == 16
    page.keyboard.press("3")
    page.keyboard.press("i")
    for number in (3, 16):
        expect(pad(page, number)).to_have_attribute("data-struck", "1")
    pad(page, 2).click()
    expect(pad(page, 2)).to_have_attribute("data-struck", "1")
    expect(pad(page, 2)).to_have_attribute("aria-pressed", "true")
    settled(page)

    note = page.get_by_role("spinbutton", name="MIDI note")
    note.fill("36")
    note.press("Enter")
    expect(page.get_by_text("are both on key 36: give one of them another")).to_be_visible()
    note.fill("61")
    note.press("Enter")
    expect(pad(page, 2)).to_contain_text("note 61")
    choke = page.get_by_role("spinbutton", name="Choke group")
    choke.fill("3")
    choke.press("Enter")
    expect(pad(page, 2)).to_contain_text("choke 3")
    settled(page)
    page.get_by_role("slider", name="Round robins").press("ArrowRight")
    settled(page)
    pad(page, 1).drag_to(pad(page, 5))
    expect(pad(page, 5)).to_contain_text("Hit 7")
    settled(page)

    assert saved(page, tmp_path / "sfz") == "kit.sfz.zip"
    regions = read_sfz(tmp_path / "sfz" / "kit.sfz").regions
    assert len(regions) == 32 and {region.root for region in regions} == {36, *range(38, 52), 61}
    assert {region.root for region in regions if region.choke == "3"} == {61}
    (first, second) = (region.file for region in regions if region.root == 40)
    assert (first, second) == ("samples/040_tiny_hit_s7_r1.wav", "samples/040_tiny_hit_s7_r2.wav")
    sound = Sound.load(tmp_path / "sfz" / first)
    assert sound.sample_rate == 44100 and sound.patch is not None and sound.patch.category == "hit"

    page.get_by_role("combobox", name="For").click()
    page.get_by_role("option", name="DecentSampler library").click()
    settled(page)
    assert saved(page, tmp_path / "ds") == "kit.dslibrary"
    assert len(read_dspreset(tmp_path / "ds" / "kit.dspreset").regions) == 32


def test_a_key_that_is_typed_into_a_field_plays_nothing(page, address: str) -> None:
    opened(page, address)
    name = page.get_by_label("Name")
    name.click()
    page.keyboard.type("12 qwi")
    name.press("Enter")
    settled(page)
    assert page.locator("[data-struck]").count() == 0
    expect(page.get_by_role("button", name="Save the kit")).to_be_visible()
