"""Scores a published model against the valid split, beside references measured the same way.

The references are training clips (the floor of every distance), the valid clips themselves (the ceiling of the hit
rate), the same after codec and phase reconstruction (what no generator on this codec can beat), and a generator that
was never trained.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from synth.checkpoint import find, verify
from synth.control.inversion import encode
from synth.errors import CheckpointError, DataError
from synth.families import CATEGORY, can
from synth.models.encoder import Inverter
from synth.models.perceptual import Perceptual
from synth.models.plain import FAMILIES
from synth.models.stylegan2 import Generator
from synth.models.weights import read_weights
from synth.training.dataset import Clips, load_clips
from synth.training.embedders import Embedder, load_embedder
from synth.training.gan_presets import GanConfig
from synth.training.metrics import Category, Yardstick
from synth.training.presets import Config, config_from
from synth.training.publish import refresh_metrics
from synth.training.reconstruction import likeness, make
from synth.training.snapshot import as_frequent, generate, to_sounds

# Not the seed that snapshots are scored with: the best of them was chosen on that one.
SEED = 20260
# Sounds of an untrained generator at most: it is so far off that few tell.
UNTRAINED = 128


@dataclass(frozen=True)
class Sounds:
    """Samples (N, n) and the category that each was asked for, (N,); None where none could be."""

    samples: np.ndarray
    labels: np.ndarray | None


@dataclass(frozen=True)
class Subject:
    """A published model with the data it is scored on; `encoder` None where it has none."""

    generator: nn.Module
    encoder: Inverter | None
    config: Config
    train: Clips
    valid: Clips

    @classmethod
    def load(cls, folder: Path, data: Path) -> Subject:
        card = verify(folder)
        config = config_from(card.training["settings"])
        train, valid = (load_clips(data, s, config.codec.sample_rate, config.codec.samples) for s in ("train", "valid"))
        if set(train.categories) != set(card.data["clips_per_category"]):
            raise DataError(f"{data} has other categories than {card.id}: name the data that it was trained on")
        generator = _generator(config)
        stored = folder / "encoder.safetensors"
        try:
            generator.load_state_dict(read_weights(folder / "generator.safetensors"))
            encoder = _encoder(stored, config) if stored.is_file() else None
        except (KeyError, RuntimeError) as error:
            raise CheckpointError(f"{folder} does not hold what its card says: restore it") from error
        return cls(generator, encoder, config, train, valid)

    def sounds(self, tensors: Tensor, labels: Tensor | None) -> Sounds:
        return Sounds(to_sounds(self.config, tensors), None if labels is None else labels.numpy())

    def drawn(self, generator: nn.Module, count: int) -> Sounds:
        """`count` sounds, categories as frequent as in the valid split."""
        labels = as_frequent(self.valid.labels, count)
        asked = labels if can(self.config.family, CATEGORY) else None
        return self.sounds(generate(generator, self.config, labels, SEED), asked)


def _generator(config: Config) -> nn.Module:
    built = (
        FAMILIES[config.family].generator(config.network)
        if isinstance(config, GanConfig)
        else Generator(config.generator)
    )
    return built.eval().requires_grad_(False)


def _encoder(path: Path, config: Config) -> Inverter | None:
    if isinstance(config, GanConfig):
        return None
    return Inverter.build(read_weights(path), config.generator.num_ws).eval()


def evaluate(
    model: str, data: Path, count: int = 512, yamnet: Path | None = None, *, update: bool = False
) -> dict[str, Any]:
    """Figures of `count` sounds in the space of AlexNet, and of YAMNet where its weights are named.

    `update` writes them into the model's card. Raises CheckpointError or DataError when the model, the weights or the
    data cannot be used.
    """
    if count < 2:
        raise DataError(f"distances are between sets: draw at least 2 sounds, not {count}")
    folder = find(model)
    embedders = [load_embedder(weights) for weights in dict.fromkeys((None, yamnet))]
    subject = Subject.load(folder, data)
    tensors = subject.config.codec.encode(subject.valid.waveforms())
    made = {
        "model": subject.drawn(subject.generator, count),
        "untrained": subject.drawn(_untrained(subject.config), min(count, UNTRAINED)),
        "codec": subject.sounds(tensors, subject.valid.labels),
    }
    again = _again(subject, tensors)
    report: dict[str, Any] = {
        "model": model,
        "data": data.name,
        "sounds": count,
        "valid_clips": len(subject.valid),
        "spaces": {e.name: _space(e, subject, made, {k: s for k, (s, _) in again.items()}) for e in embedders},
    }
    if again:
        report["resynthesis"] = {name: figures for name, (_, figures) in again.items()}
    report = _rounded(report)
    if update:
        refresh_metrics(folder, report, subject.generator)
    return report


def _untrained(config: Config) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        return _generator(config)


def _again(subject: Subject, x: Tensor) -> dict[str, tuple[Sounds, dict[str, float]]]:
    """The valid clips re-synthesised from the encoder's latents and, to compare, from random ones of their category."""
    config = subject.config
    if subject.encoder is None or isinstance(config, GanConfig):
        return {}
    generator, labels, perceptual = cast(Generator, subject.generator), subject.valid.labels, Perceptual.load()
    rng = torch.Generator().manual_seed(SEED)
    z = torch.randn(len(x), config.generator.z_dim, generator=rng)
    found = {}
    for name, ws in (
        ("encoded", torch.cat([encode(generator, subject.encoder, part) for part in x.split(16)])),
        ("random", generator.broadcast(generator.mapping(z, labels))),
    ):
        mean, whole = make(generator, config, ws, SEED)
        figures = asdict(likeness(config, mean, whole, x, perceptual))
        found[name] = subject.sounds(whole, labels), figures
    return found


