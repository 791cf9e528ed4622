"""Training that begins with a published model: to go on with it, or to teach it other categories.

What the layers of a model know of sound serves other sounds too (transfer by fine-tuning; with `freeze`, of the upper
layers alone: Mo et al. 2020, arXiv 2002.10964). Only the prior begins anew: it is arranged around where the encoder
puts the recordings, as at the end of any warm start.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from synth.checkpoint import Card, verify
from synth.errors import RunError
from synth.models.encoder import encoder_part
from synth.models.weights import read_weights
from synth.training.gan import GanLearner
from synth.training.learners import AnyLearner
from synth.training.presets import Config, config_from

# Parts of a generator that belong to the recordings it was trained on.
OF_RECORDINGS = ("mapping.", "w_avg")


def settings_of(checkpoint: Path) -> Config:
    """The settings that a checkpoint was trained under."""
    settings: dict[str, Any] = verify(checkpoint).training["settings"]
    return config_from(settings)


def begin_with(learner: AnyLearner, checkpoint: Path, categories: tuple[str, ...]) -> Card:
    """Gives a learner the weights of a checkpoint, and the place in the course of training that they are ready for.

    On the same categories that is adversarial training, with the checkpoint's discriminator where it looks through the
    same network; on others it is the last part of the warm start. Returns the checkpoint's card; raises RunError where
    sizes differ.
    """
    card = verify(checkpoint)
    if card.family != learner.config.family:
        raise RunError(f"{card.id} is a {card.family}, and this run a {learner.config.family}: leave out --preset")
    if isinstance(learner, GanLearner):
        _go_on(learner, checkpoint)
        return card
    networks, same = learner.networks, card.categories == categories
    stored = read_weights(checkpoint / "generator.safetensors")
    general = {k: v for k, v in stored.items() if not k.startswith(OF_RECORDINGS)}
    for module in (networks.generator, networks.average):
        own = {k: v for k, v in module.state_dict().items() if k.startswith(OF_RECORDINGS)}
        _load(module, own | general, checkpoint)
    _load(networks.encoder, encoder_part(read_weights(checkpoint / "encoder.safetensors")), checkpoint)
    if not same:
        learner.begin_at_reconstruction()
        return card
    discriminator = read_weights(checkpoint / "discriminator.safetensors")
    same_view = card.training["settings"].get("projector", "none") == learner.config.projector
    taken = same_view and _shapes(discriminator) == _shapes(networks.discriminator.state_dict())
    if taken:
        networks.discriminator.load_state_dict(discriminator)
    learner.skip_warm_start(card.training["images_seen"], discriminator=taken)
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
        _load(module, read_weights(checkpoint / f"{name}.safetensors"), checkpoint)


def _shapes(weights: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in weights.items()}


def _load(module: nn.Module, weights: Mapping[str, Tensor], checkpoint: Path) -> None:
    try:
        module.load_state_dict(dict(weights))
    except RuntimeError as error:
        raise RunError(f"{checkpoint} was trained with other sizes than this run: leave out --preset") from error
