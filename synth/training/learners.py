"""The learner of a configuration: what its family's training steps are."""

from __future__ import annotations

from pathlib import Path

import torch

from synth.training.dataset import BatchSampler, Clips
from synth.training.gan import GanLearner
from synth.training.gan_presets import GanConfig
from synth.training.parallel import ALONE, Team
from synth.training.presets import Config
from synth.training.projectors import load_projector
from synth.training.steps import Learner

AnyLearner = Learner | GanLearner


def learner_of(
    config: Config, clips: Clips, device: torch.device, yamnet: Path | None = None, team: Team = ALONE
) -> AnyLearner:
    """A learner on these clips, at its beginning; `yamnet` as `load_projector` takes it."""
    sampler = BatchSampler(clips, device, config.balance, config.jitter, config.semitones)
    projector = load_projector(config.projector, config.codec, yamnet, device)
    if isinstance(config, GanConfig):
        return GanLearner(config, sampler, projector, device, team)
    return Learner(config, sampler, projector, device, team)
