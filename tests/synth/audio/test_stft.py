"""The transform and its inverse, over windows, lengths, hops and edge cases."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.audio.stft import GAMMA, REDUNDANCY, STFT


@st.composite
def transforms(draw):
    window = draw(st.sampled_from(sorted(GAMMA)))
    length = 2 * draw(st.integers(8, 300))
    return STFT(window, length, draw(st.integers(1 + length // 40, length // REDUNDANCY[window])))


def error_db(stft: STFT, x: torch.Tensor) -> float:
    y = stft.inverse(stft.forward(x), x.shape[-1])
    assert y.shape == x.shape
    return 20.0 * math.log10(max((y - x).norm().item() / max(x.norm().item(), 1e-30), 1e-30))


@settings(deadline=None, max_examples=60)
@given(stft=transforms(), n=st.integers(1, 3000), seed=st.integers(0, 99))
def test_inverse_of_forward_is_the_sound(stft, n, seed):
    noise = torch.from_numpy(np.random.default_rng(seed).standard_normal((2, n), dtype=np.float32))
    assert error_db(stft, noise) < -100.0


@settings(deadline=None, max_examples=40)
@given(stft=transforms(), n=st.integers(1, 2000), data=st.data())
def test_a_full_scale_impulse_comes_back_at_any_place(stft, n, data):
    x = torch.zeros(n)
    x[data.draw(st.integers(0, n - 1))] = 1.0
    assert error_db(stft, x) < -100.0


@settings(deadline=None, max_examples=20)
@given(stft=transforms(), n=st.integers(1, 2000))
def test_silence_stays_silence(stft, n):
    assert stft.inverse(stft.forward(torch.zeros(n)), n).abs().max() == 0.0


@pytest.mark.parametrize("window", sorted(GAMMA))
@pytest.mark.parametrize("hop", [128, 256])
def test_the_settings_of_the_models(window, hop):
    if window == "hann" and hop == 256:
        pytest.skip("a Hann window of 512 takes no hop of 256")
    stft = STFT(window, 512, hop)
    x = torch.rand(3, 256 * hop) * 2.0 - 1.0
    assert error_db(stft, x) < -100.0
    assert stft.forward(x).shape == (3, 257, 256)
    assert error_db(stft, torch.ones(1)) < -100.0


def test_gaussian_falls_to_one_percent_at_its_ends():
    taps = STFT("gauss", 512, 128).taps()
    assert taps[256] == 1.0
    assert taps[0].item() == pytest.approx(0.01, rel=1e-4)
    assert STFT("gauss", 512, 128).gamma == pytest.approx(0.17054704 * 512**2, rel=1e-6)


def test_hann_gamma_is_that_of_the_closest_gaussian():
    """The published 0.25645 makes a Gaussian nearer to the Hann window than one a tenth narrower or wider."""
    n = np.arange(512) - 256
    hann = 0.5 + 0.5 * np.cos(2.0 * np.pi * n / 512)

    def distance(gamma):
        return np.linalg.norm(np.exp(-np.pi * n**2 / (gamma * 512**2)) - hann)

    assert distance(GAMMA["hann"]) < min(distance(0.9 * GAMMA["hann"]), distance(1.1 * GAMMA["hann"]))


BAD = [("blackman", 512, 128), ("gauss", 512, 257), ("gauss", 512, 0), ("hann", 512, 256), ("gauss", 511, 128)]


@pytest.mark.parametrize("bad", BAD)
def test_bad_settings_are_refused(bad):
    with pytest.raises(ValueError):
        STFT(*bad)
