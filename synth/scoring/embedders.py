"""Frozen networks in whose embedding spaces sounds are compared.

aiSFX, which knows sound effects, and AlexNet, which knows pictures, come with the project, so everyone can score
offline; YAMNet, which knows sound of every kind, is a file that the user names. Distances in one space say nothing of
distances in another, so each figure carries the name of its space.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from synth.audio.codecs import LogMel
from synth.models import aisfx
from synth.models.aisfx import AiSFX
from synth.models.perceptual import Perceptual
from synth.models.yamnet import YAMNet

SAMPLE_RATE = 16000
WIDE_RATE = 44100  # at which AlexNet looks at sounds that have more than YAMNet could hear
# Names of spaces by those of the projectors that a run learns through.
SPACES = {"yamnet": "YAMNet", "aisfx": "aiSFX", "alexnet": "AlexNet"}


class Embedder(Protocol):
    """Samples (B, n) at `sample_rate` Hz -> embeddings (B, P, D), one for each of P overlapping stretches of time."""

    name: str
    sample_rate: int

    def __call__(self, samples: Tensor) -> Tensor: ...


class AlexNetEmbedder:
    """The five ReLU layers of LPIPS's AlexNet, averaged over each picture of a second of sound: D = 1152.

    A picture is 128 mel bands (0 to half the rate; Hann window of 64 ms at 16 kHz, 46 at 44.1) by 128 frames of 8 ms,
    in dB from the sound's loudest bin down to 60 below it, as [-1, 1]; the next begins half a picture later. Layers are
    left at their own scale: brought to one, as LPIPS compares them, they tell categories apart less well (one-shots:
    .63 of real valid clips, not .68).
    """

    bands, frames, floor_db = 128, 128, -60.0

    def __init__(self, perceptual: Perceptual, sample_rate: int = SAMPLE_RATE):
        self.name = "AlexNet" if sample_rate == SAMPLE_RATE else f"AlexNet-{sample_rate / 1000:g}k"
        self.sample_rate = sample_rate
        self.length, self.hop = 1024 * (sample_rate // SAMPLE_RATE), round(0.008 * sample_rate)
        self.perceptual = perceptual
        self.mel = LogMel(self.sample_rate, self.length, self.hop, mels=self.bands)

    def __call__(self, samples: Tensor) -> Tensor:
        pictures = self.pictures(samples)
        b, p = pictures.shape[:2]
        maps = self.perceptual.of_pictures(pictures.flatten(0, 1).unsqueeze(1).expand(-1, 3, -1, -1))
        return torch.cat([m.mean((2, 3)) for m in maps], dim=1).view(b, p, -1)

    def pictures(self, samples: Tensor) -> Tensor:
        """(B, n) -> (B, P, 128, 128) in [-1, 1]; shorter sounds are padded with silence to one picture."""
        samples = F.pad(samples, (0, max(self.frames * self.hop - samples.shape[-1], 0)))
        mel = self.mel.bands.to(samples.device) @ self.mel.stft.forward(samples).abs()
        relative = mel / mel.amax(dim=(1, 2), keepdim=True).clamp_min(1e-9)
        db = 20.0 * torch.log10(relative.clamp_min(10.0 ** (self.floor_db / 20.0)))
        return (1.0 - 2.0 * db / self.floor_db).unfold(2, self.frames, self.frames // 2).transpose(1, 2)


class YAMNetEmbedder:
    """YAMNet's 1024 averages of each patch of 0.96 s, every 0.48 s."""

    name = "YAMNet"
    sample_rate = SAMPLE_RATE

    def __init__(self, yamnet: YAMNet):
        self.yamnet = yamnet

    def __call__(self, samples: Tensor) -> Tensor:
        return self.yamnet.embed(samples)


class AiSFXEmbedder:
    """aiSFX's 512 features of each block of 2.3 s, as many blocks as cover the sound."""

    name = "aiSFX"
    sample_rate = aisfx.SAMPLE_RATE

    def __init__(self, network: AiSFX):
        self.network = network

    def __call__(self, samples: Tensor) -> Tensor:
        return self.network.embed(samples)


def load_embedder(yamnet: Path | None = None) -> Embedder:
    """YAMNet from a file of weights, or AlexNet where none is named.

    Raises CheckpointError when the weights are missing or damaged.
    """
    if yamnet is None:
        return AlexNetEmbedder(Perceptual.load())
    return YAMNetEmbedder(YAMNet.load(yamnet))


def load_embedders(yamnet: Path | None, sample_rate: int) -> list[Embedder]:
    """Every network at hand, those that know sound first; `sample_rate`: of the sounds that are to be compared.

    Raises CheckpointError when weights are missing or damaged.
    """
    rate = WIDE_RATE if sample_rate >= WIDE_RATE else SAMPLE_RATE
    named: list[Embedder] = [] if yamnet is None else [YAMNetEmbedder(YAMNet.load(yamnet))]
    return [*named, AiSFXEmbedder(AiSFX.load()), AlexNetEmbedder(Perceptual.load(), rate)]


def taught_through(projector: str) -> tuple[str, ...]:
    """Spaces that a run with this projector learns in, "a+b" for several: figures there flatter its model."""
    return tuple(SPACES[name] for name in projector.split("+") if name in SPACES)
