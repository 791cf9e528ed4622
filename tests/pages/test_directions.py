"""The Directions page, run by Streamlit's own test harness."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from streamlit.testing.v1 import AppTest

from app.server.instruments import SharedInstrument
from synth.checkpoint.named_directions import FILE, SHARED
from synth.library.library import library
from synth.patch.patch import Patch
from tests.harness.patience import PATIENCE

MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"


@pytest.fixture
def page(root):
    page = AppTest.from_file(str(MAIN), default_timeout=PATIENCE)
    page.switch_page("../pages/directions.py")
    page.query_params["classic"] = "1"
    return page.run()


def wav(samples: np.ndarray, rate: int = 16000) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV")
    return buffer.getvalue()


def noise(seed: int, seconds: float = 0.06, rate: int = 16000, channels: int = 1) -> bytes:
    return wav(0.2 * np.random.default_rng(seed).standard_normal((round(seconds * rate), channels)), rate)


def tone(hertz: float) -> bytes:
    return wav(0.3 * np.sin(np.arange(900) * 2 * np.pi * hertz / 16000))


def files(*data: bytes, name: str = "sound") -> list[tuple[str, bytes, str]]:
    return [(f"{name} {i}.wav", content, "audio/wav") for i, content in enumerate(data)]


def labelled(items, label: str):
    return next(item for item in items if item.label == label)


def give(page: AppTest, more, less, name: str = "Hiss") -> AppTest:
    labelled(page.file_uploader, "More like this").set_value(more)
    labelled(page.file_uploader, "Less like this").set_value(less)
    labelled(page.text_input, "Name of the slider").set_value(name)
    return page.run()


def made(page: AppTest) -> AppTest:
    give(page, files(noise(1), noise(2)), files(tone(300.0), tone(600.0)))
    return labelled(page.button, "Make").click().run()


def clean(page: AppTest) -> None:
    assert not page.exception and not page.error and not page.warning


def test_a_slider_is_made_of_sounds_measured_and_kept(page, root):
    clean(page)
    assert labelled(page.button, "Make").disabled
    made(page)
    clean(page)
    assert "Hiss is a slider" in page.success[0].value
    (kept,) = json.loads((root / "tiny" / FILE).read_text())["directions"]
    assert kept["name"] == "Hiss" and kept["measured"]["seeds"] == 12 and len(kept["measured"]["positions"]) == 5
    assert page.get("vega_lite_chart")
    assert any("Your sounds differ most in" in item.help and "r " in item.help for item in page.caption)
    before = page.get("audio")[-1].proto.url
    labelled(page.slider, "Hiss").set_value(4.0).run()
    clean(page)
    assert page.query_params["d.Hiss"] == "4.0" and page.get("audio")[-1].proto.url != before

    other = AppTest.from_file(str(MAIN), default_timeout=PATIENCE)
    other.query_params.update({"m": "tiny", "d.Hiss": "4.0", "classic": "1"})
    other.run()
    clean(other)
    assert labelled(other.slider, "Hiss").value == 4.0, "it is a slider on every page"


def test_it_is_renamed_shared_and_deleted(page, root):
    made(page)
    labelled(page.slider, "Hiss").set_value(2.0).run()
    labelled(page.text_input, "Name of Hiss").set_value("Dim 1").run()
    labelled(page.button, "Rename").click().run()
    assert "Dim 1" in page.warning[0].value and "d.Hiss" in page.query_params
    labelled(page.text_input, "Name of Hiss").set_value("Air").run()
    labelled(page.button, "Rename").click().run()
    clean(page)
    assert page.query_params["d.Air"] == "2.0" and labelled(page.slider, "Air").value == 2.0
    from app.server.instruments import instrument

    shared = instrument("tiny").pack("Air")
    opener = next(item for item in page.file_uploader if item.label.startswith("A file"))
    opener.set_value(("air.direction.json", shared, "application/json")).run()
    clean(page)
    assert labelled(page.slider, "Air 2").value == 0.0, "a name that is taken is numbered"
    next(item for item in page.button if item.label == "Delete").click().run()
    clean(page)
    assert "d.Air" not in page.query_params
    assert [d["name"] for d in json.loads((root / "tiny" / FILE).read_text())["directions"]] == ["Air 2"]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"RIFF", "no direction"),
        (
            json.dumps(
                {
                    "format": SHARED,
                    "model": "rain",
                    "generator": "0",
                    "direction": {"name": "Drip", "vector": [1.0], "scale": 1.0, "layers": [0, 1], "provenance": ""},
                }
            ).encode(),
            "'Drip' is a direction of 'rain', not of this tiny",
        ),
    ],
)
def test_a_file_that_does_not_fit_is_one_sentence(page, root, data, told):
    opener = next(item for item in page.file_uploader if item.label.startswith("A file"))
    opener.set_value(("x.json", data, "application/json")).run()
    assert not page.exception and told in page.warning[0].value and "\n" not in page.warning[0].value
    assert not (root / "tiny" / FILE).exists()


@pytest.mark.parametrize(
    ("more", "less", "name", "told"),
    [
        (files(noise(1)), files(tone(300.0), tone(600.0)), "Hiss", "one sound"),
        (files(noise(1), noise(2)), files(tone(300.0), noise(2)), "Hiss", '"sound 1.wav" is on both sides'),
        (files(noise(1), noise(2)), files(tone(300.0), tone(600.0)), "  ", "Give the slider a name"),
        (files(noise(1), noise(2)), files(tone(300.0), tone(600.0)), "Dim 1", "a direction of this model already"),
        (files(noise(1), wav(np.zeros(800))), files(tone(300.0), tone(600.0)), "Hiss", "silent"),
        (files(noise(1), b"not audio at all"), files(tone(300.0), tone(600.0)), "Hiss", "cannot be read as audio"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_and_nothing_is_lost(page, root, more, less, name, told):
    give(page, more, less, name)
    labelled(page.button, "Make").click().run()
    assert not page.exception and not page.error
    assert any(told in item.value and "\n" not in item.value for item in page.warning)
    assert not (root / "tiny" / FILE).exists()
    kept = [len(item.value) for item in page.file_uploader if item.label.endswith("like this")]
    assert kept == [len(more), len(less)], "the sounds that were given are still there"


def test_stereo_at_96_khz_and_a_long_recording_are_sounds_too(page):
    long = noise(3, 30.0)
    give(page, files(noise(1, 0.1, 96000, 2), long), files(tone(300.0), tone(600.0)))
    labelled(page.button, "Make").click().run()
    clean(page)
    assert "Hiss is a slider" in page.success[0].value


def test_kept_sounds_are_examples_too(page):
    for i in range(4):
        library().keep(Patch("tiny", "hit", i))
    page.run()
    more, less = page.multiselect
    more.set_value(["Hit 0", "Hit 1"])
    less.set_value(["Hit 2", "Hit 3"])
    labelled(page.text_input, "Name of the slider").set_value("Low")
    page.run()
    labelled(page.button, "Make").click().run()
    clean(page)
    assert "Low is a slider" in page.success[0].value
    more, less = page.multiselect
    more.set_value(["Hit 0", "Hit 1"])
    less.set_value(["Hit 1", "Hit 3"])
    labelled(page.text_input, "Name of the slider").set_value("High")
    page.run()
    labelled(page.button, "Make").click().run()
    assert '"Hit 1" is on both sides' in page.warning[0].value


def test_cancel_leaves_everything_as_it_was(page, root, monkeypatch):
    """The page is stopped in the middle of the measurement, as a click on Cancel stops it."""
    from streamlit.runtime.scriptrunner import StopException

    from app.server.instruments import SharedInstrument

    heard, whole = [], SharedInstrument.hear

    def hear(shared, trial, seed, position):
        if len(heard) == 7:
            raise StopException
        heard.append((seed, position))
        whole(shared, trial, seed, position)

    give(page, files(noise(1), noise(2)), files(tone(300.0), tone(600.0)))
    before = dict(page.query_params)
    monkeypatch.setattr(SharedInstrument, "hear", hear)
    labelled(page.button, "Make").click().run()
    assert page.get("progress") and labelled(page.button, "Make").disabled
    labelled(page.button, "Cancel").click().run()
    clean(page)
    assert not (root / "tiny" / FILE).exists() and dict(page.query_params) == before
    assert not page.get("progress") and not labelled(page.button, "Make").disabled

    labelled(page.button, "Make").click().run()
    heard.clear()
    monkeypatch.setattr(SharedInstrument, "hear", whole)
    labelled(page.button_group, "Category").set_value("scrape").run()
    clean(page)
    assert "Hiss is a slider" in page.success[0].value, "what another control held up goes on"


def test_a_direction_of_explore_is_measured_when_asked(page):
    page.switch_page("../pages/explore.py").run()
    labelled(page.text_input, "as").set_value("Wobble").run()
    labelled(page.button, "Make it a slider").click().run()
    page.switch_page("../pages/directions.py").run()
    assert any("not measured yet" in item.value for item in page.caption)
    labelled(page.button, "Measure").click().run()
    clean(page)
    assert any("It moves" in item.help for item in page.caption) and page.get("vega_lite_chart")


def test_a_slider_that_was_deleted_while_it_was_measured_stays_deleted(page, root, monkeypatch):
    page.switch_page("../pages/explore.py").run()
    labelled(page.text_input, "as").set_value("Wobble").run()
    labelled(page.button, "Make it a slider").click().run()
    page.switch_page("../pages/directions.py").run()
    heard = SharedInstrument.hear

    def deleted_meanwhile(self, trial, seed, position):
        self.remove("Wobble")
        heard(self, trial, seed, position)

    monkeypatch.setattr(SharedInstrument, "hear", deleted_meanwhile)
    labelled(page.button, "Measure").click().run()
    assert not page.exception and not (root / "tiny" / FILE).exists()
    assert "deleted or renamed" in page.warning[0].value


@pytest.mark.parametrize("name", ["directions", "explore"])
def test_a_damaged_file_of_own_sliders_is_one_sentence(page, root, name):
    (root / "tiny" / FILE).write_text("{")
    page.switch_page(f"../pages/{name}.py").run()
    assert not page.exception
    assert any("damaged" in item.value for item in [*page.warning, *page.error])
