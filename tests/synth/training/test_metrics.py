from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from synth.errors import CheckpointError
from synth.training.metrics import Gaussian, Yardstick, frechet_distance, kernel_distance, nearest_categories
from synth.training.yamnet import YAMNet


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
    a = Gaussian(np.zeros(3), np.diag(sigma_a**2))
    b = Gaussian(shift, np.diag(sigma_b**2))
    assert frechet_distance(a, b) == pytest.approx(10.0 + np.square(sigma_a - sigma_b).sum())
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a))


def test_kernel_distance_is_unbiased_and_sees_a_shift() -> None:
    rng = np.random.default_rng(0)
    same = [kernel_distance(rng.standard_normal((60, 6)), rng.standard_normal((60, 6))) for _ in range(60)]
    assert abs(np.mean(same)) < 3 * np.std(same) / np.sqrt(60) + 1e-3
    assert min(same) < 0, "an unbiased estimate falls on both sides of zero"
    assert kernel_distance(rng.standard_normal((60, 6)), rng.standard_normal((60, 6)) + 1.0) > 10 * np.std(same)


def test_nearest_categories_vote() -> None:
    reference = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.1, 0.9]])
    labels = np.array([0, 0, 1, 1])
    assert nearest_categories(np.array([[2.0, 0.3], [0.1, 5.0]]), reference, labels, k=3).tolist() == [0, 1]


def spectrum(x: torch.Tensor) -> torch.Tensor:
    """A small embedder: log energy in eight bands."""
    return torch.fft.rfft(x).abs()[:, 1:].unflatten(1, (8, -1)).mean(2).add(1e-3).log()[:, None]


def tones(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    labels = np.arange(count) % 2
    n = np.arange(256)
    pitch = np.where(labels == 0, 0.05, 0.35) + rng.uniform(-0.02, 0.02, count)
    return np.sin(2 * np.pi * pitch[:, None] * n) + 0.05 * rng.standard_normal((count, 256)), labels


def test_yardstick_tells_good_sounds_from_bad() -> None:
    rng = np.random.default_rng(0)
    (train, train_labels), (valid, valid_labels) = tones(rng, 80), tones(rng, 40)
    yardstick = Yardstick(spectrum, train, train_labels, valid, valid_labels, ("low", "high"))
    assert yardstick.ceiling == 1.0
    good = yardstick.score(*tones(rng, 60))
    swapped = yardstick.score(tones(rng, 60)[0], 1 - tones(rng, 60)[1])
    noise = yardstick.score(rng.standard_normal((60, 256)), np.arange(60) % 2)
    assert good.hit_rate == 1.0 and good.categories == {"low": 1.0, "high": 1.0} and good.n == 60
    assert swapped.hit_rate == 0.0 and swapped.fad == pytest.approx(good.fad, rel=1.0)
    assert good.fad < 0.2 * noise.fad and good.kad < 0.2 * noise.kad
    assert yardstick.floor < 0.2 * noise.fad
    louder = yardstick.score(0.01 * train, train_labels)
    assert louder.fad == pytest.approx(yardstick.floor, rel=1e-3), "level does not count"


def test_yamnet_patches_and_gradients(yamnet_weights: Path) -> None:
    network = YAMNet.load(yamnet_weights)
    assert network.embed(torch.randn(1, 100)).shape == (1, 1, 1024)
    x = torch.randn(2, 32768)
    x[:, 8000:] = 0.0
    out = network.embed(x.requires_grad_())
    assert out.shape == (2, 3, 1024)
    out.sum().backward()
    assert x.grad is not None and x.grad.isfinite().all() and x.grad.abs().sum() > 0


def test_yamnet_is_frozen(yamnet_weights: Path) -> None:
    network = YAMNet.load(yamnet_weights)
    assert not network.training and not any(p.requires_grad for p in network.parameters())


def test_wrong_weights_are_one_sentence(tmp_path: Path, yamnet_weights: Path) -> None:
    with pytest.raises(CheckpointError, match="not there"):
        YAMNet.load(tmp_path / "missing.safetensors")
    with pytest.raises(CheckpointError, match="not a safetensors file"):
        YAMNet.load(tmp_path)
    (tmp_path / "bad.safetensors").write_bytes(b"nonsense")
    with pytest.raises(CheckpointError, match="not a safetensors file"):
        YAMNet.load(tmp_path / "bad.safetensors")
    save_file({"w1": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match="does not hold"):
        YAMNet.load(tmp_path / "other.safetensors")
    save_file(load_file(yamnet_weights) | {"w27": torch.zeros(8, 1024, 1, 1)}, tmp_path / "narrow.safetensors")
    with pytest.raises(CheckpointError, match="tensor w27"):
        YAMNet.load(tmp_path / "narrow.safetensors")
