"""Descriptors of sounds whose measures are known."""

import numpy as np
import pytest
import torch

from synth.audio.codecs import GaussianLogSTFT
from synth.audio.descriptors import DESCRIPTORS, Frames, describe, measure

RATE = 16000
TIME = np.arange(2 * RATE) / RATE
NOISE = np.random.default_rng(0).standard_normal(TIME.size)


def clicks(count: int) -> np.ndarray:
    x = np.zeros(TIME.size)
    x[(np.arange(count) * TIME.size // count) + 800] = 1.0
    return x


def test_a_sine_is_as_bright_as_its_frequency_and_tonal():
    for hertz in (500.0, 1000.0, 4000.0):
        found = describe(np.sin(2 * np.pi * hertz * TIME), RATE)
        assert found["brightness"] == pytest.approx(np.log2(hertz / 1000.0), abs=0.05)
        assert found["noisiness"] < -25.0


def test_noise_is_flat_whatever_its_colour():
    rumble = np.cumsum(NOISE) - np.convolve(np.cumsum(NOISE), np.ones(400) / 400, "same")
    for x in (NOISE, rumble):
        assert describe(x, RATE)["noisiness"] == pytest.approx(-2.5, abs=0.7)
    assert describe(NOISE, RATE)["brightness"] == pytest.approx(2.0, abs=0.05)
    assert describe(rumble, RATE)["brightness"] < 1.0


@pytest.mark.parametrize("count", [1, 2, 4, 8, 16, 32])
def test_equal_clicks_are_counted(count):
    assert describe(clicks(count), RATE)["rate"] == pytest.approx(np.log2(count / 2.0), abs=0.15)


def test_a_faint_click_beside_a_loud_one_counts_for_little():
    assert describe(clicks(1) + 0.01 * clicks(8), RATE)["rate"] < -0.5


def test_dense_texture_is_denser_than_clicks():
    assert describe(NOISE, RATE)["rate"] > describe(clicks(8), RATE)["rate"] + 1.0


def test_times_of_a_decay():
    tau = 0.2  # of the amplitude: that of the energy is half of it
    found = describe(NOISE * np.exp(-TIME / tau), RATE)
    assert 2.0 ** found["sustain"] == pytest.approx(tau, rel=0.2)
    assert 2.0 ** found["decay"] == pytest.approx(tau * 3.0 * np.log(10.0), rel=0.15)


def test_attack_is_the_time_of_the_rise():
    rise = np.clip(TIME / 0.5, 0.0, 1.0)
    assert 2.0 ** describe(np.sin(2 * np.pi * 1000 * TIME) * rise, RATE)["attack"] == pytest.approx(0.4, rel=0.1)
    assert 2.0 ** describe(clicks(1), RATE)["attack"] < 0.02


def test_the_far_sound_is_dull_and_smeared():
    near = clicks(4)
    smeared = np.convolve(near, NOISE[:8000] * np.exp(-TIME[:8000] / 0.3))[: near.size]
    dull = np.convolve(smeared, np.hanning(40), "same")
    measured = [describe(x, RATE)["distance"] for x in (near, smeared, dull)]
    assert measured == sorted(measured) and measured[-1] > measured[0] + 10.0


def test_level_and_channels_do_not_matter():
    x = NOISE * np.exp(-TIME / 0.2)
    assert describe(1e-3 * x, RATE) == pytest.approx(describe(x, RATE), abs=1e-3)
    assert describe(np.stack([x, x]), RATE) == pytest.approx(describe(x, RATE), abs=1e-3)


@pytest.mark.parametrize("x", [np.zeros(0), np.zeros(100), np.full(4000, 1e-7), np.zeros((2, 4000))])
def test_silence_is_at_the_low_end_of_everything(x):
    assert describe(x, RATE) == {name: d.low for name, d in DESCRIPTORS.items()}


@pytest.mark.parametrize("x", [np.ones(1), np.ones(3), clicks(1)[:900], np.ones(20000)])
def test_odd_sounds_measure_numbers_in_range(x):
    for name, value in describe(x, RATE).items():
        assert DESCRIPTORS[name].low <= value <= DESCRIPTORS[name].high


def test_magnitudes_of_a_codec_measure_nearly_what_the_sound_does():
    codec = GaussianLogSTFT()
    x = (NOISE * np.exp(-TIME / 0.1)).astype(np.float32)
    magnitude = codec.magnitude(codec.encode(torch.from_numpy(x))[None])
    found = dict(zip(DESCRIPTORS, measure(Frames(magnitude, RATE, codec.hop / RATE))[0].tolist(), strict=True))
    heard = describe(x, RATE)
    for name in ("brightness", "noisiness", "sustain", "decay"):
        assert found[name] == pytest.approx(heard[name], abs=0.3)
    silent = measure(Frames(torch.zeros_like(magnitude), RATE, codec.hop / RATE))[0].tolist()
    assert silent == [d.low for d in DESCRIPTORS.values()]


def test_every_descriptor_but_the_attack_has_a_slope():
    noise = torch.rand(1, 257, 64, generator=torch.Generator().manual_seed(0))
    magnitude = (noise * torch.exp(-torch.arange(64) / 12.0)).requires_grad_(True)
    measured = measure(Frames(magnitude, RATE, 0.008))[0]
    for name, value in zip(DESCRIPTORS, measured, strict=True):
        if name != "attack":
            (slope,) = torch.autograd.grad(value, magnitude, retain_graph=True)
            assert torch.isfinite(slope).all() and slope.abs().max() > 0, name
