"""Measurements in words."""

import pytest

from app.widgets import words
from synth.audio.descriptors import DESCRIPTORS


@pytest.mark.parametrize(
    ("descriptor", "value", "text"),
    [
        ("brightness", 1.94, "3.84 kHz"),
        ("brightness", -1.0, "500 Hz"),
        ("sustain", -4.17, "55.6 ms"),
        ("decay", 1.0, "2 s"),
        ("rate", 2.0, "4 a second"),
        ("distance", -12.34, "-12.3 dB"),
        ("noisiness", -2.5, "-2.5 dB"),
    ],
)
def test_octaves_become_what_they_are_octaves_of(descriptor, value, text):
    assert words.amount(descriptor, value) == text


def test_every_descriptor_has_words():
    assert words.MORE.keys() >= DESCRIPTORS.keys()


def test_what_a_slider_does():
    assert (
        words.moves("Ringing", {"brightness": 0.9, "distance": -0.75, "rate": 0.1})
        == "Ringing makes it brighter, and nearer"
    )
    assert words.moves("X", {"brightness": 0.2}) == "X moves nothing steadily that is measured here"
    assert words.moves("X", {"crunch": -0.8}) == "X makes it less in crunch"
