"""What a sound is like, as a direction of 512 numbers: aiSFX's features (synth/models/aisfx.py), whose weights come
with the project."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch

from synth.models.aisfx import SAMPLE_RATE, AiSFX
from synth.sound.sound import Sound

LONGEST = 12.0  # s of a sound that are listened to


@lru_cache(1)
def _network() -> AiSFX:
    return AiSFX.load()


def direction(sound: Sound) -> np.ndarray:
    """Unit vector (512,) float32 of a sound, the mean over its blocks of 2.3 s; how loud it is makes no difference.

    Raises CheckpointError where the weights are missing or damaged.
    """
    samples = sound.mono().resampled(SAMPLE_RATE).samples[0][: round(LONGEST * SAMPLE_RATE)]
    with torch.inference_mode():
        peaked = torch.from_numpy(np.ascontiguousarray(samples / max(float(np.abs(samples).max()), 1e-9)))
        found: np.ndarray = _network().embed(peaked[None])[0].mean(0).numpy()
    return found / max(float(np.linalg.norm(found)), 1e-9)