def _space(embedder: Embedder, subject: Subject, made: dict[str, Sounds], again: dict[str, Sounds]) -> dict[str, Any]:
    """All figures in the space of one frozen network."""
    yardstick = Yardstick.of(embedder, subject.train, subject.valid, subject.config.codec.sample_rate)
    embedded = {name: yardstick.embed(sounds.samples) for name, sounds in (made | again).items()}
    hits = {
        name: {} if s.labels is None else yardstick.per_category(embedded[name], s.labels)
        for name, s in (made | again).items()
    }
    ceiling = yardstick.ceiling()
    sets: dict[str, dict[str, Any]] = {
        "floor": asdict(yardstick.floor(len(made["model"].samples))),
        "ceiling": {"hit_rate": _hit_rate(ceiling), "n": len(subject.valid)},
    }
    sets |= {name: asdict(yardstick.closeness(embedded[name])) | {"hit_rate": _hit_rate(hits[name])} for name in made}
    return {
        "sets": sets,
        "resynthesis_hit_rate": {name: _hit_rate(hits[name]) for name in again},
        "memorisation": asdict(yardstick.memorisation(embedded["model"])),
        "categories": _categories(yardstick, subject.train, hits["model"], ceiling),
    }


def _categories(
    yardstick: Yardstick, train: Clips, made: dict[str, Category], ceiling: dict[str, Category]
) -> dict[str, dict[str, Any]]:
    """The model beside real clips, category by category; None where there is nothing to measure."""
    floor = yardstick.floor_kad()
    found: dict[str, dict[str, Any]] = {}
    for name, clips in train.counts.items():
        drawn, real = made.get(name), ceiling.get(name)
        found[name] = {
            "train_clips": clips,
            "valid_clips": real.n if real else 0,
            "sounds": drawn.n if drawn else 0,
            "hit_rate": drawn.hit_rate if drawn else None,
            "hit_rate_valid": real.hit_rate if real else None,
            "kad": drawn.kad if drawn else None,
            "kad_train": floor[name],
        }
    return found


def _hit_rate(categories: dict[str, Category]) -> float | None:
    """None of sounds for which no category could be asked."""
    if not categories:
        return None
    return sum(c.hits for c in categories.values()) / sum(c.n for c in categories.values())


def _rounded(value: Any) -> Any:
    """Four figures are more than a few hundred sounds can tell."""
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    return float(f"{value:.4g}") if isinstance(value, float) else value
