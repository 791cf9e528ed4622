"""Copies by profiles: what draws a clip's spectrum and envelope again is found, whatever its noise, level and delay."""

import numpy as np
import pytest
import torch

from synth.scoring.profiles import Profiles, correlations, profile_copies

RATE, N = 8000, 8000


def sounds(rng: np.random.Generator, count: int, shapes: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Bursts of noise through a band, each at its own times: samples and the (start, width, low, high) of each."""
    if shapes is None:
        starts, widths = rng.uniform(0.1, 0.6, count), rng.uniform(0.02, 0.3, count)
        lows = rng.uniform(200, 2000, count)
        shapes = np.stack([starts, widths, lows, lows * rng.uniform(1.2, 2.0, count)], axis=1)
    t, f = np.arange(N) / RATE, np.fft.rfftfreq(N, 1 / RATE)
    made = []
    for start, width, low, high in shapes:
        noise = np.fft.irfft(np.fft.rfft(rng.standard_normal(N)) * ((f > low) & (f < high)), N)
        made.append(noise * (t >= start) * np.exp(-(t - start).clip(0) / width))
    return np.stack(made).astype(np.float32), shapes


@pytest.fixture(scope="module")
def profiles() -> Profiles:
    return Profiles(RATE)


def embed(profiles: Profiles, x: np.ndarray) -> np.ndarray:
    return profiles(torch.from_numpy(x)).numpy()


def test_copies_are_found_with_other_noise_level_and_delay(profiles: Profiles) -> None:
    rng = np.random.default_rng(0)
    train, shapes = sounds(rng, 120)
    valid, new = sounds(rng, 60)[0], sounds(rng, 100)[0]
    later = shapes[:50] + np.array([0.05, 0.0, 0.0, 0.0])
    again = 0.1 * sounds(rng, 50, later)[0]
    known, held = embed(profiles, train), embed(profiles, valid)
    fresh = profile_copies(embed(profiles, new), held, known, profiles.bins)
    copied = profile_copies(embed(profiles, again), held, known, profiles.bins)
    assert fresh.copies <= 0.1 and copied.copies > 0.5
    assert copied.sounds > fresh.sounds and fresh.copy_correlation > fresh.valid
    assert fresh.sounds == pytest.approx(fresh.valid, abs=0.05) and fresh.train == pytest.approx(fresh.valid, abs=0.05)
    itself = profile_copies(embed(profiles, train[:20]), held, known, profiles.bins)
    assert itself.copies == 1.0 and itself.sounds == pytest.approx(1.0, abs=1e-5)


def test_a_correlation_is_that_of_spectrum_and_of_envelope_at_the_best_lag(profiles: Profiles) -> None:
    rng = np.random.default_rng(1)
    bins = 8
    a, b = rng.standard_normal((2, 1, 1, bins + 40))
    a[..., bins:], b[..., bins:] = -1.0, -1.0
    a[..., bins + 15 : bins + 25] = np.hanning(10)
    b[..., bins + 20 : bins + 30] = np.hanning(10)
    found = correlations(a, b, bins)
    spectra = np.corrcoef(a[0, 0, :bins], b[0, 0, :bins])[0, 1]
    assert found.shape == (1, 1) and found[0, 0] == pytest.approx((spectra + 1.0) / 2.0, abs=1e-5)
    assert (correlations(np.full((1, 1, 48), -1.0), b, bins) == 0.0).all(), "silence is like nothing"


def test_profiles_are_a_mean_over_time_and_one_over_frequency(profiles: Profiles) -> None:
    tone = torch.sin(2 * torch.pi * 1000 / RATE * torch.arange(N))[None]
    found = profiles(tone)
    assert found.shape == (1, 1, profiles.bins + N // profiles.hop)
    assert found[0, 0, : profiles.bins].argmax() == round(1000 / RATE * profiles.length)
    assert found[0, 0, profiles.bins + 5 : -5].std() < 1e-2
