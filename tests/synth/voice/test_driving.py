"""A recording drives sounds of the shipped models."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from synth.cli.command import main
from synth.errors import AudioError
from synth.instruments.loading import load
from synth.patch.patch import Patch
from synth.sound.sound import Sound
from synth.voice.driving import driven
from synth.voice.rhythm import take
from synth.voice.track import Track, track
from tests.synth.voice.test_track import RATE, clicks

RAIN = Patch("environmental", "rain", seed=3, lanes=[{"name": "width", "points": [[0, 0.5]]}])


@pytest.fixture(scope="module")
def instrument():
    return load("environmental", "cpu")


def scrape() -> np.ndarray:
    """Noise that swells twice and grows brighter."""
    t = np.arange(4 * RATE) / RATE
    noise = np.random.default_rng(1).standard_normal(len(t))
    low = np.convolve(noise, np.ones(12) / 12, "same")
    mixed = (1 - t / 4) * 3 * low + (t / 4) * noise
    return 0.1 * mixed * 10 ** (-18 * np.cos(np.pi * t) ** 2 / 20)


def measured(instrument, patch: Patch) -> Track:
    sound = instrument.render(replace(patch, start=False, lufs=None))
    return track(sound.samples.mean(0), sound.sample_rate, pitched=False, cut=False)


def test_loudness_and_brightness_follow_and_other_lanes_stay(instrument) -> None:
    voice = track(scrape(), RATE, pitched=False)
    patch = driven(instrument, RAIN, voice)
    assert [lane.name for lane in patch.automated] == ["width", "loudness", "brightness"]
    found = measured(instrument, patch)
    n = min(len(voice.loudness), len(found.loudness)) - 10
    for name in ("loudness", "brightness"):
        assert np.corrcoef(getattr(voice, name)[10:n], getattr(found, name)[10:n])[0, 1] > 0.8, name


def test_an_amount_of_nothing_leaves_the_sound(instrument) -> None:
    voice = track(scrape(), RATE, pitched=False)
    assert driven(instrument, RAIN, voice, {"loudness": 0.0}) == RAIN
    half, whole = (driven(instrument, RAIN, voice, {"loudness": share}) for share in (0.3, 1.0))
    spread = [measured(instrument, patch).loudness[20:380].std() for patch in (RAIN, half, whole)]
    assert spread[0] < spread[1] < spread[2] + 0.5


def test_noisiness_moves_the_slider_that_is_for_it(instrument) -> None:
    patch = driven(instrument, RAIN, track(scrape(), RATE, pitched=False), {"noisiness": 1.0})
    assert [lane.name for lane in patch.automated] == ["width", "sliders.Tonal-noisy"]


def test_amounts_that_are_none_are_one_sentence(instrument) -> None:
    for amounts in ({"loudness": 1.5}, {"colour": 1.0}, {"pitch": float("nan")}):
        with pytest.raises(AudioError, match=r"amounts are 0\.\.1 of loudness, brightness, pitch, noisiness"):
            driven(instrument, RAIN, track(scrape(), RATE, pitched=False), amounts)


def test_a_rhythm_becomes_a_take_of_hits() -> None:
    asked = [0.0, 0.5, 0.75, 1.5]
    sound = take(load("hits_scratches", "cpu"), Patch("hits_scratches", "drum_skin"), track(clicks(asked), RATE))
    samples, rate = sound.samples[0], sound.sample_rate

    def level(begins: float, ends: float) -> float:
        return float(np.sqrt((samples[max(round(begins * rate), 0) : round(ends * rate)] ** 2).mean()))

    assert level(0.0, 0.03) > 0.01
    assert all(level(at, at + 0.03) > 2.0 * level(at - 0.02, at - 0.005) for at in asked[1:])
    assert sound.samples.shape[1] > 1.5 * sound.sample_rate and np.abs(sound.samples).max() <= 1.0


def test_the_verb_writes_both(tmp_path: Path, capsys) -> None:
    soundfile.write(tmp_path / "scrape.wav", scrape(), RATE)
    common = [str(tmp_path / "scrape.wav"), "--out", str(tmp_path / "out")]
    assert main(["voice", *common, "--model", "environmental", "--category", "rain"]) == 0
    assert main(["voice", *common, "--category", "wood_hit", "--hits", "--format", "flac"]) == 0
    written = [Path(line) for line in capsys.readouterr().out.split()]
    assert [path.suffix for path in written] == [".wav", ".flac"]
    patch = Sound.load(written[0]).patch
    assert patch is not None and {lane.name for lane in patch.automated} == {"loudness", "brightness"}
    soundfile.write(tmp_path / "silence.wav", np.zeros(RATE), RATE)
    assert main(["voice", str(tmp_path / "silence.wav"), "--out", str(tmp_path)]) == 2
    assert "silent" in capsys.readouterr().err
