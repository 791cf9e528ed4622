"""Training that begins with a published model: to go on with it, or to teach it other sounds.

What a network knows of spectra and envelopes serves other sounds too (transfer by fine-tuning). Codes belong to
recordings: those of the same recordings are taken along, others begin where the encoder puts them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from synth.checkpoint.store import Card, verify
from synth.errors import RunError
from synth.models.encoder import encoder_part
from synth.models.weights import read_weights
from synth.recipes.presets import Config, config_from
from synth.training.learners import AnyLearner
from synth.training.plain_learner import GanLearner

LINES = "synthesis."  # weights of a generator that know of sound, not of recordings


def settings_of(checkpoint: Path) -> Config:
    """The settings that a checkpoint was trained under."""
    settings: dict[str, Any] = verify(checkpoint).training["settings"]
    return config_from(settings)


def begin_with(learner: AnyLearner, checkpoint: Path, categories: tuple[str, ...]) -> Card:
    """Gives a learner the weights of a checkpoint, and the place in the course of training that they are ready for.

    On the same recordings that is the phase of statistics, on others its beginning. Returns the checkpoint's card;
    raises RunError where sizes differ.
    """
    card = verify(checkpoint)
    if card.family != learner.config.family:
        raise RunError(f"{card.id} is a {card.family}, and this run a {learner.config.family}: leave out --preset")
    if isinstance(learner, GanLearner):
        _go_on(learner, checkpoint)
        return card
    stored = read_weights(checkpoint / "generator.safetensors")
    lines = {k.removeprefix(LINES): v for k, v in stored.items() if k.startswith(LINES)}
    for generator in (learner.networks.generator, learner.networks.average):
        _load(generator.synthesis, lines, checkpoint)
    encoder = encoder_part(read_weights(checkpoint / "encoder.safetensors"))
    _load(learner.networks.encoder, encoder, checkpoint)
    if learner.take_codes(stored["mapping.codes"] if card.categories == categories else None):
        learner.go_on(card.training["images_seen"])
    return card


def _go_on(learner: GanLearner, checkpoint: Path) -> None:
    """A plain GAN goes on with both of its players. Of other categories it learns from where it stands: all of its
    layers know them but the few weights that stand for a category, which begin with those of another."""
    networks = learner.networks
    for module, name in (
        (networks.generator, "generator"),
        (networks.average, "generator"),
        (networks.discriminator, "discriminator"),
    ):
        stored = read_weights(checkpoint / f"{name}.safetensors")
        # Models published before 0.2 hold a head that told categories apart, which nothing asks any more.
        _load(module, {k: v for k, v in stored.items() if not k.startswith("classifier.")}, checkpoint)


def _load(module: nn.Module, weights: Mapping[str, Tensor], checkpoint: Path) -> None:
    try:
        module.load_state_dict(dict(weights))
    except RuntimeError as error:
        raise RunError(f"{checkpoint} was trained with other sizes than this run: leave out --preset") from error
