from itertools import pairwise

import pytest
import torch
from torch import Tensor

from synth.control.glide import beginnings, glide, join

FRAMES = 64


@pytest.mark.parametrize("length", [10, 64, 65, 200, 1000])
def test_passes_overlap_enough_and_the_last_one_ends_the_glide(length: int) -> None:
    starts = beginnings(FRAMES, length)
    assert starts[0] == 0 and starts[-1] + FRAMES == max(length, FRAMES)
    assert all(a < b <= a + 48 for a, b in pairwise(starts))


def ramp(places: Tensor, number: int) -> Tensor:
    """Tensors whose one bin holds the place."""
    return places.view(-1, 1, 1, 1).expand(-1, 1, 1, FRAMES).clone()


def test_the_way_begins_at_its_start_and_ends_at_its_end() -> None:
    *_, whole = glide(ramp, lambda y: y[0], FRAMES, 300)
    places = whole.magnitude[0]
    assert places.shape == (300,) and whole.share == 1.0
    overlap = FRAMES - (300 - FRAMES) // 5
    assert places[0] < 0.01 and (places[-FRAMES:] > 0.95).all() and (places[overlap - FRAMES :] == 1.0).all()
    assert (places.diff() > -0.05).all()


def test_steady_noise_keeps_its_power_where_passes_meet() -> None:
    def noise(places: Tensor, number: int) -> Tensor:
        field = torch.randn(1, 1, 256, FRAMES, generator=torch.Generator().manual_seed(number)).abs()
        return field.expand(len(places), -1, -1, -1)

    *_, whole = glide(noise, lambda y: y[0], FRAMES, 400)
    power = whole.magnitude.square().mean(0)
    assert power.min() > 0.6 and power.max() < 1.5


def test_louder_noise_comes_in_from_nothing() -> None:
    joined = join(torch.ones(4, FRAMES), torch.full((4, FRAMES), 9.0), 32)
    assert joined[0, 32] < 1.1 and (joined[0].diff() >= -1e-6).all() and joined[0, 63] > 8.9


def test_an_attack_after_silence_is_left_as_it_is() -> None:
    before, after = torch.zeros(4, FRAMES), torch.zeros(4, FRAMES)
    before[:, :8] = 1.0
    after[:, 2] = 1.0
    joined = join(before, after, 48)
    assert torch.equal(joined[:, 50], after[:, 2]) and torch.equal(joined[:, :48], before[:, :48])
