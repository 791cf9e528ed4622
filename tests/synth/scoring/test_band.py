"""The top of the spectrum: slopes of noise whose slope is known."""

import numpy as np
import pytest

from synth.scoring.band import has_top, shares, slopes, top

RATE = 44100


def noise(exponent: float, count: int = 3) -> np.ndarray:
    """Noise whose power goes with frequency ** exponent, which is 3.01 dB an octave for each 1."""
    rng = np.random.default_rng(0)
    f = np.fft.rfftfreq(88200, 1 / RATE)
    f[0] = f[1]
    white = np.fft.rfft(rng.standard_normal((count, 88200)))
    return np.fft.irfft(white * f ** (exponent / 2), 88200).astype(np.float32)


@pytest.mark.parametrize("exponent", [0.0, -2.0, -4.0, 1.0])
def test_slopes_are_those_of_the_noise(exponent: float) -> None:
    np.testing.assert_allclose(slopes(noise(exponent), RATE), 10 * np.log10(2) * exponent, atol=1.0)


def test_shares_are_of_power() -> None:
    expected = 10 * np.log10((22050 - 8000) / 22050)
    np.testing.assert_allclose(shares(noise(0.0), RATE), expected, atol=0.1)
    assert shares(np.zeros((1, 44100), np.float32), RATE).tolist() == [-100.0]


def test_medians_stand_side_by_side_where_there_is_a_top() -> None:
    found = top(noise(-2.0), noise(-1.0), RATE)
    assert found["model"]["slope_db_per_octave"] == pytest.approx(-6.0, abs=0.7)
    assert found["valid"]["slope_db_per_octave"] == pytest.approx(-3.0, abs=0.7)
    assert has_top(44100) and has_top(32000) and not has_top(22050)
