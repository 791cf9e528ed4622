"""The learner of a configuration: what its family's training steps are."""

from __future__ import annotations

from pathlib import Path

import torch

from synth.recipes.gan_presets import GanConfig
from synth.recipes.presets import Config
from synth.recordings.dataset import BatchSampler, Clips
from synth.training.parallel import ALONE, Team
from synth.training.plain_learner import GanLearner
from synth.training.projectors import load_eyes, load_projector
from synth.training.style_learner import Learner

AnyLearner = Learner | GanLearner


def learner_of(
    config: Config, clips: Clips, device: torch.device, yamnet: Path | None = None, team: Team = ALONE
) -> AnyLearner:
    """A learner on these clips, at its beginning; `yamnet` as `load_projector` takes it."""
    if isinstance(config, GanConfig):
        projector = load_projector(config.projector, config.codec, yamnet, device)
        sampler = BatchSampler(clips, device, config.balance, config.jitter, config.semitones)
        return GanLearner(config, sampler, projector, device, team)
    eyes = load_eyes(config.projector, config.codec, yamnet, device)
    return Learner(config, BatchSampler(clips, device, config.balance), eyes, device, team)
