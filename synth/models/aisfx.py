"""aiSFX: a network that has learnt to name the sounds of effects libraries (Ma & Lerch, ISMIR 2022), frozen.

A CNN of nine layers (Kong et al. 2018, arXiv 1808.00773) on log-mel spectrograms of 44.1 kHz, so it hears above 8 kHz.
Its weights come with the project (CC BY 4.0), with batch norm folded into the convolutions.
"""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from synth.models.shipped import read_shipped

FILE = Path("perceptual") / "aisfx.safetensors"
SHA256 = "b03786d5c6b778394f7652f990e256ecc21718f146fe96a883f0de31a390a29e"

SAMPLE_RATE = 44100
LENGTH, HOP, BANDS = 2048, 1024, 96
BLOCK = 100  # frames that the network was shown at a time
LOUDEST = 9.457798957824707  # of the log-mel values that it has learnt from, which become 1
GAIN = 1e4  # of power before the logarithm
WIDTHS = (64, 128, 256, 512)  # channels of each pair of convolutions


def mel(hertz: np.ndarray) -> np.ndarray:
    """HTK's mel scale."""
    return np.asarray(2595.0 * np.log10(1.0 + hertz / 700.0))


def mel_bands() -> np.ndarray:
    """(BANDS, LENGTH // 2 + 1) of a power spectrum: triangles over mel, not over hertz, each of sum 1."""
    edges = np.linspace(0.0, mel(np.array(SAMPLE_RATE / 2)), BANDS + 2)[:, None]
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    bins = mel(np.fft.rfftfreq(LENGTH, 1.0 / SAMPLE_RATE))
    triangles = np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre)).clip(0.0)
    return np.asarray(triangles / triangles.sum(1, keepdims=True))


def compressed(power: Tensor) -> Tensor:
    """Mel power of samples of peak 1 -> what the network looks at, about 0 to 1."""
    return torch.log10(GAIN * power + 1.0) / LOUDEST


def shapes() -> dict[str, tuple[int, ...]]:
    """The tensors of the file: kernels w1..w8 and biases b1..b8."""
    found: dict[str, tuple[int, ...]] = {}
    for i, (before, after) in enumerate(pairwise((1, *WIDTHS))):
        for layer, channels in ((2 * i + 1, before), (2 * i + 2, after)):
            found |= {f"w{layer}": (after, channels, 3, 3), f"b{layer}": (after,)}
    return found


class AiSFX(nn.Module):
    """Samples (B, n) of peak 1 at 44.1 kHz -> embeddings (B, P, 512). Differentiable."""

    bands: Tensor
    window: Tensor

    def __init__(self, tensors: dict[str, Tensor]):
        super().__init__()
        layers = range(1, 2 * len(WIDTHS) + 1)
        self.kernels = nn.ParameterList(nn.Parameter(tensors[f"w{i}"].float(), False) for i in layers)
        self.biases = nn.ParameterList(nn.Parameter(tensors[f"b{i}"].float(), False) for i in layers)
        self.register_buffer("bands", torch.from_numpy(mel_bands()).float())
        self.register_buffer("window", torch.hann_window(LENGTH, periodic=False))

    @classmethod
    def load(cls, path: Path | None = None) -> AiSFX:
        """From `path`, else the shipped weights; raises CheckpointError where they are missing or damaged."""
        return cls(read_shipped(FILE, SHA256, path)).eval()

    def log_mel(self, x: Tensor) -> Tensor:
        """(B, n) -> (B, 1 + ceil(n / HOP), BANDS); frame t is centred on sample t * HOP."""
        frames = 1 + math.ceil(x.shape[-1] / HOP)
        padded = F.pad(x, (LENGTH // 2, frames * HOP - x.shape[-1]))
        spectrum = torch.fft.rfft(padded.unfold(-1, LENGTH, HOP) * self.window)
        return compressed((spectrum.real.square() + spectrum.imag.square()) @ self.bands.t())

    def maps(self, mel: Tensor) -> list[Tensor]:
        """Log-mel (N, T, BANDS) -> the maps (N, C, T', BANDS') of the four pairs of convolutions, C as WIDTHS.

        All but the last are halved both ways.
        """
        found: list[Tensor] = []
        h = mel.unsqueeze(1)
        for i, (kernel, bias) in enumerate(zip(self.kernels, self.biases, strict=True)):
            h = F.conv2d(h, kernel, bias, padding=1).relu()
            if i % 2:
                h = F.max_pool2d(h, 2) if i + 1 < len(self.kernels) else h
                found.append(h)
        return found

    def features(self, mel: Tensor) -> Tensor:
        """Log-mel (N, T, BANDS) -> (N, 512): the mean over frequency, the maximum over time."""
        return self.maps(mel)[-1].mean(3).amax(2)

    def embed(self, x: Tensor) -> Tensor:
        """(B, n) -> (B, P, 512) of as many blocks of 100 frames as cover the sound, spread evenly.

        A sound shorter than a block is padded with silence.
        """
        mel = self.log_mel(x)
        mel = F.pad(mel, (0, 0, 0, max(BLOCK - mel.shape[1], 0)))
        last = mel.shape[1] - BLOCK
        count = math.ceil(last / BLOCK) + 1
        starts = [round(i * last / max(count - 1, 1)) for i in range(count)]
        blocks = torch.stack([mel[:, s : s + BLOCK] for s in starts], dim=1)
        return self.features(blocks.flatten(0, 1)).view(len(x), count, -1)
