"""LPIPS from shipped weights, against the package and against a second implementation written from the paper."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional as F

from synth.checkpoint.store import catalogue, sha256
from synth.errors import CheckpointError
from synth.models.perceptual import FILE, SHA256, Perceptual, picture

CHECKPOINTS = Path(__file__).resolve().parents[3] / "checkpoints"
STRIDES_AND_PADS = ((4, 2), (1, 2), (1, 1), (1, 1), (1, 1))


@pytest.fixture(scope="module")
def perceptual() -> Perceptual:
    return Perceptual.load()


def alexnet(tensors: dict[str, Tensor], x: Tensor) -> list[Tensor]:
    """The outputs of the five ReLU layers, with pooling after the first two."""
    x = (x - torch.tensor([-0.030, -0.088, -0.188])[:, None, None]) / torch.tensor([0.458, 0.448, 0.450])[:, None, None]
    names = ("net.slice1.0", "net.slice2.3", "net.slice3.6", "net.slice4.8", "net.slice5.10")
    found: list[Tensor] = []
    for i, (name, (stride, pad)) in enumerate(zip(names, STRIDES_AND_PADS, strict=True)):
        x = F.max_pool2d(x, 3, 2) if i in (1, 2) else x
        x = F.conv2d(x, tensors[f"{name}.weight"].float(), tensors[f"{name}.bias"].float(), stride, pad).relu()
        found.append(x)
    return found


def second_lpips(a: Tensor, b: Tensor) -> Tensor:
    """LPIPS of pictures (B, 3, H, W) in [-1, 1] -> (B,): Zhang et al. 2018, equation 1."""
    tensors = load_file(CHECKPOINTS / FILE)
    total = torch.zeros(len(a))
    for i, (x, y) in enumerate(zip(alexnet(tensors, a), alexnet(tensors, b), strict=True)):
        weights = tensors[f"lin{i}.model.1.weight"].float().flatten()
        squares = (F.normalize(x, dim=1) - F.normalize(y, dim=1)).square()
        total += torch.einsum("bchw,c->bhw", squares, weights).mean((1, 2))
    return total


def test_distance_agrees_with_the_package_and_a_second_implementation(perceptual: Perceptual) -> None:
    rng = torch.Generator().manual_seed(0)
    a, b = (torch.rand(6, 3, 64, 96, generator=rng) * 2 - 1 for _ in range(2))
    b[:3] = a[:3] + 0.1 * b[:3]
    with torch.no_grad():
        torch.testing.assert_close(perceptual.lpips(a, b).flatten(), second_lpips(a, b), atol=1e-6, rtol=1e-4)
    x, y = (torch.rand(6, 1, 64, 96, generator=rng) * 2 - 1 for _ in range(2))
    pictures = (picture(t).expand(-1, 3, -1, -1) for t in (x, y))
    torch.testing.assert_close(perceptual.distance(x, y), second_lpips(*pictures), atol=1e-6, rtol=1e-4)


def test_linear_layers_are_those_of_the_package(perceptual: Perceptual) -> None:
    import lpips

    stored = Path(lpips.__file__).parent / "weights" / "v0.1" / "alex.pth"
    for name, expected in torch.load(stored, map_location="cpu", weights_only=True).items():
        torch.testing.assert_close(perceptual.lpips.state_dict()[name], expected, rtol=1e-3, atol=1e-6)


def test_distance_is_zero_of_the_same_and_grows(perceptual: Perceptual) -> None:
    rng = torch.Generator().manual_seed(0)
    x, noise = (torch.rand(2, 1, 64, 64, generator=rng) * 2 - 1 for _ in range(2))
    near, far = (perceptual.distance(x, x + k * noise) for k in (0.05, 0.5))
    assert perceptual.distance(x, x).tolist() == [0.0, 0.0]
    assert (near > 0).all() and (near < far).all()


def test_features_are_five_maps_and_gradients_reach_the_input(perceptual: Perceptual) -> None:
    maps = perceptual.features(torch.zeros(2, 1, 128, 128))
    assert [m.shape[1:] for m in maps] == [(64, 31, 31), (192, 15, 15), (384, 7, 7), (256, 7, 7), (256, 7, 7)]
    assert all((m >= 0).all() for m in maps)
    for start in (torch.rand(1, 1, 64, 64) - 0.3, torch.full((1, 1, 64, 64), -1.0)):
        x = start.requires_grad_()
        (perceptual.distance(x, torch.rand(1, 1, 64, 64)) + perceptual.features(x)[4].sum()).sum().backward()
        assert x.grad is not None and x.grad.isfinite().all()
    x = (torch.rand(1, 1, 64, 64) - 0.3).requires_grad_()
    perceptual.distance(x, torch.zeros(1, 1, 64, 64)).sum().backward()
    assert x.grad is not None and x.grad.abs().sum() > 0


def test_it_stays_frozen_inside_a_network_that_trains(perceptual: Perceptual) -> None:
    torch.nn.Sequential(perceptual).train()
    assert not any(m.training for m in perceptual.modules())
    assert not any(p.requires_grad for p in perceptual.parameters())


def test_a_picture_shows_the_top_60_db() -> None:
    db = torch.tensor([0.0, -30.0, -60.0, -70.0, -80.0])
    assert picture(db / 40.0 + 1.0).tolist() == pytest.approx([1.0, 0.0, -1.0, -1.0, -1.0])


def test_missing_or_damaged_weights_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="is missing: restore"):
        Perceptual.load(tmp_path / "none.safetensors")
    (tmp_path / "bad.safetensors").write_bytes((CHECKPOINTS / FILE).read_bytes()[:-1])
    with pytest.raises(CheckpointError, match="is damaged"):
        Perceptual.load(tmp_path / "bad.safetensors")


@pytest.mark.usefixtures("tiny_checkpoint")
def test_models_elsewhere_do_without_the_weights_there() -> None:
    assert isinstance(Perceptual.load(), Perceptual)


def test_the_folder_is_no_model_and_says_what_it_holds() -> None:
    assert "perceptual" not in catalogue(CHECKPOINTS)
    folder = (CHECKPOINTS / FILE).parent
    source = json.loads((folder / "source.json").read_text())
    assert source["sha256"] == SHA256 == sha256(CHECKPOINTS / FILE)
    assert SHA256 in (folder / "README.md").read_text() and "BSD" in (folder / "README.md").read_text()
    assert "Redistribution" in (folder / "LICENSE").read_text()


def test_playing_imports_neither_lpips_nor_torchvision() -> None:
    imported = "{'lpips', 'torchvision'} & sys.modules.keys()"
    script = f"import sys, synth.instruments.instrument, synth.models.perceptual; print({imported})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_converter_refuses_what_is_no_array(tmp_path: Path) -> None:
    import pickle

    (tmp_path / "bad.ckpt").write_bytes(pickle.dumps(print))
    converter = CHECKPOINTS / "perceptual" / "convert.py"
    command = [sys.executable, str(converter), str(tmp_path / "bad.ckpt"), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode and "is no part of a numpy array" in done.stderr
    assert not (tmp_path / "out").exists()
