"""Parts of pages that take sounds in: an upload, a recording, several at once."""

from __future__ import annotations

import io

import numpy as np
import soundfile
from streamlit.testing.v1 import AppTest

from tests.harness.patience import PATIENCE


def wav(samples: np.ndarray, rate: int = 16000) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV")
    return buffer.getvalue()


HIT = np.r_[np.zeros(32000), 0.5 * np.random.default_rng(0).standard_normal(4000), np.zeros(32000)]


def test_several_are_cut_to_their_loudest_part_and_bad_ones_are_named():
    def script() -> None:
        import streamlit as st

        from app.widgets import intake

        found = intake.several("mine", "Sounds", 1.0, 3)
        st.text(";".join(f"{name} {sound.seconds:.2f} {abs(sound.samples).max():.1f}" for name, sound in found))

    page = AppTest.from_function(script, default_timeout=PATIENCE).run()
    assert page.text[0].value == ""
    files = [("hit.wav", wav(HIT), "audio/wav"), ("bad.wav", b"RIFF", "audio/wav"), ("b.wav", wav(HIT[-36000:]), "x")]
    page.file_uploader[0].set_value(files).run()
    assert not page.exception
    (warning,) = page.warning
    assert '"bad.wav"' in warning.value
    assert [line.split()[:2] for line in page.text[0].value.split(";")] == [["hit.wav", "1.00"], ["b.wav", "1.00"]]
    page.file_uploader[0].set_value(files[:1]).run()
    assert not page.warning and page.text[0].value.startswith("hit.wav 1.00")
    page.file_uploader[0].set_value([(f"{i}.wav", wav(HIT), "audio/wav") for i in range(5)]).run()
    assert "the first 3 are taken" in page.warning[0].value and page.text[0].value.count("wav") == 3


def test_another_file_begins_at_its_own_loudest_part():
    def script() -> None:
        import streamlit as st

        from app.widgets import intake

        part = intake.part_of("mine", "Sound", 0.5)
        st.text("none" if part is None else f"{part.seconds:.2f} {float(abs(part.samples[0, :2000]).max()) > 0.2}")

    page = AppTest.from_function(script, default_timeout=PATIENCE).run()
    assert page.text[0].value == "none"
    for data in (wav(HIT), wav(HIT[16000:])):
        page.file_uploader[0].set_value(("a.wav", data, "audio/wav")).run()
        assert page.text[0].value == "0.50 True" and not page.exception
    page.file_uploader[0].set_value(("a.wav", wav(HIT[32000:36000]), "audio/wav")).run()
    assert page.text[0].value == "0.25 True" and not page.slider
