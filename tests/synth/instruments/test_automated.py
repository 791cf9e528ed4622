"""Lanes on the sounds of a trained model: what they say is measured in what is heard."""

from dataclasses import replace

import librosa
import numpy as np
import pytest

from synth.errors import PatchError
from synth.instruments.loading import load
from synth.patch.morph import Morph
from synth.patch.patch import Patch

RAIN = Patch("environmental", "rain", seed=3, lufs=None)
TONE = Patch("environmental", "siren_horn", seed=4, lufs=None)


@pytest.fixture(scope="module")
def instrument():
    return load("environmental", "cpu")


def lane(patch: Patch, name: str, *points) -> Patch:
    return replace(patch, lanes=[{"name": name, "points": list(points)}])


def levels(samples: np.ndarray, parts: int = 8) -> np.ndarray:
    """dB of equal parts of mono samples."""
    return np.array([10 * np.log10((x**2).mean() + 1e-12) for x in np.array_split(samples, parts)])


def test_a_lane_of_loudness_is_measured(instrument) -> None:
    plain, moved = (levels(instrument.render(p).samples[0]) for p in (RAIN, lane(RAIN, "loudness", [0, -20], [1, 10])))
    gained = moved - plain
    np.testing.assert_allclose(np.diff(gained), 30 / 8, atol=1.0)


def test_a_lane_of_brightness_is_followed_by_the_centroid(instrument) -> None:
    samples = instrument.render(lane(RAIN, "brightness", [0, -6], [0.5, 6], [1, -6])).samples[0]
    centroid = librosa.feature.spectral_centroid(y=samples, sr=16000)[0]
    asked = np.interp(np.linspace(0, 1, len(centroid)), [0, 0.5, 1], [-6, 6, -6])
    assert np.corrcoef(centroid, asked)[0, 1] > 0.9


def test_a_lane_of_pitch_moves_frequencies(instrument) -> None:
    """Two halves of one sound, an octave apart: their spectra agree once one of them is moved back."""
    plain = instrument.picture(TONE).astype(float)
    moved = instrument.picture(lane(TONE, "pitch", [0, 0], [0.5, 0], [0.5, 12], [1, 12])).astype(float)
    bins, frames = plain.shape
    late = np.s_[:, frames * 5 // 8 : frames * 7 // 8]
    lowered = moved[late][::2][: bins // 2].mean(1)
    assert np.corrcoef(lowered, plain[late][: bins // 2].mean(1))[0, 1] > 0.95
    early = (moved - plain)[:, : frames * 3 // 8]  # levels are told from the loudest bin, which may be another one
    assert np.abs(early - np.median(early)).mean() < 2.0


def test_a_lane_of_width_opens_the_image(instrument) -> None:
    left, right = instrument.render(lane(RAIN, "width", [0, 0], [0.5, 0], [0.5, 1], [1, 1])).samples
    n = left.size // 4
    assert np.corrcoef(left[:n], right[:n])[0, 1] > 0.99 and abs(np.corrcoef(left[-n:], right[-n:])[0, 1]) < 0.2


def test_a_lane_of_stretch_moves_what_is_in_the_middle_and_keeps_the_length(instrument) -> None:
    gap = [{"tool": "eraser", "points": [[0.5, 0.5]], "size": [0.05, 1.0], "softness": 0.1}]
    plain = instrument.render(replace(RAIN, strokes=gap)).samples[0]
    uneven = lane(replace(RAIN, strokes=gap), "stretch", [0, 1], [0.5, 1], [0.5, -1], [1, -1])
    moved = instrument.render(uneven).samples[0]
    assert moved.size == plain.size
    assert np.argmin(levels(plain, 40)) in (19, 20) and 29 <= np.argmin(levels(moved, 40)) <= 33


def test_a_lane_of_a_slider_is_followed_by_its_descriptor(instrument) -> None:
    """And the mean is the slider's: half way it sounds as it does without."""
    samples = instrument.render(lane(RAIN, "sliders.Brightness", [0, -3], [1, 3])).samples[0]
    centroid = librosa.feature.spectral_centroid(y=samples, sr=16000)[0]
    assert np.corrcoef(centroid, np.arange(len(centroid)))[0, 1] > 0.8
    raised = instrument.picture(lane(RAIN, "sliders.Brightness", [0, 2])).astype(float)
    fixed = instrument.picture(replace(RAIN, sliders={"Brightness": 2.0})).astype(float)
    assert np.abs(raised - fixed).mean() < 1.0


def test_together_and_alone_are_the_same_bytes(instrument) -> None:
    patches = [lane(replace(RAIN, seed=s), n, [0, -1], [1, 1]) for s, n in ((1, "sliders.Rate"), (2, "width"))]
    for patch, sound in zip(patches, instrument.renders(patches), strict=True):
        np.testing.assert_array_equal(instrument.render(patch).samples, sound.samples)


def test_a_lane_of_another_model_is_one_sentence(instrument) -> None:
    with pytest.raises(PatchError, match="Impact type"):
        instrument.render(lane(RAIN, "sliders.Impact type", [0, 1]))


def test_a_morph_has_lanes_by_weight(instrument) -> None:
    morph = Morph((lane(RAIN, "pitch", [0, 12]), replace(RAIN, seed=9)), x=0.25, pace="linear")
    assert instrument.morphed(morph).automated[0].points[0][1] == pytest.approx(9.0, abs=0.01)
