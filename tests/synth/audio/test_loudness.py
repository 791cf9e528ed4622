"""Loudness, true peak and fades."""

import math

import numpy as np
import pytest
import soxr

from synth.audio.loudness import fades, integrated, normalise, true_peak

RATE = 16000


def tone(seconds: float, hz: float = 997.0, rate: int = RATE, level: float = 1.0) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate))[None].astype(np.float32)


@pytest.mark.parametrize("rate", [16000, 22050, 48000])
def test_a_full_scale_tone_reads_as_the_standard_says(rate):
    assert integrated(tone(2.0, rate=rate), rate) == pytest.approx(-3.01, abs=0.1)
    assert integrated(np.repeat(tone(2.0, rate=rate), 2, axis=0), rate) == pytest.approx(0.0, abs=0.1)


def test_a_short_clip_reads_as_it_does_before_silence():
    click = tone(0.05)
    longer = np.pad(click, ((0, 0), (0, 2 * RATE)))
    assert integrated(click, RATE) == pytest.approx(integrated(longer, RATE), abs=0.1)
    assert integrated(click, RATE) < integrated(tone(0.4), RATE) - 8.0
    assert math.isfinite(integrated(np.ones((1, 1), np.float32), RATE))


@pytest.mark.parametrize("lufs", [-18.0, -30.0])
@pytest.mark.parametrize("level", [1.0, 1e-5])
def test_normalise_reaches_the_loudness(lufs, level):
    assert integrated(normalise(tone(1.0, level=level), RATE, lufs), RATE) == pytest.approx(lufs, abs=0.05)


def test_the_ceiling_goes_first():
    click = np.zeros((1, RATE), np.float32)
    click[0, 5000:5003] = 0.1
    loud = normalise(click, RATE, -6.0, ceiling_dbtp=-1.0)
    assert true_peak(loud) == pytest.approx(-1.0, abs=0.01)
    assert integrated(loud, RATE) < -6.0
    assert true_peak(normalise(tone(1.0), RATE, None, ceiling_dbtp=-3.0)) == pytest.approx(-3.0, abs=0.01)


def test_true_peak_sees_between_the_samples():
    between = np.sin(np.pi / 2 * np.arange(4000) + np.pi / 4)[None].astype(np.float32)  # all samples at -3 dB
    assert true_peak(between[:, 100:3900]) == pytest.approx(0.0, abs=0.3)
    noise = np.random.default_rng(1).standard_normal((2, 4000)).astype(np.float32)
    fine = 20 * math.log10(np.abs(soxr.resample(noise.T, 1, 16, quality="VHQ")).max())
    assert true_peak(noise) == pytest.approx(fine, abs=0.7)


def test_silence():
    silence = np.zeros((2, RATE), np.float32)
    assert integrated(silence, RATE) == true_peak(silence) == -math.inf
    assert not np.any(normalise(silence, RATE, -18.0))
    assert not np.any(normalise(silence, RATE, None))


def test_fades():
    ones = np.ones((2, 1000), np.float32)
    faded = fades(ones, 1000, 0.1, 0.2)
    assert faded[0, 0] == faded[1, -1] == 0.0
    assert (faded[:, 100:800] == 1.0).all()
    assert faded[0, 50] == pytest.approx(0.5, abs=0.01) == faded[0, 899]
    assert (np.diff(faded[0, :100]) > 0).all()
    np.testing.assert_array_equal(fades(ones, 1000, 0.0, 0.0), ones)
    assert fades(ones, 1000, 10.0, 10.0).max() < 0.3
