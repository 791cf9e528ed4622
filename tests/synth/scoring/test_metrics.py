from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from synth.errors import CheckpointError
from synth.models.yamnet import YAMNet
from synth.scoring.distances import nearest_categories
from synth.scoring.metrics import Category, Yardstick, worst


class Bands:
    """A small embedder: log energy in eight bands."""

    name = "bands"
    sample_rate = 16000

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return torch.fft.rfft(x).abs()[:, 1:].unflatten(1, (8, -1)).mean(2).add(1e-3).log()[:, None]


def tones(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    labels = np.arange(count) % 2
    n = np.arange(256)
    pitch = np.where(labels == 0, 0.05, 0.35) + rng.uniform(-0.02, 0.02, count)
    return np.sin(2 * np.pi * pitch[:, None] * n) + 0.05 * rng.standard_normal((count, 256)), labels


@pytest.fixture(scope="module")
def yardstick() -> Yardstick:
    rng = np.random.default_rng(0)
    return Yardstick(Bands(), *tones(rng, 80), *tones(rng, 40), categories=("low", "high"), sample_rate=16000)


def test_snapshots_of_good_sounds_score_better_than_bad_ones(yardstick: Yardstick) -> None:
    rng = np.random.default_rng(1)
    good = yardstick.score(*tones(rng, 60))
    swapped = yardstick.score(tones(rng, 60)[0], 1 - tones(rng, 60)[1])
    noise = yardstick.score(rng.standard_normal((60, 256)), np.arange(60) % 2)
    assert good.hit_rate == 1.0 and good.n == 60
    assert swapped.hit_rate == 0.0 and swapped.fad == pytest.approx(good.fad, rel=1.0)
    assert good.fad < 0.2 * noise.fad and good.kad < 0.2 * noise.kad
    assert yardstick.floor(80).fad < 0.2 * noise.fad


def test_level_does_not_count(yardstick: Yardstick) -> None:
    sounds, labels = tones(np.random.default_rng(1), 20)
    assert yardstick.score(0.01 * sounds, labels).fad == pytest.approx(yardstick.score(sounds, labels).fad, rel=1e-3)


def test_floor_and_ceiling(yardstick: Yardstick) -> None:
    floor = yardstick.floor(30)
    assert floor.n == 30 and yardstick.floor(1000).n == 80
    assert floor.precision > 0.8 and floor.recall > 0.8 and floor.coverage > 0.6 and floor.density > 0.5
    assert yardstick.ceiling() == {"low": Category(20, 20, None), "high": Category(20, 20, None)}


def test_categories_are_told_apart(yardstick: Yardstick) -> None:
    sounds, labels = tones(np.random.default_rng(1), 40)
    labels[labels == 1] = 0  # high tones that were asked to be low
    found = yardstick.per_category(yardstick.embed(sounds), labels)
    assert list(found) == ["low"] and found["low"].hit_rate == 0.5
    floor = yardstick.floor_kad()["low"]
    assert found["low"].kad is not None and floor is not None and found["low"].kad > 10 * abs(floor)
    assert yardstick.per_category(yardstick.embed(sounds[:1]), labels[:1])["low"].kad is None


def test_a_sound_made_after_a_clip_is_not_judged_by_that_clip() -> None:
    reference = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
    labels, clip = np.array([1, 0, 0]), np.array([[1.0, 0.01]])
    assert nearest_categories(clip, reference, labels).tolist() == [1]
    assert nearest_categories(clip, reference, labels, own=np.array([0])).tolist() == [0]


def test_the_worst_category_is_one_with_sounds_enough() -> None:
    real = {"a": Category(3, 4, None), "b": Category(1, 4, None), "c": Category(4, 4, None)}
    made = {"a": Category(2, 20, None), "b": Category(2, 20, None), "c": Category(0, 19, None)}
    assert worst(made, real) == "a", "both are as low, and real clips of a are known better"
    assert worst(made | {"c": Category(0, 20, None)}, real) == "c"
    assert worst({"c": Category(0, 19, None)}, real) is None
    assert worst({"d": Category(0, 30, None)}, real) is None


def test_copies_of_training_clips_are_noticed(yardstick: Yardstick) -> None:
    rng = np.random.default_rng(0)
    train = tones(rng, 80)[0]
    fresh = yardstick.memorisation(yardstick.embed(tones(np.random.default_rng(2), 400)[0]))
    copied = yardstick.memorisation(yardstick.embed(0.3 * train))
    half = yardstick.memorisation(yardstick.embed(np.concatenate([train[:40], tones(rng, 40)[0]])))
    assert fresh.copies < 0.1 and copied.copies == 1.0 and 0.5 <= half.copies < 0.6
    assert abs(copied.sounds) < 1e-6 < fresh.copy_distance < fresh.valid
    assert fresh.sounds == pytest.approx(fresh.valid, rel=0.5) and fresh.train == pytest.approx(fresh.valid, rel=0.5)


def test_sounds_are_brought_to_the_rate_of_the_embedder() -> None:
    seen: list[int] = []

    class Noting(Bands):
        def __call__(self, x: torch.Tensor) -> torch.Tensor:
            seen.append(x.shape[1])
            return super().__call__(x[:, :256])

    rng = np.random.default_rng(0)
    Yardstick(Noting(), *tones(rng, 8), *tones(rng, 8), categories=("low", "high"), sample_rate=8000)
    assert set(seen) == {512}


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
