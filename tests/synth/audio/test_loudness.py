"""Loudness, true peak and fades."""

import math

import numpy as np
import pytest
import soxr
from scipy.signal import butter, resample, resample_poly, sosfilt

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


@pytest.mark.parametrize("hz", [25.0, 40.0])
def test_low_and_quiet_sounds_come_to_the_target_or_to_the_ceiling(hz):
    """The weighting all but takes such tones away, so their gain is the greatest: it stays a number."""
    t = np.arange(2 * RATE) / RATE
    decay = (1e-3 * np.exp(-3 * t) * np.sin(2 * np.pi * hz * t))[None].astype(np.float32)
    loud = normalise(decay, RATE, -18.0, ceiling_dbtp=-1.0)
    assert np.isfinite(loud).all()
    assert true_peak(loud) == pytest.approx(-1.0, abs=0.01)
    assert -30.0 < integrated(loud, RATE) < -18.0
    softer = normalise(decay, RATE, -35.0, ceiling_dbtp=-1.0)
    assert integrated(softer, RATE) == pytest.approx(-35.0, abs=0.05) and true_peak(softer) < -1.0


@pytest.mark.parametrize("seed", range(8))
def test_no_sound_is_over_full_scale_between_its_samples(seed):
    """Bursts of hiss up to 7 kHz, rounded to 16 bits, with the peaks of a converter: 16 values where the meter takes 4.

    Right below half the rate the meter of BS.1770 reads too low (hiss that is white came to +.5 dBTP); nothing that a
    model plays has its peaks from there.
    """
    rng = np.random.default_rng(seed)
    hiss = rng.standard_normal((1, RATE)) * np.exp(-rng.uniform(2, 40) * np.arange(RATE) / RATE)
    hiss = sosfilt(butter(8, 7000, fs=RATE, output="sos"), np.pad(hiss, ((0, 0), (100, 100)))).astype(np.float32)
    loud = np.round(32767 * normalise(hiss, RATE, 0.0, ceiling_dbtp=-1.0)) / 32767
    fine = 20 * math.log10(np.abs(resample(loud[0], 16 * loud.size)).max())
    assert -1.05 < fine < -0.5


def test_true_peak_sees_between_the_samples():
    between = np.sin(np.pi / 2 * np.arange(4000) + np.pi / 4)[None].astype(np.float32)  # all samples at -3 dB
    assert true_peak(between[:, 100:3900]) == pytest.approx(0.0, abs=0.3)
    noise = np.random.default_rng(1).standard_normal((2, 4000)).astype(np.float32)
    fine = 20 * math.log10(np.abs(soxr.resample(noise.T, 1, 16, quality="VHQ")).max())
    assert true_peak(noise) == pytest.approx(fine, abs=0.7)


@pytest.mark.parametrize("n", [1, 2, 21, 4000])
def test_true_peak_is_that_of_scipys_interpolation(n):
    noise = np.random.default_rng(n).standard_normal((2, n)).astype(np.float32)
    finer = resample_poly(np.pad(noise, ((0, 0), (16, 16))), 4, 1, axis=1)
    expected = 20 * math.log10(max(np.abs(finer).max(), np.abs(noise).max()))
    assert true_peak(noise) == pytest.approx(expected, abs=1e-5)


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


# What ffmpeg 5.1.9 measures, of 32-bit float WAVs of these samples: `ffmpeg -i a.wav -af ebur128 -f null -`, line "I:".
FFMPEG = {
    (16000, "tone", 0.46): -23.0,
    (16000, "tone", 1.06): -23.0,
    (22050, "tone", 0.41): -23.0,
    (44100, "tone", 3.17): -23.0,
    (48000, "tone", 5.0): -23.0,
    (16000, "am", 0.41): -17.7,
    (16000, "am", 1.06): -18.7,
    (22050, "am", 3.17): -19.5,
    (44100, "am", 1.06): -18.7,
    (48000, "am", 5.0): -19.3,
    (16000, "inverted", 0.46): -14.7,
    (44100, "inverted", 3.17): -16.6,
    (48000, "inverted", 1.06): -15.7,
}


@pytest.mark.parametrize(("rate", "name", "seconds"), FFMPEG)
def test_whole_blocks_read_as_ffmpeg_reads_them(rate, name, seconds):
    """Lengths that end amid a block: what a block lacks does not count as silence."""
    t = np.arange(round(seconds * rate)) / rate
    am = 0.2 * np.sin(2 * np.pi * 300 * t) * (np.sin(2 * np.pi * 0.7 * t) > 0)
    sounds = {"tone": 0.1 * np.sin(2 * np.pi * 1000 * t)[None], "am": am[None], "inverted": np.stack([am, -am])}
    assert integrated(sounds[name], rate) == pytest.approx(FFMPEG[rate, name, seconds], abs=0.08)


@pytest.mark.parametrize("seconds", [0.01, 0.05, 0.1, 0.2, 0.3, 0.39])
@pytest.mark.parametrize(("before", "after"), [(0, 1), (0, 3), (0.35, 3), (1, 1), (1.05, 1.02)])
def test_a_short_clip_reads_the_same_wherever_it_stands(seconds, before, after):
    clip = 0.1 * np.random.default_rng(0).standard_normal((1, round(seconds * RATE)))
    padded = np.pad(clip, ((0, 0), (round(before * RATE), round(after * RATE))))
    assert integrated(padded, RATE) == pytest.approx(integrated(clip, RATE), abs=1e-6)


@pytest.mark.parametrize("tail", [-20.0, -40.0, -43.0, -55.0])
@pytest.mark.parametrize("lufs", [-18.0, -30.0, -40.0, -58.0])
def test_a_loudness_is_reached_whatever_the_gates_leave_out(tail, lufs):
    """Tones 15 dB apart and a long faint tail: where that passes the absolute gate, the quieter tone passes the
    relative one."""
    levels = 0.5 * 10 ** (np.array([0.0, -15.0, tail]) / 20)
    sound = np.concatenate([tone(s, level=x) for s, x in zip((1.0, 2.0, 20.0), levels, strict=True)], -1)
    found = integrated(normalise(sound, RATE, lufs), RATE)
    assert found == pytest.approx(lufs, abs=0.02)
