import math

import pytest
import torch

from synth.training import losses
from synth.training.augment import Augment, adapt


def test_gaussian_nll_against_torch() -> None:
    x, mean, variance = torch.randn(3, 4), torch.randn(3, 4), torch.rand(3, 4) + 0.1
    expected = torch.nn.functional.gaussian_nll_loss(mean, x, variance)
    torch.testing.assert_close(losses.gaussian_nll(x, mean, variance), expected)


def test_multiscale_l1_of_a_constant_offset() -> None:
    x = torch.zeros(1, 1, 32, 32)
    assert losses.multiscale_l1(x, x + 0.5, scales=3).item() == pytest.approx(1.5)


def test_adversarial_losses_at_zero_logits() -> None:
    zero = torch.zeros(4)
    assert losses.generator_loss(zero).item() == pytest.approx(math.log(2.0))
    assert losses.discriminator_loss(zero, zero).item() == pytest.approx(2.0 * math.log(2.0))


def test_feature_distance_is_in_units_of_the_second() -> None:
    b = [torch.full((2, 3, 4, 4), 2.0), torch.full((2, 5, 1, 1), -10.0)]
    a = [b[0] + 1.0, b[1]]
    scales = losses.feature_scales(b)
    assert scales.tolist() == pytest.approx([2.0, 10.0])
    assert losses.feature_distance(a, b, scales).item() == pytest.approx(0.25)
    assert losses.feature_distance(b, b, scales).item() == 0.0


def test_augment_is_identity_at_zero_and_differentiable() -> None:
    rng = torch.Generator().manual_seed(0)
    x = torch.rand(16, 1, 32, 32, requires_grad=True)
    assert Augment()(x, 0.0, rng) is x
    out = Augment()(x, 1.0, rng)
    assert out.shape == x.shape and not torch.equal(out, x)
    out.sum().backward()
    assert x.grad is not None and x.grad.abs().sum() > 0


def test_augment_shift_moves_frames_and_gain_spares_silence() -> None:
    rng = torch.Generator().manual_seed(0)
    x = torch.zeros(64, 1, 4, 32)
    x[:, :, :, 10] = 0.5
    shifted = Augment(max_shift=0.25)._shift(x, 1.0, rng)
    at = shifted[:, 0, 0].argmax(1)
    assert at.min() >= 2 and at.max() <= 18 and len(at.unique()) > 8
    silent = torch.full((8, 1, 4, 4), -1.0)
    assert torch.equal(Augment()._gain(silent, 1.0, rng), silent)


def test_masks_silence_whole_bands() -> None:
    rng = torch.Generator().manual_seed(0)
    out = Augment(max_mask=0.5)._mask(torch.ones(64, 1, 16, 16), 2, 1.0, rng)
    rows = out[:, 0].amin(2)
    assert set(rows.unique().tolist()) == {-1.0, 1.0}
    assert torch.equal(out[:, 0].amin(2), out[:, 0].amax(2))
    assert (rows < 0).float().mean() < 0.5


def test_adaptive_strength_follows_overfitting() -> None:
    assert adapt(0.2, 0.9, 1000, kimg=100.0) == pytest.approx(0.21)
    assert adapt(0.2, 0.1, 1000, kimg=100.0) == pytest.approx(0.19)
    assert adapt(0.0, 0.1, 1000) == 0.0
    assert adapt(0.8, 0.9, 10**6, limit=0.8) == 0.8
