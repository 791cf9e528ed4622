"""How far a sound is from its reference, and what of it was lost."""

from __future__ import annotations

import numpy as np
import pytest

from synth.sound.difference import BINS, CELL, COLUMNS, difference
from synth.sound.sound import Sound

RATE = 16000
TIME = np.arange(2 * RATE) / RATE


def sound(samples: np.ndarray) -> Sound:
    return Sound(np.asarray(samples, np.float32)[None], RATE)


def noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(TIME.size)


def bell(tones=(800.0, 1700.0, 3000.0, 5200.0), decay: float = 4.0) -> np.ndarray:
    return sum(np.sin(2 * np.pi * f * TIME) for f in tones) * np.exp(-decay * TIME) * 0.1


def click() -> np.ndarray:
    return 0.3 * noise() * np.exp(-TIME * 60.0)


def low(samples: np.ndarray, cutoff: float, above: bool = False) -> np.ndarray:
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(samples.size, 1 / RATE)
    return np.fft.irfft(spectrum * ((hertz > cutoff) if above else (hertz <= cutoff)), samples.size)


def test_equal_sounds_do_not_differ_and_level_does_not_count():
    found = difference(sound(bell()), sound(0.1 * bell()))
    assert found.decibels < 0.01 and found.levels.shape == (BINS // CELL, COLUMNS // CELL)
    assert found.lost == "No ringing tone, no band and no ending of the reference is lost."


def test_a_bell_whose_tones_vanish_is_far_away_and_is_told():
    found = difference(sound(bell()), sound(click()))
    assert found.decibels > 10.0
    assert found.lost == "Lost: the ringing tones at 800 Hz, 1.7 kHz, 3 kHz and 5.2 kHz."


def test_only_the_tones_that_are_missing_are_named():
    found = difference(sound(bell()), sound(bell((800.0, 1700.0, 5200.0))))
    assert found.lost == "Lost: the ringing tone at 3 kHz."


def test_noise_that_falls_another_way_is_near_and_loses_nothing():
    decay = np.exp(-TIME * 3.0)
    found = difference(sound(noise(1) * decay), sound(noise(2) * decay))
    assert found.decibels < 3.0 and found.lost.startswith("No ringing tone")


def test_a_thud_without_its_body():
    thud = low(noise(), 200.0) * np.exp(-TIME * 6.0)
    found = difference(sound(thud + 0.01 * click()), sound(low(click(), 800.0, above=True)))
    assert found.lost == "Lost: most of what sounds below 250 Hz." and found.decibels > 10.0


def test_highs_that_are_missing_and_lows_that_were_added():
    bright, dull = noise() * np.exp(-TIME * 3.0), low(noise(), 1900.0) * np.exp(-TIME * 3.0)
    assert difference(sound(bright), sound(dull)).lost == "Lost: most of what sounds above 2 kHz."
    assert difference(sound(dull), sound(bright)).lost == "Added: sound above 2 kHz that the reference does not have."


def test_an_ending_that_is_missing():
    found = difference(sound(noise(1) * np.exp(-TIME * 5.0)), sound(noise(2) * np.exp(-TIME * 60.0)))
    assert found.lost.startswith("Lost: its length, ") and "ms of 1." in found.lost


def test_silence_beside_a_short_sound_is_no_likeness():
    """The figure is of what sounds: three seconds of silence after both change nothing."""
    hit, other = (noise(i)[: RATE // 4] * np.exp(-TIME[: RATE // 4] * rate) for i, rate in ((1, 10.0), (2, 40.0)))
    short = difference(sound(hit), sound(other)).decibels
    padded = difference(sound(np.pad(hit, (0, 3 * RATE))), sound(np.pad(other, (0, 3 * RATE)))).decibels
    assert padded == pytest.approx(short, rel=0.25)


def test_sounds_of_other_lengths_and_rates():
    apart = difference(Sound(bell()[None, :RATE].astype(np.float32), RATE), sound(bell()))
    assert apart.decibels < 15.0
    assert difference(sound(np.zeros(100)), sound(bell())).decibels > 0.0
