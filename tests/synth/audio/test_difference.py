import numpy as np
import pytest

from synth.audio.difference import CELL, difference


def test_equal_pictures_do_not_differ() -> None:
    levels = np.random.default_rng(0).integers(0, 256, (32, 64), np.uint8)
    found = difference(levels, levels, 80.0)
    assert found.decibels == 0.0 and found.levels.shape == (32 // CELL, 64 // CELL)


def test_its_sign_and_size_are_those_of_the_second() -> None:
    quiet, loud = np.full((16, 16), 51, np.uint8), np.full((16, 16), 102, np.uint8)
    found = difference(quiet, loud, 80.0)
    assert found.decibels == pytest.approx(16.0) and (found.levels > 0).all()
    assert (difference(loud, quiet, 80.0).levels < 0).all()


def test_how_noise_falls_within_a_cell_does_not_count() -> None:
    first, second = np.zeros((16, 16), np.uint8), np.zeros((16, 16), np.uint8)
    first[::2], second[1::2] = 200, 200
    assert difference(first, second, 80.0).decibels == 0.0
