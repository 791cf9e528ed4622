"""Pictures in a checkpoint's README: FAD over images seen, and spectrograms of sounds it makes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from synth.models.stylegan2 import Generator
from synth.training.presets import TrainConfig
from synth.training.snapshot import generate

SHOWN = 4
SEED = 1
SHOWN_DB = 80.0


def fad_curve(points: Sequence[Sequence[float]], space: str, path: Path) -> None:
    """Writes a PNG of [images seen, FAD] points in order, FAD in the space of the network `space`."""
    figure = Figure(figsize=(7, 3), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    images, fad = zip(*points, strict=True)
    axes.plot([n / 1000 for n in images], fad, "o-", markersize=3, color="#7b3ff2")
    axes.set(xlabel="thousands of images seen", ylabel=f"FAD-{space} of snapshots", ylim=(0, None))
    axes.grid(alpha=0.3)
    _save(figure, path)


def sample_sheet(generator: Generator, config: TrainConfig, categories: Sequence[str], path: Path) -> None:
    """Writes a PNG of the spectrograms of up to four sounds of as many categories, at a fixed seed."""
    count = min(SHOWN, len(categories))
    labels = torch.tensor([i * len(categories) // count for i in range(count)])
    tensors = generate(generator, config, labels, SEED)
    figure = Figure(figsize=(3.2 * count, 3), dpi=110, layout="constrained")
    panels = figure.subplots(1, count, sharey=True, squeeze=False)[0]
    for axes, label, tensor in zip(panels, labels.tolist(), tensors, strict=True):
        image = axes.imshow(_decibels(config, tensor), "magma", **_frame(config), vmin=-SHOWN_DB, vmax=0.0)
        axes.set(title=categories[label], xlabel="seconds")
    panels[0].set_ylabel("Hz")
    figure.colorbar(image, ax=panels, label="dB below the peak", pad=0.01)
    _save(figure, path)


def _decibels(config: TrainConfig, tensor: Tensor) -> np.ndarray:
    """Codec tensor (1, F, T) -> dB (F, T)."""
    return (tensor[0].clamp(-1.0, 1.0).numpy() - 1.0) * (-config.codec.floor_db / 2.0)


def _frame(config: TrainConfig) -> dict[str, object]:
    codec = config.codec
    extent = (0.0, codec.samples / codec.sample_rate, 0.0, codec.sample_rate / 2)
    return {"extent": extent, "origin": "lower", "aspect": "auto", "interpolation": "nearest"}


def _save(figure: Figure, path: Path) -> None:
    """Atomic: a reader sees the old picture or the new one."""
    fresh = path.with_name(path.name + ".tmp")
    figure.savefig(fresh, format="png", metadata={"Software": None})
    os.replace(fresh, path)
