from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from synth.errors import CheckpointError
from synth.models.stylegan2 import Generator, GeneratorConfig
from synth.models.weights import Sized, read_weights

SMALL = GeneratorConfig(categories=2, clips=4, z_dim=8, w_dim=8, hidden=8, bins=8, frames=8, rank=4, gate_rank=2)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -float("inf")])
def test_weights_that_are_no_numbers_are_refused(tmp_path: Path, wrong: float) -> None:
    weights = {"a": torch.arange(5.0).half(), "b": torch.ones(3, 4).half()}
    save_file(weights, tmp_path / "w.safetensors")
    found = read_weights(tmp_path / "w.safetensors")
    assert found["a"].tolist() == [0, 1, 2, 3, 4] and found["b"].dtype == torch.float32
    weights["b"][2, 3] = wrong
    save_file(weights, tmp_path / "w.safetensors")
    with pytest.raises(CheckpointError, match="not numbers"):
        read_weights(tmp_path / "w.safetensors")


def test_a_network_larger_than_its_weights_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_file({k: v.contiguous() for k, v in Generator(SMALL).state_dict().items()}, path)
    with Sized(path):
        Generator(SMALL).load_state_dict(read_weights(path))
    asked = [{"hidden": 65536}, {"w_dim": 1 << 24}, {"clips": 1 << 40}, {"bins": 1 << 30}, {"categories": 1 << 40}]
    for sizes in asked:
        with pytest.raises(ValueError, match="other sizes than its weights"), Sized(path):
            Generator(GeneratorConfig(**{**SMALL.to_dict(), **sizes}))
