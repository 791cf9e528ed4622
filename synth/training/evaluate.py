"""Scores a published model against the valid split, beside two references measured the same way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from synth.checkpoint import find, verify
from synth.errors import DataError
from synth.models.stylegan2 import Generator
from synth.training.dataset import load_clips
from synth.training.presets import TrainConfig
from synth.training.publish import refresh_metrics
from synth.training.snapshot import Scorer

# Not the seed that snapshots are scored with: the best of them was chosen on that one.
SEED = 20260


def evaluate(model: str, data: Path, yamnet: Path, count: int, *, update: bool = False) -> dict[str, Any]:
    """FAD, KAD and class hit rate of `count` sounds, of an untrained generator, and of train against valid.

    Raises CheckpointError or DataError when the model, the weights or the data cannot be used.
    """
    folder = find(model)
    card = verify(folder)
    config = TrainConfig.from_dict(card.training["settings"])
    train = load_clips(data, "train", config.codec.sample_rate, config.codec.samples)
    if train.categories != card.categories:
        raise DataError(f"{data} has other categories than {model}: name the data that it was trained on")
    scorer = Scorer.build(train, data, config, yamnet)
    assert scorer is not None
    torch.manual_seed(SEED)
    generator = Generator(config.generator).eval()
    untrained = scorer.score(generator, count, SEED)
    generator.load_state_dict({k: v.float() for k, v in load_file(folder / "generator.safetensors").items()})
    scores = scorer.score(generator, count, SEED)
    report = {
        **scores,
        "fad_train_against_valid": scorer.yardstick.floor,
        "fad_untrained": untrained["fad"],
        "hit_rate_real_valid": scorer.yardstick.ceiling,
        "hit_rate_untrained": untrained["hit_rate"],
    }
    report = {k: round(v, 4) for k, v in report.items()}
    if update:
        refresh_metrics(folder, report)
    return report
