"""The Transfer page, run by Streamlit's own test harness."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from synth.checkpoint.store import CARD
from synth.library.library import library
from synth.patch.patch import Patch
from tests.harness.patience import PATIENCE
from tests.pages.test_directions import MAIN, clean, labelled, noise, tone, wav


def semantic(slider: str) -> dict:
    """What the card says of a slider that moves brightness."""
    figures = {"r": {"brightness": 0.9, "rate": 0.1}, "slope": {"brightness": 0.1, "rate": 0.0}}
    of = {"descriptor": "brightness", "unit": "octaves", "method": "regression", "methods": {"regression": figures}}
    of["curve"] = {key: [0.0, 1.0] for key in ("middle", "low", "high")}
    return {"seeds": 2, "positions": [-5.0, 5.0], "sliders": {slider: of}}


@pytest.fixture
def root(published, tmp_path, monkeypatch) -> Path:
    """Models of which one has a semantic slider."""
    folder = Path(shutil.copytree(published, tmp_path / "checkpoints"))
    card = folder / "tiny" / CARD
    values = json.loads(card.read_text())
    values["metrics"]["semantic"] = semantic(values["directions"][0]["name"])
    card.write_text(json.dumps(values))
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(folder))
    return folder


@pytest.fixture
def page(root):
    page = AppTest.from_file(str(MAIN), default_timeout=PATIENCE)
    page.switch_page("../pages/transfer.py")
    page.query_params["classic"] = "1"
    return page.run()


def upload(page: AppTest, data: bytes) -> AppTest:
    page.file_uploader[0].set_value(("that.wav", data, "audio/wav"))
    return page.run()


def figures(page: AppTest) -> dict[str, float]:
    return {item.label: octaves(item.value) for item in page.metric if item.value != "–"}


def octaves(told: str) -> float:
    """A brightness in Hz or kHz as it was measured."""
    number, unit = told.split()
    return math.log2(float(number) * {"kHz": 1.0, "Hz": 0.001}[unit])


def test_the_sound_gets_the_brightness_of_another_and_undo_takes_it_back(page):
    clean(page)
    assert labelled(page.button, "Give").disabled and list(figures(page)) == ["This sound"]
    upload(page, tone(900.0))
    clean(page)
    before = figures(page)
    assert set(before) == {"This sound", "That sound"} and len(page.get("audio")) == 2
    sound = page.get("audio")[-1].proto.url
    labelled(page.button, "Give").click().run()
    clean(page)
    after = figures(page)
    assert (after["Before"], after["Target"]) == (before["This sound"], before["That sound"])
    assert abs(after["After"] - after["Target"]) < abs(after["Before"] - after["Target"])
    assert any("with Dim 1 at" in item.value for item in page.caption)
    assert "d.Dim 1" in page.query_params and page.get("audio")[-1].proto.url != sound
    labelled(page.button, "Undo").click().run()
    clean(page)
    assert "d.Dim 1" not in page.query_params and figures(page) == before


def test_half_the_strength_goes_half_the_way(page):
    upload(page, tone(900.0))
    before = figures(page)
    labelled(page.slider, "Strength").set_value(0.5).run()
    labelled(page.button, "Give").click().run()
    clean(page)
    assert figures(page)["Target"] == pytest.approx((before["This sound"] + before["That sound"]) / 2, abs=0.01)


def test_the_end_of_the_slider_is_told(page):
    upload(page, tone(60.0))
    labelled(page.button, "Give").click().run()
    clean(page)
    assert any("ends before the target" in i.value or "No place of the slider" in i.value for i in page.caption)


def test_a_kept_sound_can_be_the_other_one(page):
    library().keep(Patch("tiny", "hit", 5))
    page.run()
    labelled(page.selectbox, "A sound of the shelf").set_value("Hit 5").run()
    clean(page)
    labelled(page.button, "Give").click().run()
    clean(page)
    assert "After" in figures(page)


@pytest.mark.parametrize(
    ("data", "told"),
    [(wav(np.zeros(800)), "silent"), (b"not audio at all", "cannot be read as audio"), (b"", "empty")],
)
def test_what_is_no_sound_is_one_sentence(page, data, told):
    upload(page, data)
    assert not page.exception and not page.error
    assert told in page.warning[0].value and "\n" not in page.warning[0].value
    assert labelled(page.button, "Give").disabled


def test_a_longer_recording_in_stereo_at_96_khz_is_cut_to_a_part(page):
    upload(page, noise(0, 20.0, 96000, 2))
    clean(page)
    assert labelled(page.slider, "The part begins at, s")
    labelled(page.button, "Give").click().run()
    clean(page)
    assert "After" in figures(page)


def test_a_model_without_a_steady_slider_says_what_to_do(root):
    card = root / "tiny" / CARD
    values = json.loads(card.read_text())
    del values["metrics"]["semantic"]
    card.write_text(json.dumps(values))
    page = AppTest.from_file(str(MAIN), default_timeout=PATIENCE)
    page.switch_page("../pages/transfer.py")
    page.query_params["classic"] = "1"
    page.run()
    clean(page)
    assert any("make one on the page Directions" in item.value for item in page.caption)


def test_a_slider_that_is_held_to_what_is_not_measured_here_gives_nothing(root):
    card = root / "tiny" / CARD
    values = json.loads(card.read_text())
    (slider,) = values["metrics"]["semantic"]["sliders"].values()
    slider["descriptor"] = "loudness"
    slider["methods"]["regression"]["r"]["loudness"] = 0.95
    card.write_text(json.dumps(values))
    page = AppTest.from_file(str(MAIN), default_timeout=PATIENCE)
    page.switch_page("../pages/transfer.py")
    page.query_params["classic"] = "1"
    page.run()
    assert not page.exception and not any("oudness" in option for box in page.selectbox for option in box.options)


def test_cancel_leaves_everything_as_it_was(page, monkeypatch):
    """The page is stopped in the middle of the search, as a click on Cancel stops it."""
    from streamlit.runtime.scriptrunner import StopException

    from app.server.instruments import SharedInstrument

    whole = SharedInstrument.give

    def give(*arguments):
        for number, search in enumerate(whole(*arguments)):
            if number == 3:
                raise StopException
            yield search

    upload(page, tone(900.0))
    before, address = figures(page), dict(page.query_params)
    monkeypatch.setattr(SharedInstrument, "give", give)
    labelled(page.button, "Give").click().run()
    assert page.get("progress")
    labelled(page.button, "Cancel").click().run()
    clean(page)
    assert figures(page) == before and dict(page.query_params) == address and not page.get("progress")
    assert labelled(page.button, "Undo").disabled
