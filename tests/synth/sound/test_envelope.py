import numpy as np

from synth.sound.envelope import envelope


def test_no_peak_is_lost() -> None:
    samples = np.zeros((2, 100_003), np.float32)
    samples[0, 77_777], samples[1, 30_500] = 0.9, -0.8
    low, high = envelope(samples, 50)
    assert low.shape == high.shape == (50,)
    assert np.flatnonzero(high).tolist() == [int(50 * 77_777 / 100_003)] and high.max() == np.float32(0.9)
    assert np.flatnonzero(low).tolist() == [int(50 * 30_500 / 100_003)] and low.min() == np.float32(-0.8)


def test_fewer_samples_than_points() -> None:
    low, high = envelope(np.array([[0.5, -0.5]], np.float32), 4)
    assert low.tolist() == high.tolist() == [0.5, 0.5, -0.5, -0.5]
