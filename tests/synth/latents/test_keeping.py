"""What a model cannot make: a bell, a chord, a whistle and a vowel over maps that have nothing of them."""

import numpy as np
import pytest
import torch
from scipy.signal import lfilter

from synth.audio.codecs import GaussianLogSTFT
from synth.latents.keeping import GATE_MAX, RANK, residual, roughness
from synth.patch.residual import MAX_TEXT

CODEC = GaussianLogSTFT()
TIME = np.arange(CODEC.samples) / CODEC.sample_rate


def bell() -> np.ndarray:
    partials = ((520, 1.0, 3), (1410, 0.7, 4), (2750, 0.5, 6), (4100, 0.3, 8))
    return sum(loud * np.sin(2 * np.pi * f * TIME) * np.exp(-fall * TIME) for f, loud, fall in partials)


def chord() -> np.ndarray:
    tones = [(f * k, 1.0 / k) for f in (261.6, 329.6, 392.0) for k in range(1, 6)]
    return sum(loud * np.sin(2 * np.pi * f * TIME) for f, loud in tones) * np.minimum(1, TIME / 0.01) * np.exp(-TIME)


def whistle() -> np.ndarray:
    pitch = 1500 + 500 * np.sin(2 * np.pi * TIME)
    return np.sin(2 * np.pi * np.cumsum(pitch) / CODEC.sample_rate) * np.minimum(1, TIME / 0.05)


def vowels() -> np.ndarray:
    """ "ah" and "ee": pulses at 120 Hz through three resonances each (formants of Peterson & Barney 1952)."""
    pulses = (np.diff(np.floor(120 * TIME), prepend=0) > 0).astype(float)
    spoken = []
    for formants in ((730, 1090, 2440), (270, 2290, 3010)):
        x = pulses
        for f in formants:
            r, angle = np.exp(-np.pi * 80 / CODEC.sample_rate), 2 * np.pi * f / CODEC.sample_rate
            x = lfilter([1 - r], [1, -2 * r * np.cos(angle), r * r], x)
        spoken.append(x / np.abs(x).max())
    half = (np.sin(2 * np.pi * 1.0 * TIME) > 0).astype(float)
    return spoken[0] * half * np.sin(2 * np.pi * TIME).clip(0) + spoken[1] * (-np.sin(2 * np.pi * TIME)).clip(0)


SOUNDS = {"bell": bell, "chord": chord, "whistle": whistle, "vowels": vowels}


def picture(x: np.ndarray) -> np.ndarray:
    """Levels (F, T) in dB below the loudest bin."""
    return (CODEC.encode(torch.from_numpy(x).float())[0].numpy() - 1.0) * 40.0


def click() -> tuple[np.ndarray, np.ndarray]:
    """Maps of a toneless click, as a model answers to a bell: mean in dB, and a gate that says noise."""
    mean = -20.0 - 200.0 * TIME[:: CODEC.hop][None] - np.linspace(0.0, 20.0, 256)[:, None]
    return mean.clip(-100.0), np.full((256, 256), 0.9)


@pytest.mark.parametrize(("name", "worst_db"), [("bell", 3.0), ("chord", 4.0), ("whistle", 7.0), ("vowels", 5.0)])
def test_the_sound_is_there_that_the_model_lacks(name: str, worst_db: float) -> None:
    wanted, (mean, gate) = picture(SOUNDS[name]()), click()
    found = residual(wanted, mean, gate)
    assert len(found.to_text()) <= MAX_TEXT and len(found.mean.scales) <= RANK
    heard = wanted > -40.0
    before = np.abs(mean - wanted)[heard].mean()
    after = np.abs(mean + found.mean.map() - wanted)[heard].mean()
    assert after < worst_db and after < 0.25 * before
    tonal = wanted > -15.0
    assert (gate + found.gate.map()).clip(0.0, GATE_MAX)[tonal].mean() < 0.5, "a tone is no noise"


@pytest.mark.parametrize("codec", [CODEC, GaussianLogSTFT(hop=256), GaussianLogSTFT(44100, 2048, 256, 345)])
def test_roughness_is_that_of_noise_and_not_of_tones_that_glide(codec: GaussianLogSTFT) -> None:
    n = np.arange(codec.samples) / codec.sample_rate
    noise = np.random.default_rng(0).standard_normal(codec.samples)
    glide = np.sin(2 * np.pi * (800 * n + 300 * n * n))
    levels = [(codec.encode(torch.from_numpy(x).float())[0].numpy() - 1.0) * 40.0 for x in (noise, glide)]
    assert np.median(roughness(levels[0])) == pytest.approx(1.0, abs=0.1)
    assert roughness(levels[1])[levels[1] > -20.0].mean() < 0.35


def test_noise_stays_noise() -> None:
    rng = np.random.default_rng(0)
    wanted, mean = picture(rng.standard_normal(CODEC.samples)), np.full((256, 256), -60.0)
    found = residual(wanted, mean, np.zeros((256, 256)))
    assert 0.7 < found.gate.map().mean() < 1.1, "white noise has the spread of white noise"
    assert found.mean.map().mean() == pytest.approx(wanted.mean() + 60.0, abs=1.0)


def test_nothing_is_added_where_the_model_is_right_and_where_nothing_is_heard() -> None:
    wanted = picture(bell())
    mean = np.where(wanted > -60.0, wanted, -100.0)
    found = residual(wanted, mean, np.zeros((256, 256)))
    assert np.abs(found.mean.map()).max() < 1e-3


def test_pictures_of_many_bins_have_as_many_products_as_fit() -> None:
    rng = np.random.default_rng(0)
    wanted = -30.0 + 5.0 * rng.standard_normal((1024, 345))
    found = residual(wanted, np.full(wanted.shape, -50.0), np.ones(wanted.shape))
    assert (len(found.mean.scales), len(found.gate.scales)) == (6, 2) and len(found.to_text()) <= MAX_TEXT
