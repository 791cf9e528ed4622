"""The Match page, run by Streamlit's own test harness; the live instrument and the exported file are in tests/e2e."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from streamlit.testing.v1 import AppTest

from synth.instruments.style import StyleInstrument
from synth.latents.match import Target
from synth.patch.patch import Patch
from synth.sound.sound import Sound
from tests.harness.patience import PATIENCE

MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"


def wav(samples: np.ndarray, rate: int = 16000) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV")
    return buffer.getvalue()


def noise(seconds: float, rate: int = 16000, seed: int = 0) -> np.ndarray:
    return 0.2 * np.random.default_rng(seed).standard_normal(round(seconds * rate))


@pytest.fixture
def page(tiny_checkpoint):
    """With classic widgets: the live instrument needs a browser."""
    page = AppTest.from_file(str(MAIN), default_timeout=PATIENCE)
    page.query_params["classic"] = "1"
    page.switch_page("../pages/match.py")
    return page.run()


def labelled(items, label: str):
    return next(item for item in items if item.label == label)


def clean(page: AppTest) -> None:
    assert not page.exception and not page.error and not page.warning


def upload(page: AppTest, data: bytes, name: str = "sound.wav") -> AppTest:
    page.file_uploader[0].set_value((name, data, "audio/wav"))
    return page.run()


def matched(page: AppTest, budget: str = "Encoder") -> AppTest:
    """Clicks Match and runs the page until the search has ended."""
    labelled(page.button_group, "Time for the search").set_value(budget).run()
    labelled(page.button, "Match").click().run()
    while "match.search" in page.session_state:
        page.session_state["match.search"].wait(PATIENCE)
        page.run()
    return page


def html(page: AppTest) -> str:
    return "".join(item.proto.body for item in page.get("html"))


def test_without_a_sound_there_is_nothing_to_match(page):
    clean(page)
    assert labelled(page.button, "Match").disabled
    assert "Difference" not in html(page)
    assert len(page.get("audio")) == 1


def test_a_sound_is_matched_and_every_slider_works_on_it(page):
    before = page.get("audio")[0].proto.url
    matched(upload(page, wav(noise(0.06))))
    clean(page)
    assert "z" in page.query_params and "Difference" in html(page)
    urls = [item.proto.url for item in page.get("audio")]
    assert before not in urls
    latent = page.query_params["z"]
    labelled(page.slider, "Dim 1").set_value(4.0).run()
    clean(page)
    assert page.query_params["z"] == latent and [item.proto.url for item in page.get("audio")] != urls
    assert "Difference" in html(page)
    labelled(page.button, "Undo").click().run()
    labelled(page.button, "Undo").click().run()
    clean(page)
    assert "z" not in page.query_params and "Difference" not in html(page)


def test_a_search_comes_nearer_than_the_encoder(page):
    instrument = StyleInstrument.load("tiny")
    given = Sound((noise(0.06) * np.exp(-np.arange(960) / 200)).astype(np.float32)[None], 16000)
    target = Target(instrument.codec.encode(torch.from_numpy(given.samples)))

    def apart() -> float:
        patch = Patch.from_query({key: text for key, text in page.query_params.items() if key != "classic"})
        return float(target.distance(instrument.synthesise(patch)))

    labelled(page.toggle, "Keep what the model cannot make").set_value(False)
    matched(upload(page, given.to_bytes("wav")))
    first = apart()
    matched(page, "2 s")
    clean(page)
    assert apart() < 0.95 * first


def test_what_the_model_cannot_make_is_kept_as_much_as_one_likes(page):
    tone = Sound(np.sin(0.5 * np.arange(960)).astype(np.float32)[None] * 0.5, 16000)
    matched(upload(page, tone.to_bytes("wav")))
    clean(page)
    assert "rs" in page.query_params and "ra" not in page.query_params
    urls = [item.proto.url for item in page.get("audio")]
    labelled(page.slider, "What the model cannot make").set_value(0.5).run()
    clean(page)
    assert page.query_params["ra"] in ("0.5", ["0.5"]) and [item.proto.url for item in page.get("audio")] != urls
    labelled(page.button, "Undo").click().run()
    assert labelled(page.slider, "What the model cannot make").value == 1.0
    labelled(page.toggle, "Keep what the model cannot make").set_value(False).run()
    assert not labelled(page.toggle, "Keep what the model cannot make").value
    matched(page)
    clean(page)
    assert not labelled(page.toggle, "Keep what the model cannot make").value
    assert "rs" not in page.query_params
    assert not [slider for slider in page.slider if slider.label == "What the model cannot make"]


def test_the_category_is_found_or_chosen(page):
    matched(upload(page, wav(noise(0.06))))
    found = page.query_params["c"]
    assert found in ("hit", "scrape", ["hit"], ["scrape"])
    for category in ("hit", "scrape"):
        labelled(page.selectbox, "Category").set_value(category).run()
        matched(page)
        assert category in page.query_params["c"]


def test_a_part_of_a_long_sound_is_chosen_and_is_at_first_the_loudest(page):
    samples = 0.01 * noise(3.0)
    samples[16000:16400] *= 80.0
    upload(page, wav(samples))
    clean(page)
    start = labelled(page.slider, "The part begins at, s")
    assert 0.9 < start.value <= 1.0 and "part-picture" in html(page)
    loud = page.get("audio")[-1].proto.url
    matched(page)
    here = page.query_params["z"]
    labelled(page.slider, "The part begins at, s").set_value(2.0).run()
    assert page.query_params["z"] == here, "a search is asked for"
    assert loud not in [item.proto.url for item in page.get("audio")]
    assert matched(page).query_params["z"] != here


def test_a_recording_is_taken_as_an_upload_is(page):
    labelled(page.button_group, "Source").set_value("Record").run()
    page.audio_input[0].set_value(("recording.wav", wav(noise(0.05, 48000), 48000), "audio/wav")).run()
    clean(page)
    assert "z" in matched(page).query_params


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("silent.wav", wav(np.zeros(4000)), "silent"),
        ("empty.wav", b"", "empty"),
        ("cut.flac", b"fLaC\0\0", "cannot be read as audio"),
        ("notes.wav", b"These are no samples." * 99, "cannot be read as audio"),
        ("long.wav", wav(np.full(1801 * 4000, 0.1), 4000), "longer than 1800 s"),
    ],
)
def test_bad_input_is_one_sentence_and_the_sound_stays(page, name, data, words):
    before = dict(page.query_params)
    upload(page, data, name)
    assert not page.exception and not page.error
    (warning,) = page.warning
    assert words in warning.value and name in warning.value and "\n" not in warning.value
    assert labelled(page.button, "Match").disabled and dict(page.query_params) == before


def test_a_silent_part_is_refused_until_it_is_moved(page):
    samples = noise(3.0)
    samples[:16000] = 0.0
    upload(page, wav(samples))
    labelled(page.slider, "The part begins at, s").set_value(0.2).run()
    assert "silent" in page.warning[0].value and labelled(page.button, "Match").disabled
    labelled(page.slider, "The part begins at, s").set_value(1.5).run()
    clean(page)
    assert not labelled(page.button, "Match").disabled


def test_ten_minutes_in_stereo_at_96_kHz_are_taken(page):
    seconds = 600
    stereo = np.zeros((seconds * 8000, 2), np.float32)
    stereo[:8000] = noise(1.0, 8000)[:, None]
    upload(page, wav(np.tile(noise(0.4, 96000)[:, None], 2), 96000))
    clean(page)
    assert "z" in matched(page).query_params
    upload(page, wav(stereo, 8000))
    clean(page)
    assert "z" in matched(page).query_params


def test_cancel_leaves_everything_as_it_was(page):
    upload(page, wav(noise(0.06)))
    labelled(page.button_group, "Time for the search").set_value("30 s").run()
    before, sounds = dict(page.query_params), [item.proto.url for item in page.get("audio")]
    labelled(page.button, "Match").click().run()
    search = page.session_state["match.search"]
    assert search.running and len(page.get("progress")) == 1
    assert not [item for item in page.button if item.label == "Match"]
    labelled(page.button, "Cancel").click().run()
    search.wait(PATIENCE)
    page.run()
    clean(page)
    assert not search.running and search.found is None and search.fault is None
    assert dict(page.query_params) == before and [item.proto.url for item in page.get("audio")] == sounds
    assert labelled(page.button, "Undo").disabled and not labelled(page.button, "Match").disabled


def test_what_ends_a_search_is_told(page, monkeypatch):
    from app.server.instruments import SharedInstrument
    from synth.errors import CheckpointError

    def refuse(*_) -> None:
        raise CheckpointError("tiny has no encoder that fits it: restore its folder")

    monkeypatch.setattr(SharedInstrument, "match", refuse)
    matched(upload(page, wav(noise(0.06))))
    assert "no encoder" in page.warning[0].value and not page.exception
    assert "z" not in page.query_params
