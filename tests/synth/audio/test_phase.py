"""PGHI, Griffin-Lim and their sum."""

import numpy as np
import pytest
import torch

from synth.audio.griffin_lim import improve_phase
from synth.audio.pghi import integrate_phase
from synth.audio.phase import reconstruct, spectral_convergence, warm_up
from synth.audio.stft import STFT
from synth.choices import SEARCHES

FINE = STFT("gauss", 512, 64)
STANDARD = STFT("gauss", 512, 128)


def chirp(n: int = 8192) -> torch.Tensor:
    t = torch.arange(n) / n
    return torch.sin(2 * torch.pi * (300 * t + 500 * t**2)) * torch.hann_window(n)


def hits(n: int = 16384) -> torch.Tensor:
    """Decaying noise bursts and a tone."""
    rng = np.random.default_rng(3)
    x = 0.1 * np.sin(0.2 * np.arange(n))
    for onset in (n // 16, n // 3, 2 * n // 3):
        x[onset:] += rng.standard_normal(n - onset) * np.exp(-np.arange(n - onset) / 700.0)
    return torch.from_numpy(x.astype(np.float32))


def test_pghi_of_a_chirp_is_nearly_exact():
    magnitude = FINE.forward(chirp()).abs()
    assert spectral_convergence(reconstruct(magnitude, FINE, "pghi"), magnitude, FINE) < -28.0


def test_pghi_follows_the_phase_differences_of_the_true_transform():
    bins = FINE.forward(chirp()).T.contiguous()
    phase = integrate_phase(bins.abs().numpy(), FINE, np.random.default_rng(0))
    loud = (bins.abs() > 0.1 * bins.abs().max()).numpy()
    both = loud[1:] & loud[:-1]
    wrong = np.angle(np.exp(1j * (np.diff(phase, axis=0) - np.diff(bins.angle().numpy(), axis=0))))
    assert np.abs(wrong[both]).mean() < 0.05


@pytest.mark.parametrize("stft", [STANDARD, STFT("gauss", 512, 256), STFT("hann", 512, 128), STFT("gauss", 500, 120)])
def test_methods_rank_as_they_should(stft):
    magnitude = stft.forward(hits()).abs()
    n = hits().numel()
    samples = {method: reconstruct(magnitude, stft, method, n=n) for method in SEARCHES}
    pghi, both = (spectral_convergence(samples[method], magnitude, stft) for method in ("pghi", "pghi+gl"))
    noise = np.random.default_rng(0).standard_normal(n).astype(np.float32)
    assert pghi < -6.0 < spectral_convergence(noise, magnitude, stft)
    assert both < pghi - 5.0
    assert both < -20.0


def test_momentum_beats_plain_griffin_lim(monkeypatch):
    magnitude = STANDARD.forward(hits()).abs()
    bins = torch.polar(magnitude, 6.28 * torch.rand(magnitude.shape, generator=torch.Generator().manual_seed(1)))
    bins = bins.T.contiguous()[None]

    def convergence():
        improved = improve_phase(bins, STANDARD, hits().numel(), 0, 60)[0].T
        return spectral_convergence(STANDARD.inverse(improved, hits().numel()), magnitude, STANDARD)

    fast = convergence()
    monkeypatch.setattr("synth.audio.griffin_lim.MOMENTUM_SETTLING", 0.0)
    assert fast < convergence() - 1.0


def test_a_step_keeps_the_magnitude():
    magnitude = STANDARD.forward(hits()).abs().T.contiguous()[None]
    improved = improve_phase(magnitude.to(torch.complex64), STANDARD, hits().numel(), 3, 2)
    torch.testing.assert_close(improved.abs(), magnitude, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("method", SEARCHES)
def test_the_same_seed_gives_the_same_samples_alone_and_in_a_batch(method):
    magnitude = torch.stack([STANDARD.forward(x).abs() for x in (hits(4096), chirp(4096))])
    batch = reconstruct(magnitude, STANDARD, method, seed=7)
    assert batch.dtype == np.float32 and batch.shape == (2, 4096)
    np.testing.assert_array_equal(batch, reconstruct(magnitude, STANDARD, method, seed=7))
    np.testing.assert_allclose(batch[1], reconstruct(magnitude[1].numpy(), STANDARD, method, seed=7), atol=1e-5)


def test_another_seed_is_another_phase_where_it_is_random():
    magnitude = STANDARD.forward(hits(4096)).abs()
    first, second = (reconstruct(magnitude, STANDARD, "griffin-lim", seed=seed) for seed in (1, 2))
    assert not np.array_equal(first, second)


def test_256_steps_go_on_where_100_stop():
    """From the same random phase, and closer."""
    magnitude = STANDARD.forward(hits(8192)).abs()
    short, long = (reconstruct(magnitude, STANDARD, f"griffin-lim{name}", seed=5) for name in ("", "-256"))
    bins = torch.polar(magnitude, 2 * torch.pi * torch.from_numpy(np.random.default_rng(5).random((64, 257), "f4").T))
    continued = improve_phase(bins.T.contiguous()[None], STANDARD, 8192, 0, 256)[0].T
    np.testing.assert_allclose(long, STANDARD.inverse(continued, 8192), atol=1e-3)
    assert spectral_convergence(long, magnitude, STANDARD) < spectral_convergence(short, magnitude, STANDARD)


@pytest.mark.parametrize("method", SEARCHES)
@pytest.mark.parametrize("shape", [(257, 1), (257, 2), (257, 9), (2, 257, 3)])
def test_silence_gives_silence(method, shape):
    assert not np.any(reconstruct(np.zeros(shape, np.float32), STANDARD, method))


@pytest.mark.parametrize("method", SEARCHES)
def test_zeros_floors_and_islands(method):
    """A dropped Nyquist row, a floor, and two islands with exact silence between them."""
    magnitude = np.zeros((257, 40), np.float32)
    magnitude[:, 4:10] = 1e-4
    magnitude[30, 5:9] = 1.0
    magnitude[200, 25:33] = 0.3
    magnitude[256] = 0.0
    samples = reconstruct(magnitude, STANDARD, method)
    assert np.isfinite(samples).all() and np.abs(samples).max() > 1e-3
    assert np.abs(samples[37 * 128 :]).max() < 1e-3


def test_constant_magnitude_and_n():
    assert reconstruct(np.ones((257, 8), np.float32), STANDARD, n=700).shape == (700,)
    assert reconstruct(np.ones((257, 8), np.float32), STANDARD, n=3000).shape == (3000,)


@pytest.mark.parametrize("shape", [(256, 8), (257,), (257, 0), (1, 1, 257, 8)])
def test_wrong_shapes_are_refused(shape):
    with pytest.raises(ValueError, match="magnitude must be"):
        reconstruct(np.ones(shape, np.float32), STANDARD)


def test_unknown_method_is_refused():
    with pytest.raises(ValueError, match="pghi"):
        reconstruct(np.ones((257, 8), np.float32), STANDARD, "guess")


def test_spectral_convergence_of_the_original_is_the_floor_of_rounding():
    magnitude = STANDARD.forward(hits()).abs()
    assert spectral_convergence(hits(), magnitude, STANDARD) == -200.0
    assert spectral_convergence(torch.zeros_like(hits()), magnitude, STANDARD) == pytest.approx(0.0)
    assert spectral_convergence(np.zeros(512), np.zeros((257, 4)), STANDARD) == -200.0


def test_warm_up_runs():
    warm_up()
