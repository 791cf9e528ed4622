import numpy as np
import pytest
import torch

from synth.scoring.distances import Gaussian, frechet_distance
from synth.training.statistics import MEMORY, SHRINKAGE, Statistics

LABELS = torch.arange(400) % 2


def recordings(shift: float = 0.0, seed: int = 0) -> torch.Tensor:
    """Features (400, 6) of two categories."""
    x = torch.randn(400, 6, generator=torch.Generator().manual_seed(seed)) @ torch.diag(torch.linspace(0.5, 2.0, 6))
    return x + LABELS[:, None] * torch.tensor([3.0, 0, 0, 0, 0, 0]) + shift


def filled(drawn: torch.Tensor) -> Statistics:
    statistics = Statistics(recordings(), LABELS, 2, kept=400)
    statistics.push(drawn, LABELS)
    return statistics


def test_the_distance_is_that_of_all_features_that_are_kept() -> None:
    drawn = recordings(0.7, seed=1)
    statistics = filled(drawn)
    batch = drawn[:40]
    found, *_ = statistics.distances(batch, LABELS[:40])
    every = torch.cat([batch, drawn[:360]]).numpy()
    expected = frechet_distance(Gaussian.of(recordings().numpy()), Gaussian.of(every))
    assert found.item() * 40 / 400 == pytest.approx(expected, rel=1e-3)


def test_drawn_sounds_that_are_like_the_recordings_are_near() -> None:
    near, *_ = filled(recordings(seed=1)).distances(recordings(seed=1)[:40], LABELS[:40])
    far, *_ = filled(recordings(1.0, seed=1)).distances(recordings(1.0, seed=1)[:40], LABELS[:40])
    assert near < 0.1 * far


def test_descent_on_a_batch_brings_the_queue_nearer() -> None:
    """As a generator's sounds follow gradients, so do the statistics of those that are kept."""
    drawn = recordings(1.5, seed=2)
    statistics, before = filled(drawn), None
    for start in list(range(0, 400, 40)) * 6:
        part = drawn[start : start + 40].clone().requires_grad_(True)
        distance, pull, _ = statistics.distances(part, LABELS[start : start + 40])
        before = before or distance.item()
        (gradient,) = torch.autograd.grad(distance + pull, part)
        drawn[start : start + 40] -= 4.0 * gradient
        statistics.push(drawn[start : start + 40], LABELS[start : start + 40])
    after, *_ = statistics.distances(drawn[:40], LABELS[:40])
    assert after < 0.2 * before


def test_the_pull_is_towards_the_means_of_the_own_category() -> None:
    wrong = filled(recordings().flip(0))  # each as the other category
    batch = recordings()[:2].clone().requires_grad_(True)
    _, pull, _ = wrong.distances(batch, LABELS[:2])
    pull.backward()
    towards = -batch.grad
    assert towards[0, 0] < 0 < towards[1, 0], "the first is to have less of what the second category has more of"


def test_contrast_is_the_cross_entropy_of_gaussians_with_one_covariance() -> None:
    """Two categories 3 apart along the first feature: log odds 3 / s^2 (x - 1.5), s^2 shrunk to the mean variance."""
    statistics = filled(recordings())
    at = torch.zeros(3, 6)
    at[:, 0] = torch.tensor([0.0, 1.5, 3.0])
    found = [statistics.distances(x[None], torch.tensor([1]))[2].item() for x in at]
    variances = torch.linspace(0.5, 2.0, 6) ** 2
    odds = 3.0 / torch.lerp(variances[0], variances.mean(), SHRINKAGE) * (at[:, 0] - 1.5)
    expected = torch.nn.functional.softplus(-odds)
    assert found[0] == pytest.approx(expected[0].item(), rel=0.25)
    assert found[1] == pytest.approx(np.log(2.0), abs=0.5)
    assert found[2] < 0.01


def test_descent_on_contrast_makes_a_sound_of_its_own_category() -> None:
    statistics = Statistics(recordings(), LABELS, 2, kept=16)
    wrong = recordings()[:2].clone().requires_grad_(True)
    *_, contrast = statistics.distances(wrong, LABELS[:2].flip(0))
    contrast.backward()
    assert wrong.grad[0, 0] < 0 < wrong.grad[1, 0]


def test_contrast_is_a_number_where_each_category_has_one_clip() -> None:
    lone = Statistics(recordings()[:2], LABELS[:2], 2, kept=16)
    *_, contrast = lone.distances(recordings()[:2], LABELS[:2])
    assert torch.isfinite(contrast) and contrast < np.log(2.0)


def test_running_means_remember() -> None:
    statistics = Statistics(recordings(), LABELS, 2, kept=16)
    before = statistics.running.clone()
    statistics.push(recordings()[:2] + 5.0, LABELS[:2])
    own = statistics._project(recordings()[:2] + 5.0)
    torch.testing.assert_close(statistics.running, MEMORY * before + (1 - MEMORY) * own)
    assert len(statistics.queue) == 2 and not statistics.filled


def test_fewer_recordings_than_components_will_do() -> None:
    few = Statistics(torch.randn(5, 20), torch.tensor([0, 0, 1, 1, 1]), 2, kept=8)
    few.push(torch.randn(8, 20), torch.zeros(8, dtype=torch.int64))
    frechet, pull, _ = few.distances(torch.randn(4, 20), torch.tensor([0, 1, 1, 0]))
    assert few.axes.shape == (20, 4) and np.isfinite([frechet.item(), pull.item()]).all()


def test_maps_count_alike_whatever_their_scale() -> None:
    """Two maps of which one is a thousand times as loud: each has half the say, in the units of the last."""
    quiet, loud = recordings(), 1000.0 * recordings(seed=3)
    both = Statistics(torch.cat([loud, quiet], 1), LABELS, 2, kept=400, sizes=[6, 6])
    alone = Statistics(quiet, LABELS, 2, kept=400)
    torch.testing.assert_close(both.trace, alone.trace, rtol=1e-3, atol=0)

    def pushed(shift_loud: float, shift_quiet: float) -> float:
        drawn = torch.cat([loud + 1000.0 * shift_loud, quiet + shift_quiet], 1)
        both.push(drawn, LABELS)
        return both.distances(drawn[:40], LABELS[:40])[0].item()

    assert pushed(1.0, 0.0) == pytest.approx(pushed(0.0, 1.0), rel=0.1)
