"""Shared fixtures: a small folder of recordings, and a tiny model trained on it and published as a checkpoint."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

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


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Embeddings that tests make, and sounds that they keep, are kept out of the project's folder."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SONOFORM_CACHE", str(tmp_path_factory.mktemp("cache")))
        patched.setenv("SONOFORM_LIBRARY", str(tmp_path_factory.mktemp("library") / "served.sqlite"))
        yield


@pytest.fixture(autouse=True)
def own_library(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a test keeps sounds: no other one finds them."""
    path = tmp_path_factory.mktemp("own") / "sounds.sqlite"
    monkeypatch.setenv("SONOFORM_LIBRARY", str(path))
    return path


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
    from synth.recipes.presets import preset
    from synth.runs.run import Run
    from synth.training.trainer import Budget, Trainer

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    # Longer outlines than the preset has, so that w tells sounds apart.
    run = Run.create(folder, replace(preset("tiny"), outline_kimg=3.2), recordings)
    Trainer(run, device=torch.device("cpu"), report=lambda _: None).train(Budget(kimg=3.3))
    return folder


@pytest.fixture(scope="session")
def published(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root of checkpoints that holds the model `tiny`."""
    from synth.publishing.publish import publish
    from synth.runs.run import Run

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

    from synth.models.yamnet import shapes

    rng = torch.Generator().manual_seed(0)
    tensors = {name: torch.zeros(shape) for name, shape in shapes().items()}
    tensors |= {"mel": torch.rand(64, 257, generator=rng), "window": torch.hann_window(400)}
    for kernel in (t for t in tensors.values() if t.ndim == 4):
        # A scale that keeps the maps between the ends of their range.
        kernel.normal_(0.0, math.sqrt(2.0 / math.prod(kernel.shape[1:])), generator=rng)
    path = tmp_path_factory.mktemp("weights") / "yamnet.safetensors"
    save_file(tensors, path)
    return path


def small_gans() -> dict[str, Any]:
    """A configuration of each plain family, as small as it goes, for the recordings above."""
    from synth.audio.codecs import Waveform
    from synth.audio.mel import LogMel, MelDecibels
    from synth.models.cgan import CGANConfig
    from synth.models.soundgan import SoundGANConfig
    from synth.models.waveform import WaveformConfig
    from synth.models.wgan import WGANConfig
    from synth.recipes.gan_presets import GanConfig

    short: dict[str, Any] = {"batch": 4, "jitter": 16, "tick_kimg": 0.008, "snapshot_kimg": 0.016, "score_sounds": 8}
    mel = {"sample_rate": RATE, "length": 256, "mels": 16}
    return {
        config.family: config
        for config in (
            GanConfig("cgan", "cgan", LogMel(**mel, hop=16, frames=64), CGANConfig(start=(1, 4), channels=8), **short),
            GanConfig(
                "wgan",
                "wgan",
                MelDecibels(sample_rate=RATE, length=2048, mels=256, hop=4, frames=256),
                WGANConfig(scale=1 / 128),
                loss="wgan-gp",
                d_steps=2,
                **short,
            ),
            GanConfig(
                "soundgan",
                "soundgan",
                MelDecibels(**mel, hop=32, frames=32, columns=16),
                SoundGANConfig(width=4, size=16),
                **short,
            ),
            GanConfig("waveform", "waveform", Waveform(RATE, 1024), WaveformConfig(samples=1024, width=2), **short),
        )
    }


@pytest.fixture(scope="session")
def families(recordings: Path, published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root of checkpoints that holds a trained model of every plain family, by its name, and `tiny`."""
    from synth.publishing.publish import publish
    from synth.runs.run import Run
    from synth.training.trainer import Budget, Trainer

    torch.set_num_threads(1)
    root, runs = tmp_path_factory.mktemp("families"), tmp_path_factory.mktemp("family-runs")
    shutil.copytree(published / "tiny", root / "tiny")
    for name, config in small_gans().items():
        run = Run.create(runs / name, config, recordings)
        Trainer(run, device=torch.device("cpu"), report=lambda _: None).train(Budget(kimg=0.032))
        publish(run, name, root=root)
    return root
