"""Frozen networks through which a discriminator looks at codec tensors (Sauer et al. 2021, arXiv 2111.01007).

A discriminator that starts from features of sound needs far fewer images than one that starts from pixels. Used while
training only: a published model plays without them. Both projectors are differentiable in their input.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from synth.audio.codecs import Codec, GaussianLogSTFT
from synth.errors import RunError
from synth.models.aisfx import AiSFX
from synth.models.yamnet import FFT, HOP, PATCH, YAMNet
from synth.training import aisfx_projector

SAMPLE_RATE = 16000
# Median over recordings at full scale of the largest root of a frame's summed power: brings a spectrogram, whose level
# is relative, to about the level that the waveform would have at full scale.
FULL_SCALE = 65.0
WINDOWS = (0.02, 0.05)  # s: of YAMNet's own, 25 ms, about
LEAST = 1e-3  # what YAMNet adds to a magnitude before it takes the logarithm
LOOK = 64  # frames of aiSFX, 1.5 s: it takes four times as long as YAMNet for the whole of a sound of 4 s
WARP = 0.03  # by which all frequencies are raised or lowered at most: half a mel band at 3 kHz


# Bins and frames of a cell of the tensor itself, which a discriminator sees beside the maps of a frozen network: these
# cannot tell lines finer than a mel band, and a generator left unwatched there draws the grid of its own resampling.
CELL = 8

# Channels of the maps of each projector, which the heads of a discriminator are built for.
CHANNELS = {
    "none": (1,),
    "yamnet": (128, 256, 512, 1024),
    "aisfx": aisfx_projector.CHANNELS,
    "alexnet": (64, 192, 384, 256, 256),
}


class Projector(Protocol):
    """(codec tensors (B, 1, F, T), random state) -> maps (B, C_i, H_i, W_i), fine to coarse."""

    def __call__(self, x: Tensor, rng: torch.Generator) -> list[Tensor]: ...


class Identity:
    """No frozen network: the discriminator sees the tensor itself."""

    def __call__(self, x: Tensor, rng: torch.Generator) -> list[Tensor]:
        return [x]


class YAMNetProjector:
    """Inner maps of YAMNet on patches of 0.96 s, as many as fill the sound, laid side by side along time.

    Where they begin, and how far all frequencies are raised or lowered, is drawn anew at each look, the same for all
    sounds: at edges that stay where they are the generator learns to put what a patch's padding hides, and every sound
    ticks there; at the bin where a band that stays hears best it learns to put a line.

    Bins of another window or rate are brought to those that YAMNet's mel bands are defined on; what lies above 8 kHz it
    does not hear. Raises RunError for a codec of a lower rate, or of a window that is far longer or shorter than its.
    """

    taps = (7, 11, 23, 27)

    def __init__(self, yamnet: YAMNet, codec: GaussianLogSTFT):
        if not _fits_yamnet(codec):
            least, most = (1000 * seconds for seconds in WINDOWS)
            told = f"YAMNet hears {SAMPLE_RATE} Hz or more in windows of {least:g} to {most:g} ms"
            raise RunError(f"{told}: set projector=alexnet for this codec")
        self.yamnet = yamnet
        self.codec = codec
        self.rate = codec.hop / codec.sample_rate * SAMPLE_RATE / HOP
        self.spacing = SAMPLE_RATE / FFT * codec.length / codec.sample_rate  # of YAMNet's bins, in bins of the codec

    def __call__(self, x: Tensor, rng: torch.Generator) -> list[Tensor]:
        warp = 1.0 + WARP * (2.0 * torch.rand((), generator=rng, device=rng.device).item() - 1.0)
        patches = self._patches(self._log_mel(x, warp), rng)
        b, p = patches.shape[:2]
        maps = self.yamnet.maps(patches.reshape(b * p, *patches.shape[2:]), self.taps)
        # Time runs down a patch: patches of a sound are joined end to end.
        return [m.view(b, p, *m.shape[1:]).transpose(1, 2).reshape(b, m.shape[1], -1, m.shape[3]) for m in maps]

    def _log_mel(self, x: Tensor, warp: float = 1.0) -> Tensor:
        """(B, 1, F, T), all frequencies divided by `warp` -> (B, frames at YAMNet's hop, 64)."""
        magnitude = self.codec.magnitude(x)
        heard = magnitude[:, : math.ceil(FFT // 2 * self.spacing) + 1]
        loudest = (heard.square().sum(1).amax(1) / self.spacing).sqrt().detach()
        mel = self._bands(warp, magnitude.shape[1]) @ magnitude
        mel = mel * (FULL_SCALE / loudest.clamp_min(1e-6))[:, None, None]
        frames = max(round(x.shape[3] * self.rate), PATCH)
        return torch.log(F.interpolate(mel, size=frames, mode="linear") + LEAST).transpose(1, 2)

    def _bands(self, warp: float, bins: int) -> Tensor:
        """YAMNet's mel bands (64, bins) of the codec's bins, between which magnitudes go evenly."""
        count = FFT // 2 + 1
        places = torch.arange(count, device=self.yamnet.mel.device) * (self.spacing * warp)
        below = places.long().clamp_max(bins - 2)
        share = (places - below).clamp_max(1.0)
        between = torch.zeros(count, bins, device=places.device)
        between.scatter_(1, below[:, None], (1.0 - share)[:, None])
        between.scatter_(1, below[:, None] + 1, share[:, None])
        return self.yamnet.mel @ between

    def _patches(self, mel: Tensor, rng: torch.Generator) -> Tensor:
        """(B, frames, 64) -> (B, P, 96, 64); half a patch of silence at either end lets edges be seen whole."""
        count, frames = mel.shape[1] // PATCH, mel.shape[1]
        mel = F.pad(mel, (0, 0, PATCH // 2, PATCH // 2), value=math.log(LEAST))
        starts = torch.randint(frames + 1, (count,), generator=rng, device=rng.device).tolist()
        return torch.stack([mel[:, s : s + PATCH] for s in starts], dim=1)


class AlexNetProjector:
    """Maps of the AlexNet trunk of LPIPS on the tensor as a picture."""

    def __init__(self, features: Callable[[Tensor], list[Tensor]]):
        self.features = features

    def __call__(self, x: Tensor, rng: torch.Generator) -> list[Tensor]:
        return self.features(x)


def preferred(codec: GaussianLogSTFT, yamnet: Path | None) -> str:
    """The projectors that teach best of those at hand, in turn: aiSFX, and YAMNet where its file is named."""
    return "yamnet+aisfx" if yamnet is not None and _fits_yamnet(codec) else "alexnet+aisfx"


def _fits_yamnet(codec: GaussianLogSTFT) -> bool:
    return codec.sample_rate >= SAMPLE_RATE and WINDOWS[0] <= codec.length / codec.sample_rate <= WINDOWS[1]


def load_eyes(names: str, codec: Codec, yamnet: Path | None, device: torch.device) -> list[Projector]:
    """The projectors of "a+b", one each, as `load_projector` takes and refuses them."""
    return [load_projector(name, codec, yamnet, device) for name in names.split("+")]


def load_projector(name: str, codec: Codec, yamnet: Path | None, device: torch.device) -> Projector:
    """The projector a run asks for: "none", "yamnet" (a file of weights), "aisfx" or "alexnet" (both shipped).

    Raises RunError for an unknown name or where YAMNet is asked for and no file is named.
    """
    if name == "none":
        return Identity()
    if name == "yamnet":
        if yamnet is None:
            raise RunError("this run's discriminator looks through YAMNet: add --yamnet FILE, or set projector=alexnet")
        if not isinstance(codec, GaussianLogSTFT):
            raise RunError("YAMNet looks at GaussianLogSTFT tensors: set projector=alexnet for this codec")
        return YAMNetProjector(YAMNet.load(yamnet).to(device), codec)
    if name == "aisfx":
        if not isinstance(codec, GaussianLogSTFT):
            raise RunError("aiSFX looks at GaussianLogSTFT tensors: set projector=alexnet for this codec")
        return aisfx_projector.AiSFXProjector(AiSFX.load().to(device), codec, frames=LOOK)
    if name == "alexnet":
        from synth.models.perceptual import Perceptual

        return AlexNetProjector(Perceptual.load().to(device).features)
    raise RunError(f"unknown projector {name!r}: use none, yamnet, aisfx or alexnet")
