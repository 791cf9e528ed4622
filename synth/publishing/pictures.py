"""Pictures in a checkpoint's README: scores over the course of training, and spectrograms of sounds it makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
CURVES = "curves.png"
FIGURES = {"fad": "FAD-{}", "kad": "KAD-{}", "hit_rate": "hit rate, {}"}
HOURS = "minutes", 60.0, "hours of training"
IMAGES = "images_seen", 1000.0, "thousands of images seen"


def course(scores: Sequence[Mapping[str, float]], space: str, path: Path) -> None:
    """Writes a PNG of what snapshots scored in the space of the network `space`, a panel a figure, over hours of
    training, or over images seen where nobody kept the time. scores: as `Card.course` has them."""
    names = {name: title for name, title in FIGURES.items() if name in scores[-1]}
    key, unit, label = HOURS if "minutes" in scores[0] else IMAGES
    figure = Figure(figsize=(3.5 * max(len(names), 2), 3), dpi=110, layout="constrained")
    for panel, (name, title) in zip(figure.subplots(1, len(names), squeeze=False)[0], names.items(), strict=True):
        panel.plot([m[key] / unit for m in scores], [m[name] for m in scores], "o-", markersize=3, color="#7b3ff2")
        panel.set(xlabel=label, ylabel=title.format(space), ylim=(0, None))
        panel.grid(alpha=0.3)
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
