import numpy as np
import pytest

from synth.errors import AudioError
from synth.voice.track import HZ, track

RATE = 16000


def clicks(times: list[float], seconds: float = 4.0, rate: int = RATE) -> np.ndarray:
    """Bursts of noise that die away, each as loud as the next."""
    samples, n = np.zeros(round(seconds * rate)), round(0.08 * rate)
    burst = np.random.default_rng(0).standard_normal(n) * np.exp(-np.arange(n) / (0.0125 * rate))
    for at in times:
        samples[round(at * rate) :][:n] += burst[: len(samples) - round(at * rate)]
    return 0.5 * samples / np.abs(samples).max()


def test_onsets_are_where_sounds_begin_and_latency_is_taken_off() -> None:
    asked = [0.0, 0.5, 0.93, 1.4, 2.2, 2.35, 3.0]
    for rate, late in ((RATE, 0.5), (44100, 0.23)):
        recorded = np.pad(clicks(asked, rate=rate), (round(late * rate), 0))
        found = track(recorded, rate, pitched=False)
        np.testing.assert_allclose(found.onsets, asked, atol=0.02)
        assert found.velocities.min() > 0.5 and found.velocities.max() == 1.0


def test_pitch_is_in_semitones_and_silence_has_none() -> None:
    t = np.arange(2 * RATE) / RATE
    samples = 0.3 * np.sin(2 * np.pi * 220.0 * t) * (t < 1.0)
    found = track(samples, RATE)
    assert np.nanmedian(found.pitch[:90]) == pytest.approx(57.0, abs=0.2)
    assert np.isnan(found.pitch[150:]).all() and not found.heard[150:].any()


def test_loudness_brightness_and_noisiness_follow() -> None:
    t = np.arange(4 * RATE) / RATE
    noise = np.random.default_rng(0).standard_normal(len(t))
    swell = track(noise * 0.2 * 10 ** (-20 * np.abs(t - 2.0) / 2.0 / 20), RATE, pitched=False)
    asked = -20 * np.abs(np.arange(len(swell.loudness)) / HZ - 2.0) / 2.0
    assert np.corrcoef(swell.loudness[10:-10], asked[10:-10])[0, 1] > 0.98
    tone = 0.2 * np.sin(2 * np.pi * 500.0 * t)
    both = track(np.where(t < 2.0, tone, 0.2 * noise), RATE, pitched=False)
    assert both.noisiness[300] > 5 * both.noisiness[100] and both.brightness[300] > both.brightness[100] + 1.0


@pytest.mark.parametrize(
    ("samples", "told"),
    [
        (np.zeros(RATE), "the recording is silent: check the microphone"),
        (np.zeros(0), "the recording is silent"),
        (np.sign(np.sin(np.arange(RATE) / 9.0)), "the recording is clipped: turn the microphone down"),
        (np.full(61 * RATE, 0.1), "longer than 60 s: cut it"),
    ],
)
def test_what_cannot_be_followed_is_one_sentence(samples: np.ndarray, told: str) -> None:
    with pytest.raises(AudioError, match=told):
        track(samples, RATE)


def test_a_very_short_sound_is_followed() -> None:
    assert len(track(0.1 * np.random.default_rng(0).standard_normal(50), RATE).onsets) == 1
