"""What a hand sets in the live instrument goes straight to the server; Python follows with the same sound."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qsl, urlsplit

import pytest

from synth.sound.sound import Sound
from tests.e2e.browsing import settled
from tests.e2e.test_instrument import heard, live, slider, wait_for_sounds  # noqa: F401  (live is a fixture)
from tests.harness.serving import find_chromium

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed: apt-get install chromium"),
]


def asked(page, act) -> dict:
    """What a hand's act asks the server for, whole and not as a draft; waits until it is heard and Python knows."""
    before, address = len(heard(page)), page.url
    whole = lambda request: request.url.endswith("/infer") and not json.loads(request.post_data)["draft"]  # noqa: E731
    with page.expect_request(whole) as sent:
        act()
    wait_for_sounds(page, before)
    page.wait_for_url(lambda url: url != address)
    settled(page)
    return json.loads(sent.value.post_data)


def query(page) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(page.url).query))


def test_the_die_and_a_category_are_heard_at_once_and_once(live):  # noqa: F811
    rolled = asked(live, live.get_by_role("button", name="Roll").click)
    assert rolled["seed"] != 3 and query(live)["s"] == str(rolled["seed"])
    count = len(heard(live))
    chosen = asked(live, live.get_by_role("radio", name="Scrape", exact=True).click)
    assert (chosen["category"], chosen["seed"]) == ("scrape", rolled["seed"]) and query(live)["c"] == "scrape"
    assert len(heard(live)) == count + 1, "Python's answer is the same sound, and is not played again"
    assert live.get_by_role("radio", name="Scrape", exact=True).is_checked()
    seed = live.get_by_label("Seed", exact=True)
    seed.fill("77")
    assert asked(live, lambda: seed.press("Enter"))["seed"] == 77
    live.keyboard.press("Control+z")
    live.wait_for_url(re.compile(f"s={rolled['seed']}"))


def test_pitch_width_and_switches_are_fields_of_the_patch(live):  # noqa: F811
    assert asked(live, lambda: slider(live, "Pitch").press("ArrowRight"))["pitch"] == 1
    assert slider(live, "Pitch").get_attribute("aria-valuetext") == "+1 st"
    assert asked(live, lambda: slider(live, "Width").press("End"))["width"] == 1
    assert live.evaluate("window.heard.at(-1).length") > 0
    assert asked(live, live.get_by_role("switch", name="Trim end").click)["end"] is True
    assert asked(live, lambda: slider(live, "Length").press("Home"))["length"] == 0.05
    assert asked(live, lambda: slider(live, "Length").press("Delete"))["length"] is None, "left to the model"
    found = query(live)
    assert (found["pi"], found["wi"]) == ("1.0", "1.0") and "le" not in found
    slider(live, "Pitch").dblclick()
    live.wait_for_url(lambda url: "pi=" not in url)


def test_a_sound_that_can_hardly_be_heard_says_so(page, address):
    page.goto(f"{address}/?m=tiny&c=hit&s=3&l=-55.0")
    page.get_by_text(re.compile("Quiet: −5[0-9] LUFS")).wait_for()


def test_a_file_is_saved_at_the_rate_that_was_chosen(live, tmp_path):  # noqa: F811
    live.get_by_role("combobox", name="Sample rate of files").click()
    live.get_by_role("option", name="44.1 kHz").click()
    settled(live)
    with live.expect_download() as download:
        live.get_by_role("button", name="FLAC").click()
    download.value.save_as(tmp_path / "kept.flac")
    kept = Sound.load(tmp_path / "kept.flac")
    assert kept.sample_rate == 44100 and kept.patch is not None and kept.patch.seed == 3


def test_the_picture_is_dragged_out_as_the_file(live):  # noqa: F811
    given = live.evaluate(
        """() => {
          const dataTransfer = new DataTransfer();
          const roots = [...document.querySelectorAll("*")].map(e => e.shadowRoot);
          const stage = roots.map(root => root?.querySelector(".stage")).find(Boolean);
          stage.dispatchEvent(new DragEvent("dragstart", { dataTransfer, bubbles: true }));
          return [stage.draggable, dataTransfer.getData("DownloadURL"), dataTransfer.getData("text/uri-list")];
        }"""
    )
    draggable, download, address = given
    kind, name, where = download.split(":", 2)
    assert draggable and (kind, name, where) == ("audio/wav", "tiny_hit_s3.wav", address)
    answer = live.request.get(address)
    assert answer.headers["content-disposition"] == 'attachment; filename="tiny_hit_s3.wav"'
    patch = Sound.load(answer.body()).patch
    assert patch is not None and (patch.model, patch.category, patch.seed) == ("tiny", "hit", 3)


def test_chance_moves_the_sliders_that_are_not_locked(live):  # noqa: F811
    live.get_by_role("button", name="Lock Dim 1", exact=True).click()
    moved = asked(live, live.get_by_role("button", name="Vary", exact=True).click)["sliders"]
    assert len(moved) > 1 and "Dim 1" not in moved
    assert all(slider(live, name).get_attribute("aria-valuenow") == f"{value:g}" for name, value in moved.items())
    live.keyboard.press("z")
    live.wait_for_url(re.compile("s=3$"))
