import numpy as np
import pytest
from scipy.linalg import sqrtm

from synth.scoring.distances import (
    Gaussian,
    density_coverage,
    frechet_distance,
    kernel_distance,
    nearest_categories,
    nearest_distances,
    nearest_other_distances,
    precision_recall,
)


def test_identical_sets_are_at_distance_zero() -> None:
    x = np.random.default_rng(0).standard_normal((300, 8))
    g = Gaussian.of(x)
    assert frechet_distance(g, g) == pytest.approx(0.0, abs=1e-9)


def test_rank_deficient_sets_are_handled() -> None:
    x = np.random.default_rng(0).standard_normal((5, 32))
    assert frechet_distance(Gaussian.of(x), Gaussian.of(x)) == pytest.approx(0.0, abs=1e-5)
    assert frechet_distance(Gaussian.of(x), Gaussian.of(x + 1.0)) == pytest.approx(32.0, abs=1e-5)


def test_closed_form_of_two_gaussians() -> None:
    """Diagonal covariances commute: the distance is |shift|^2 + sum (sigma_a - sigma_b)^2."""
    sigma_a, sigma_b, shift = np.array([1.0, 2.0, 0.5]), np.array([1.5, 1.0, 0.0]), np.array([0.0, 3.0, -1.0])
    a = Gaussian(np.zeros(3), np.diag(sigma_a))
    b = Gaussian(shift, np.diag(sigma_b))
    assert frechet_distance(a, b) == pytest.approx(10.0 + np.square(sigma_a - sigma_b).sum())
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a))


def test_a_shifted_sample_gives_the_closed_form() -> None:
    x = np.random.default_rng(0).standard_normal((50, 3, 8))
    assert frechet_distance(Gaussian.of(x), Gaussian.of(2.0 * x + 1.0)) == pytest.approx(
        np.square(x.mean((0, 1)) + 1.0).sum() + x.reshape(-1, 8).var(0, ddof=1).sum()
    )


@pytest.mark.parametrize("count", [5, 40])
def test_agrees_with_the_roots_of_covariances(count: int) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((count, 12)) @ rng.standard_normal((12, 12)), rng.standard_normal((30, 12)) + 0.5
    a, b = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    expected = np.square(x.mean(0) - y.mean(0)).sum() + np.trace(a + b - 2.0 * sqrtm(a @ b).real)
    assert frechet_distance(Gaussian.of(x), Gaussian.of(y)) == pytest.approx(expected, rel=1e-4)


def test_kernel_distance_is_unbiased_and_sees_a_shift() -> None:
    rng = np.random.default_rng(0)
    same = [kernel_distance(rng.standard_normal((60, 1, 6)), rng.standard_normal((60, 1, 6))) for _ in range(60)]
    assert abs(np.mean(same)) < 3 * np.std(same) / np.sqrt(60) + 1e-3
    assert min(same) < 0, "an unbiased estimate falls on both sides of zero"
    assert kernel_distance(rng.standard_normal((60, 1, 6)), rng.standard_normal((60, 1, 6)) + 1.0) > 10 * np.std(same)


def test_kernel_distance_is_unbiased_where_patches_of_a_clip_are_alike() -> None:
    rng = np.random.default_rng(0)

    def clips() -> np.ndarray:
        return rng.standard_normal((30, 1, 6)) + 0.1 * rng.standard_normal((30, 4, 6))

    same = [kernel_distance(clips(), clips()) for _ in range(80)]
    assert abs(np.mean(same)) < 3 * np.std(same) / np.sqrt(80)


def test_kernel_distance_of_two_pairs_by_hand() -> None:
    """Kernels of 1-d points: (1 * 1 + 1)^3 = 8 within, (1 * 0 + 1)^3 = 1 between, 1 within zeros: 8 + 1 - 2."""
    ones, zeros = np.ones((2, 1, 1)), np.zeros((3, 1, 1))
    assert kernel_distance(ones, zeros) == pytest.approx(7.0)
    assert kernel_distance(ones, ones) == pytest.approx(0.0)


LINE = np.arange(6.0)[:, None]  # the radius to the nearest other is 1, to the third 2 inside and 3 at the ends


def test_precision_and_recall_by_hand() -> None:
    assert precision_recall(LINE, LINE) == (1.0, 1.0)
    made = np.array([[0.5], [0.6], [40.0], [50.0]])
    assert precision_recall(made, LINE, k=1) == (0.5, 0.0)
    # With the second neighbour made sounds reach 40 - 0.6, and so all real points.
    assert precision_recall(made, LINE, k=2) == (0.5, 1.0)
    assert precision_recall(LINE + 100.0, LINE) == (0.0, 0.0)


def test_density_and_coverage_by_hand() -> None:
    made = np.array([[0.5], [40.0]])
    # 0.5 lies within 1 of the points 0 and 1: two of six neighbourhoods, by one of two sounds.
    assert density_coverage(made, LINE, k=1) == (1.0, pytest.approx(1 / 3))
    # An outlier in what was made widens recall, but not coverage.
    assert density_coverage(LINE + 100.0, LINE) == (0.0, 0.0)
    density, coverage = density_coverage(LINE, LINE, k=5)
    assert coverage == 1.0 and density >= 1.0


def test_sets_smaller_than_k_are_measured_by_what_there_is() -> None:
    pair = np.array([[0.0], [1.0]])
    assert precision_recall(pair, pair) == (1.0, 1.0) and density_coverage(pair, pair) == (2.0, 1.0)


def test_nearest_categories_vote() -> None:
    reference = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.1, 0.9]])
    labels = np.array([0, 0, 1, 1])
    assert nearest_categories(np.array([[2.0, 0.3], [0.1, 5.0]]), reference, labels, k=3).tolist() == [0, 1]


def test_nearest_distances_are_cosine_and_leave_a_clip_itself_out() -> None:
    reference = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 2.0]])
    assert nearest_distances(np.array([[3.0, 0.0], [1.0, 1.0]]), reference) == pytest.approx([0.0, 1 - np.sqrt(0.5)])
    assert nearest_other_distances(reference) == pytest.approx([1.0, 0.0, 0.0])
