"""Pictures in a checkpoint's README: FAD over images seen, and spectrograms of sounds it makes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn

from synth.audio.codecs import Codec, GaussianLogSTFT
from synth.recipes.presets import Config
from synth.storage import whole_file
from synth.training.snapshot import play

SHOWN = 4
SEED = 1
SHOWN_DB = 80.0
HOP = 128


def fad_curve(points: Sequence[Sequence[float]], space: str, path: Path) -> None:
    """Writes a PNG of [images seen, FAD] points in order, FAD in the space of the network `space`."""
    figure = Figure(figsize=(7, 3), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    images, fad = zip(*points, strict=True)
    axes.plot([n / 1000 for n in images], fad, "o-", markersize=3, color="#7b3ff2")
    axes.set(xlabel="thousands of images seen", ylabel=f"FAD-{space} of snapshots", ylim=(0, None))
    axes.grid(alpha=0.3)
    _save(figure, path)


def sample_sheet(generator: nn.Module, config: Config, categories: Sequence[str], path: Path) -> None:
    """Writes a PNG of the spectrograms of four sounds, of as many categories where it has them, at a fixed seed."""
    count = min(SHOWN, len(categories)) or SHOWN
    labels = torch.tensor([i * len(categories) // count for i in range(count)])
    sounds = play(generator, config, labels, SEED)
    levels = _decibels(config.codec, sounds)
    figure = Figure(figsize=(3.2 * count, 3), dpi=110, layout="constrained")
    panels = figure.subplots(1, count, sharey=True, squeeze=False)[0]
    for axes, label, picture in zip(panels, labels.tolist(), levels, strict=True):
        image = axes.imshow(picture, "magma", **_frame(config.codec), vmin=-SHOWN_DB, vmax=0.0)
        axes.set(title=categories[label] if categories else None, xlabel="seconds")
    panels[0].set_ylabel("Hz")
    figure.colorbar(image, ax=panels, label="dB below the peak", pad=0.01)
    _save(figure, path)


def _decibels(codec: Codec, sounds: np.ndarray) -> np.ndarray:
    """Samples (N, n) -> dB (N, F, T) below the loudest bin of each."""
    look = GaussianLogSTFT(codec.sample_rate, hop=HOP, frames=codec.samples // HOP, floor_db=-SHOWN_DB)
    return (look.encode(torch.from_numpy(sounds))[:, 0].numpy() - 1.0) * (SHOWN_DB / 2.0)


def _frame(codec: Codec) -> dict[str, object]:
    extent = (0.0, codec.samples / codec.sample_rate, 0.0, codec.sample_rate / 2)
    return {"extent": extent, "origin": "lower", "aspect": "auto", "interpolation": "nearest"}


def _save(figure: Figure, path: Path) -> None:
    with whole_file(path) as fresh:
        figure.savefig(fresh, format="png", metadata={"Software": None})
