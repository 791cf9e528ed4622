"""Shared fixtures: a small folder of recordings, and a tiny model trained on it and published as a checkpoint."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

RATE = 16000
CATEGORIES = ("hit", "scrape")


def burst(rng: np.random.Generator, category: str) -> np.ndarray:
    """A decaying noise burst, or a steady band of noise, 1024 samples."""
    n = np.arange(1024)
    noise = rng.standard_normal(1024)
    if category == "hit":
        return 0.5 * noise * np.exp(-n / rng.uniform(60, 240))
    return 0.2 * noise * np.sin(2 * np.pi * rng.uniform(0.05, 0.2) * n)


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with two categories of ten short clips each."""
    root = tmp_path_factory.mktemp("recordings")
    rng = np.random.default_rng(0)
    for category in CATEGORIES:
        (root / category).mkdir()
        for i in range(10):
            soundfile.write(root / category / f"{category}_{i}.wav", burst(rng, category), RATE)
    return root


@pytest.fixture(scope="session")
def tiny_run(recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of the tiny preset, through all phases."""
    from synth.training.presets import preset
    from synth.training.run import Run
    from synth.training.trainer import Budget, Trainer

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    run = Run.create(folder, preset("tiny"), recordings)
    Trainer(run, device=torch.device("cpu"), report=lambda _: None).train(Budget(kimg=0.1))
    return folder


@pytest.fixture(scope="session")
def published(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root of checkpoints that holds the model `tiny`."""
    from synth.training.publish import publish
    from synth.training.run import Run

    root = tmp_path_factory.mktemp("checkpoints")
    publish(Run.open(tiny_run), "tiny", root=root)
    return root


@pytest.fixture
def tiny_checkpoint(published: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same root, named to the library by the environment."""
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(published))
    return published


@pytest.fixture(scope="session")
def yamnet_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of YAMNet's layout with random values."""
    from safetensors.torch import save_file

    from synth.training.yamnet import shapes

    rng = torch.Generator().manual_seed(0)
    tensors = {name: torch.zeros(shape) for name, shape in shapes().items()}
    tensors |= {"mel": torch.rand(64, 257, generator=rng), "window": torch.hann_window(400)}
    for kernel in (t for t in tensors.values() if t.ndim == 4):
        # A scale that keeps the maps between the ends of their range.
        kernel.normal_(0.0, math.sqrt(2.0 / math.prod(kernel.shape[1:])), generator=rng)
    path = tmp_path_factory.mktemp("weights") / "yamnet.safetensors"
    save_file(tensors, path)
    return path
