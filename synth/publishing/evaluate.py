"""Scores a published model against the valid split, beside references measured the same way.

The references are training clips (the floor of every distance), the valid clips themselves (the ceiling of the hit
rate), the same after codec and decoder (what no generator on this codec can beat), and a generator that was never
trained. All sounds are what the decoder plays by default.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from synth.audio.decoder import played
from synth.checkpoint.families import CATEGORY, can
from synth.checkpoint.store import find, verify
from synth.errors import CheckpointError, DataError
from synth.latents.inversion import encode
from synth.models.encoder import Inverter
from synth.models.perceptual import Perceptual
from synth.models.registry import FAMILIES
from synth.models.stylegan2 import Generator
from synth.models.weights import read_weights
from synth.publishing.publish import refresh_metrics
from synth.recipes.gan_presets import GanConfig
from synth.recipes.presets import Config, config_from
from synth.recordings.dataset import Clips, load_clips
from synth.scoring.band import has_top, top
from synth.scoring.embedders import Embedder, load_embedders, taught_through
from synth.scoring.metrics import Category, Yardstick, worst
from synth.scoring.places import at_clips, between_clips
from synth.scoring.profiles import Profiles, profile_copies
from synth.scoring.reconstruction import likeness, make, maps
from synth.training.snapshot import as_frequent, play, to_sounds

# Not the seed that snapshots are scored with: the best of them was chosen on that one.
SEED = 20260
# Sounds of an untrained generator at most: it is so far off that few tell.
UNTRAINED = 64
# Sounds at clips, and as many between them, at most.
APART = 256
# Sets of sounds that should be none of the training clips again.
INVENTED = ("model", "between")


@dataclass(frozen=True)
class Sounds:
    """Samples (N, n) and the category that each was asked for, (N,), None where none could be; own: the training clip
    that each is to be again (N,), None where they are to be new."""

    samples: np.ndarray
    labels: np.ndarray | None
    own: np.ndarray | None = None


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
        """Codec tensors, of which no maps are known, by the default for such."""
        samples = to_sounds(self.config, tensors, method="pghi+gl")
        return Sounds(samples, None if labels is None else labels.numpy())

    def apart(self, count: int) -> dict[str, Sounds]:
        """`count` sounds at the codes of training clips and as many half way between, where the prior is made of them.

        Categories are as frequent as in the valid split.
        """
        if isinstance(self.config, GanConfig):
            return {}
        generator, rng = cast("Generator", self.generator), torch.Generator().manual_seed(SEED)
        if not torch.equal(generator.mapping.labels, self.train.labels):
            return {}
        labels = as_frequent(self.valid.labels, count)
        found = {}
        for name, places in (
            ("between", between_clips(generator.mapping, labels, rng)),
            ("at", at_clips(generator.mapping, labels, rng)),
        ):
            samples = played(self.config.codec, *maps(generator, generator.broadcast(places.w)))
            sounds = Sounds(samples, labels.numpy())
            found[name] = replace(sounds, own=places.clips.numpy()) if name == "at" else sounds
        return found

    def drawn(self, generator: nn.Module, count: int) -> Sounds:
        """`count` sounds, categories as frequent as in the valid split."""
        labels = as_frequent(self.valid.labels, count)
        asked = labels if can(self.config.family, CATEGORY) else None
        return Sounds(play(generator, self.config, labels, SEED), None if asked is None else asked.numpy())


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
    shape = (config.generator.bins, config.generator.frames)
    return Inverter.build(read_weights(path), shape, config.generator.num_ws).eval()


def evaluate(
    model: str, data: Path, count: int = 512, yamnet: Path | None = None, *, update: bool = False, quick: bool = False
) -> dict[str, Any]:
    """Figures of `count` sounds in the spaces of aiSFX and AlexNet, and of YAMNet where its weights are named.

    Spaces that are new to the model, as it did not learn through them, come first. `quick` leaves out all but the model
    and its references. `update` writes the figures into the model's card. Raises CheckpointError or DataError when the
    model, the weights or the data cannot be used.
    """
    if count < 2:
        raise DataError(f"distances are between sets: draw at least 2 sounds, not {count}")
    if quick and update:
        raise DataError("a card has all figures: leave out --quick, or --update-card")
    folder = find(model)
    subject = Subject.load(folder, data)
    rate = subject.config.codec.sample_rate
    seen = taught_through(subject.config.projector)
    embedders = sorted(load_embedders(yamnet, rate), key=lambda e: e.name in seen)
    tensors = subject.config.codec.encode(subject.valid.waveforms())
    made = {"model": subject.drawn(subject.generator, count)}
    if not quick:
        made |= subject.apart(min(count, APART))
        made["codec"] = subject.sounds(tensors, subject.valid.labels)
        made["untrained"] = subject.drawn(_untrained(subject.config), min(count, UNTRAINED))
    again = {} if quick else _again(subject, tensors)
    report: dict[str, Any] = {
        "model": model,
        "data": data.name,
        "sounds": count,
        "valid_clips": len(subject.valid),
        "telling": embedders[0].name,
        "spaces": {
            e.name: {"new": e.name not in seen} | _space(e, subject, made, {k: s for k, (s, _) in again.items()})
            for e in embedders
        },
        "profiles": _profiles(subject, made),
    }
    if has_top(rate):
        report["top"] = top(made["model"].samples, subject.valid.waveforms().numpy(), rate)
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
    generator, labels, perceptual = cast("Generator", subject.generator), subject.valid.labels, Perceptual.load()
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
        name: {} if s.labels is None else yardstick.per_category(embedded[name], s.labels, s.own)
        for name, s in (made | again).items()
    }
    ceiling = yardstick.ceiling()
    sets: dict[str, dict[str, Any]] = {
        "floor": asdict(yardstick.floor(len(made["model"].samples))),
        "ceiling": {"hit_rate": _hit_rate(ceiling), "n": len(subject.valid)},
    }
    for name in made:
        sets[name] = asdict(yardstick.closeness(embedded[name])) | {"hit_rate": _hit_rate(hits[name])}
        if name in INVENTED:
            sets[name]["copies"] = yardstick.memorisation(embedded[name]).copies
    return {
        "sets": sets,
        "resynthesis_hit_rate": {name: _hit_rate(hits[name]) for name in again},
        "memorisation": asdict(yardstick.memorisation(embedded["model"])),
        "worst": _worst(hits["model"], ceiling),
        "categories": _categories(yardstick, subject.train, hits["model"], ceiling),
    }


def _profiles(subject: Subject, made: dict[str, Sounds]) -> dict[str, Any]:
    """How many sounds are copies by their spectra and envelopes."""
    profiles = Profiles(subject.config.codec.sample_rate)
    yardstick = Yardstick.of(profiles, subject.train, subject.valid, subject.config.codec.sample_rate)
    found = {
        name: profile_copies(yardstick.embed(made[name].samples), yardstick.valid, yardstick.train, profiles.bins)
        for name in INVENTED
        if name in made
    }
    return asdict(found["model"]) | {f"copies_{name}": of.copies for name, of in found.items() if name != "model"}


def _worst(made: dict[str, Category], ceiling: dict[str, Category]) -> dict[str, Any] | None:
    """The category that comes out worst, beside its real clips; None where no category has sounds enough to tell."""
    name = worst(made, ceiling)
    if name is None:
        return None
    drawn, real = made[name], ceiling[name]
    figures = {"hit_rate": drawn.hit_rate, "sounds": drawn.n, "hit_rate_valid": real.hit_rate, "valid_clips": real.n}
    return {"category": name} | figures


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
