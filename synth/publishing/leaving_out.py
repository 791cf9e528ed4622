"""Clips at whose codes a generator says something else than it should: its prior leaves them out.

A generator knows some recordings better than others. What it makes at the code of each is held to the other recordings
in the spaces that it was taught through; where another category is nearer, the prior draws no more from there. Spaces
that it never looked through, and the valid split, stay out of it, so that they can judge what came of it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from synth.audio.decoder import played
from synth.models.stylegan2 import Generator
from synth.recipes.presets import TrainConfig
from synth.recordings.dataset import Clips
from synth.scoring.embedders import load_embedders, taught_through
from synth.scoring.metrics import Yardstick

KEPT = 0.5  # of each category at least, so that none loses its width
CHUNK = 16


def leave_out(generator: Generator, config: TrainConfig, clips: Clips, yamnet: Path | None) -> int:
    """Takes such clips out of the prior, in place, and returns how many; none where no network is at hand that the run
    was taught through, or where `clips`, the recordings of its training, are others by now."""
    mapping = generator.mapping
    embedders = [
        e for e in load_embedders(yamnet, config.codec.sample_rate) if e.name in taught_through(config.projector)
    ]
    if not embedders or not torch.equal(mapping.labels, clips.labels):
        return 0
    sounds, labels = _at_codes(generator, config), clips.labels.numpy()
    each = np.arange(len(sounds))
    least = np.full(len(sounds), np.inf)
    for embedder in embedders:
        yardstick = Yardstick.of(embedder, clips, clips, config.codec.sample_rate)
        least = np.minimum(least, yardstick.margins(yardstick.embed(sounds), labels, own=each))
    left = unsure(least, labels)
    mapping.leave_out(torch.from_numpy(left), torch.Generator().manual_seed(config.seed))
    generator.w_avg.copy_(mapping.centres(config.categories))
    return int(left.sum())


def unsure(margins: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Which clips (N,) have a margin below 0 and are not among the surer half of their category."""
    left = margins < 0.0
    for category in np.unique(labels):
        own = np.flatnonzero(labels == category)
        surer = own[np.argsort(-margins[own], kind="stable")]
        left[surer[: int(np.ceil(KEPT * len(own)))]] = False
    return np.asarray(left)


@torch.inference_mode()
def _at_codes(generator: Generator, config: TrainConfig) -> np.ndarray:
    """Sounds (clips, n) at all codes, as an instrument plays them."""
    sounds: list[np.ndarray] = []
    for codes in generator.mapping.codes.split(CHUNK):
        mean, gate = generator.synthesis(codes[:, None])
        sounds.extend(played(config.codec, mean, gate, first=len(sounds)))
    return np.stack(sounds)
