"""Training that begins with a published model: to go on with it, or to teach it other categories.

What the layers of a model know of sound serves other sounds too (transfer by fine-tuning; with `freeze`, of the upper
layers alone: Mo et al. 2020, arXiv 2002.10964). Only the mapping's categories begin anew: they are brought to where the
encoder puts the new recordings, as at the end of any warm start.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from synth.checkpoint import Card, verify
from synth.errors import RunError
from synth.models.encoder import encoder_part
from synth.training.presets import TrainConfig
from synth.training.steps import Learner

# Of each category; new ones begin as the mean of the old.
BY_CATEGORY = ("mapping.embed.weight", "w_avg")


def settings_of(checkpoint: Path) -> TrainConfig:
    """The settings that a checkpoint was trained under."""
    settings: dict[str, Any] = verify(checkpoint).training["settings"]
    return TrainConfig.from_dict(settings)


def begin_with(learner: Learner, checkpoint: Path, categories: tuple[str, ...]) -> Card:
    """Gives a learner the weights of a checkpoint, and the place in the course of training that they are ready for.

    On the same categories that is adversarial training, with the checkpoint's discriminator where it looks through the
    same network; on others it is the last part of the warm start. Returns the checkpoint's card; raises RunError where
    sizes differ.
    """
    card = verify(checkpoint)
    networks, same = learner.networks, card.categories == categories
    generator = _read(checkpoint, "generator")
    if not same:
        generator |= {k: _mean_row(generator[k], len(categories)) for k in BY_CATEGORY}
    for module in (networks.generator, networks.average):
        _load(module, generator, checkpoint)
    _load(networks.encoder, encoder_part(_read(checkpoint, "encoder")), checkpoint)
    if not same:
        learner.begin_at_reconstruction()
        return card
    same_view = card.training["settings"].get("projector", "none") == learner.config.projector
    if same_view:
        _load(networks.discriminator, _read(checkpoint, "discriminator"), checkpoint)
    learner.skip_warm_start(card.training["images_seen"], discriminator=same_view)
    return card


def _read(checkpoint: Path, name: str) -> dict[str, Tensor]:
    return {k: v.float() for k, v in load_file(checkpoint / f"{name}.safetensors").items()}


def _load(module: nn.Module, weights: Mapping[str, Tensor], checkpoint: Path) -> None:
    try:
        module.load_state_dict(dict(weights))
    except RuntimeError as error:
        raise RunError(f"{checkpoint} was trained with other sizes than this run: leave out --preset") from error


def _mean_row(rows: Tensor, count: int) -> Tensor:
    """(old, D) -> (count, D), with a little noise: equal rows would be equal categories for as long as they train."""
    noise = torch.randn(count, rows.shape[1], generator=torch.Generator().manual_seed(0))
    return rows.mean(0) + 0.1 * rows.std() * noise
