"""The picture: its colours, its axes, and what it shows."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from app.widgets.spectrogram import MAX_TICKS, PALETTE, figure, heat_map, ticks, waveform
from synth.sound.sound import Sound


def tone(hertz: float, seconds: float = 1.0, rate: int = 16000) -> Sound:
    return Sound(0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate), rate)


def test_colours_get_lighter_step_by_step():
    rgb = np.frombuffer(PALETTE, np.uint8).reshape(256, 3).astype(float)
    luma = rgb @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luma) > -0.5).all()  # colours are whole numbers
    assert luma[0] < 2 and luma[-1] > 240


def test_low_frequencies_are_at_the_bottom():
    image = Image.open(io.BytesIO(heat_map(tone(1000.0).spectrogram(64, 32)))).convert("RGB")
    assert image.size == (32, 64)
    rows = np.asarray(image).sum(axis=2).mean(axis=1)
    assert abs(rows.argmax() - (63 - 8)) <= 1  # 1 kHz of 8, from below


@pytest.mark.parametrize("end", [0.064, 0.5, 1.0, 2.048, 4.096, 8.0, 22.05, 24.0, 600.0])
def test_ticks_are_round_evenly_spaced_and_few(end):
    marks = list(ticks(end))
    at = np.array([value for value, _ in marks])
    assert 3 <= len(marks) <= MAX_TICKS + 1
    assert at[0] == 0.0 and at[-1] <= end * (1 + 1e-6) and end - at[-1] < at[1]
    assert np.allclose(np.diff(at), at[1])
    assert [float(label) for _, label in marks] == pytest.approx(at.tolist())


def test_waveform_is_an_svg_of_the_extremes():
    root = ElementTree.fromstring(waveform(np.array([0.0, 1.0, -1.0, 0.0], np.float32).repeat(100), 4))
    points = re.findall(r"([0-9.]+),([0-9.]+)", root[0].attrib["d"])
    assert len(points) == 8
    assert [float(y) for _, y in points] == [1, 0, 2, 1, 1, 2, 0, 1]


def test_figure_has_both_axes_and_a_description():
    html = figure(tone(500.0, 2.0))
    assert 'aria-label="Waveform and spectrogram, 0 to 8 kHz, 2.00 seconds"' in html
    assert html.count("data:image/png;base64,") == 1 and html.count("data:image/svg+xml;base64,") == 1
    assert "<b>kHz</b>" in html and "<b>s</b>" in html
    assert '<span style="bottom:50.000%">4</span>' in html


def test_silence_has_a_picture():
    assert figure(Sound(np.zeros(100, np.float32), 16000))
