"""On slopes that are known, and on a generator whose descriptors are."""

import pytest
import torch

from synth.directions.regression import direction, regress


def planted(own: torch.Tensor, other: torch.Tensor, sounds: int = 200) -> torch.Tensor:
    """Slopes (n, 2, 16): every sound's own slope is `own`, the other's `other`, with noise."""
    rng = torch.Generator().manual_seed(0)
    noise = 0.3 * torch.randn(sounds, 2, 16, generator=rng)
    return torch.stack([own, other]) + noise


def test_the_slope_that_all_sounds_share_is_found():
    own, other = torch.eye(16)[0], torch.eye(16)[1]
    v = regress(planted(own, other))
    assert v.norm().item() == pytest.approx(1.0, abs=1e-5)
    assert v @ own > 0.97


def test_what_moves_another_descriptor_is_avoided_as_asked():
    own, other = torch.eye(16)[0] + torch.eye(16)[1], torch.eye(16)[1]
    slopes = planted(own, other)
    leaks = [abs(float(regress(slopes, leak) @ other)) for leak in (0.0, 0.3, 30.0)]
    assert leaks[0] > leaks[1] > leaks[2] and leaks[2] < 0.15
    assert regress(slopes, 30.0) @ own > 0.8


def test_a_slope_that_differs_from_sound_to_sound_is_trusted_less():
    """Two coordinates raise the descriptor as much on average, but one does it in every other sound only."""
    slopes = 0.05 * torch.randn(200, 1, 16, generator=torch.Generator().manual_seed(0))
    slopes[:, 0, 0] += 1.0
    slopes[::2, 0, 1] += 2.0
    v = regress(slopes)
    assert v[0] > 2.0 * v[1] > 0.0


def test_steep_outliers_do_not_turn_it():
    slopes = planted(torch.eye(16)[0], torch.eye(16)[1])
    slopes[0, 0] = 1e4 * torch.eye(16)[5]
    assert regress(slopes) @ torch.eye(16)[0] > 0.95


def test_the_direction_keeps_to_its_layers_and_to_where_latents_lie():
    slopes = torch.zeros(50, 1, 4, 16)
    slopes[:, 0, 3, 2] = 1.0  # the last layer's slope, along coordinate 2 and 3
    slopes[:, 0, 3, 3] = 1.0
    slopes[:, 0, 0, 7] = 9.0
    root = torch.eye(16)
    root[3, 3] = 0.0  # no latents there
    d = direction("Brightness", slopes, root, (3, 3), 2.0, "test")
    torch.testing.assert_close(d.vector, torch.eye(16)[2], atol=1e-5, rtol=0)
    assert d.scale == pytest.approx(2.0 / 5.0) and d.layers == (3, 3)
