from itertools import pairwise

import numpy as np
import pytest
from torch import Tensor

from synth.audio.maps import Maps
from synth.latents.glide import beginnings, glide, join

FRAMES = 64


def maps(mean: np.ndarray, gate: float = 1.0) -> Maps:
    """Maps of levels (T, F) in dB."""
    level = np.asarray(mean, np.float32)
    return Maps(level, np.full_like(level, gate), 128, 16000)


@pytest.mark.parametrize("length", [10, 64, 65, 200, 1000])
def test_passes_overlap_enough_and_the_last_one_ends_the_glide(length: int) -> None:
    starts = beginnings(FRAMES, length)
    assert starts[0] == 0 and starts[-1] + FRAMES == max(length, FRAMES)
    assert all(a < b <= a + 48 for a, b in pairwise(starts))


def ramp(places: Tensor) -> list[Maps]:
    """Maps whose one bin holds the place, as level and as gate."""
    return [maps(np.full((FRAMES, 1), place), place) for place in places.tolist()]


def test_the_way_begins_at_its_start_and_ends_at_its_end() -> None:
    *_, whole = glide(ramp, FRAMES, 300)
    assert whole.share == 1.0
    overlap = FRAMES - (300 - FRAMES) // 5
    for places in (whole.maps.mean[:, 0], whole.maps.gate[:, 0]):
        assert places.shape == (300,) and places[0] < 0.01 and (places[-FRAMES:] > 0.9).all()
    gate = whole.maps.gate[:, 0]
    assert gate[overlap - FRAMES :] == pytest.approx(1.0, abs=1e-5)
    assert (np.diff(gate) > -0.05).all()


def test_a_steady_level_is_kept_where_passes_meet() -> None:
    *_, whole = glide(lambda places: [maps(np.full((FRAMES, 8), -20.0)) for _ in places], FRAMES, 400)
    assert whole.maps.mean.min() > -22.0 and whole.maps.mean.max() < -18.0
    assert whole.maps.gate == pytest.approx(1.0, abs=1e-5)


def test_louder_noise_comes_in_from_nothing() -> None:
    joined = join(maps(np.zeros((FRAMES, 4))), maps(np.full((FRAMES, 4), 20.0)), 32).mean[:, 0]
    assert joined[32] < 0.5 and (np.diff(joined) >= -1e-5).all() and joined[63] > 19.9


def test_an_attack_after_silence_is_left_as_it_is() -> None:
    before, after = np.full((FRAMES, 4), -120.0), np.full((FRAMES, 4), -120.0)
    before[:8] = 0.0
    after[2] = 0.0
    joined = join(maps(before, 1.0), maps(after, 0.0), 48)
    np.testing.assert_allclose(joined.mean[50], after[2], atol=1e-4)
    np.testing.assert_allclose(joined.mean[:48], before[:48])
    assert joined.gate[50] == pytest.approx(0.0, abs=1e-6), "the gate is that of what sounds"
