import numpy as np
import pytest

from synth.errors import AudioError
from synth.sound.excerpt import chosen, cut, loudest
from synth.sound.sound import Sound

RATE = 8000


def hit_at(second: float, seconds: float = 10.0) -> Sound:
    rng = np.random.default_rng(0)
    samples = 1e-3 * rng.standard_normal(round(seconds * RATE))
    n = np.arange(RATE // 2)
    samples[round(second * RATE) :][: len(n)] += rng.standard_normal(len(n)) * np.exp(-n / 800)
    return Sound(samples, RATE)


@pytest.mark.parametrize("second", [0.1, 0.3, 4.0, 9.4])
def test_a_single_hit_stands_at_the_beginning_of_its_part(second: float) -> None:
    start = loudest(hit_at(second), 2.0)
    assert (second - 0.05 <= start <= second) if second < 8.0 else 7.4 <= start <= 8.0


def test_the_part_with_the_most_energy_is_found() -> None:
    samples = np.full((2, 10 * RATE), 0.1)
    samples[:, 5 * RATE : 7 * RATE] = 0.2
    assert loudest(Sound(samples, RATE), 2.0) == pytest.approx(5.0, abs=0.06)


def test_the_onset_of_a_long_sound_is_not_cut_off() -> None:
    rng = np.random.default_rng(0)
    samples = 1e-4 * rng.standard_normal(10 * RATE)
    samples[3 * RATE : 6 * RATE] += np.linspace(0.3, 0.6, 3 * RATE) * rng.standard_normal(3 * RATE)
    assert loudest(Sound(samples, RATE), 2.9) == pytest.approx(2.98, abs=0.02)


def test_a_short_sound_is_its_own_part() -> None:
    sound = hit_at(0.2, 1.0)
    assert loudest(sound, 1.0) == 0.0 and np.array_equal(chosen(sound, None, 2.0).samples, sound.samples)


def test_a_part_is_cut_where_it_was_asked_for() -> None:
    sound = hit_at(4.0)
    assert np.array_equal(chosen(sound, 3.5, 2.0).samples, sound.samples[:, 28000:44000])
    assert cut(sound, 9.5, 2.0).samples.shape == (1, RATE // 2)
    for start in (10.0, -1.0, float("nan")):
        with pytest.raises(AudioError, match="choose an earlier one"):
            chosen(sound, start, 2.0)
