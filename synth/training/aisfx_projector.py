"""aiSFX as an eye on codec tensors: a frozen network that knows sound effects and comes with the project.

Differentiable, and of any rate: a codec's power spectrum is read on the network's own mel bands, so bands above the
codec's highest frequency are silent, as they are in a sound that was brought to 44.1 kHz.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from synth.audio.codecs import GaussianLogSTFT
from synth.models.aisfx import HOP, LENGTH, SAMPLE_RATE, WIDTHS, AiSFX, compressed, mel_bands

# Mean square of the loudest frame of recordings of peak 1, median: a spectrogram, whose level is relative, is brought
# to about the level of the waveform.
LOUDEST = 0.1
GRID = 8  # frames that the network pools into one: where sounds begin on that grid is drawn anew at each look
CHANNELS = WIDTHS


class AiSFXProjector:
    """(codec tensors (B, 1, F, T), random state) -> the four maps (B, C, T', 48 to 12 bands), C as CHANNELS.

    frames: how many of the network's frames of 23 ms are looked at, the same random stretch of all sounds; None for
    all. A look costs in proportion.
    """

    def __init__(self, network: AiSFX, codec: GaussianLogSTFT, frames: int | None = None):
        self.network = network
        self.codec = codec
        self.frames = frames

    def __call__(self, x: Tensor, rng: torch.Generator) -> list[Tensor]:
        return self.of_magnitude(self.codec.magnitude(x), rng)

    def of_magnitude(self, magnitude: Tensor, rng: torch.Generator) -> list[Tensor]:
        """The same of linear magnitudes (B, F + 1, T) of the codec's transform, of any level and T."""
        start, whole = self._stretch(magnitude.shape[2], rng)
        return self.network.maps(self.log_mel(magnitude, start, whole))

    def log_mel(self, magnitude: Tensor, start: float, frames: int) -> Tensor:
        """(B, F + 1, T) -> (B, frames, bands), of which the first lies `start` frames of 23 ms after the sound's."""
        power = magnitude.square()
        loudest = power.sum(1).amax(1).detach().clamp_min(1e-12)[:, None, None]
        mel = self._bands.to(power) @ power @ self._smoothing(start, frames, power.shape[2]).to(power)
        return compressed(mel * (self._scale / loudest)).transpose(1, 2)

    def _stretch(self, frames: int, rng: torch.Generator) -> tuple[float, int]:
        """Where to begin, in frames of the network from the sound's first, and how many to look at."""
        whole = int(frames * self.codec.hop / self.codec.sample_rate * SAMPLE_RATE / HOP) + 1
        count = min(self.frames or whole + GRID, whole + GRID)
        draw = torch.rand((), generator=rng, device=rng.device).item()
        return draw * (whole - count + GRID) - GRID if count < whole + GRID else -draw * GRID, count

    @cached_property
    def _scale(self) -> float:
        """From power relative to a frame's sum to that of the network's transform, at LOUDEST.

        The sum over bins, times their distance in Hz, is the same in both transforms but for rate and window.
        """
        spacing = self.codec.sample_rate / self.codec.length
        return LOUDEST * SAMPLE_RATE * float(self.network.window.square().sum()) / (2.0 * spacing)

    @cached_property
    def _bands(self) -> Tensor:
        """(bands, F + 1): the network's bands of the codec's bins, between which power is interpolated."""
        own = np.fft.rfftfreq(self.codec.length, 1.0 / self.codec.sample_rate)
        wanted = np.fft.rfftfreq(LENGTH, 1.0 / SAMPLE_RATE)
        between = np.stack([np.interp(wanted, own, row, right=0.0) for row in np.eye(len(own))], axis=1)
        return torch.from_numpy(mel_bands() @ between)

    def _smoothing(self, start: float, frames: int, own: int) -> Tensor:
        """(T, frames): what the network's window sees of the codec's frames; nothing before and after the sound."""
        at = (start + torch.arange(frames)) * HOP / SAMPLE_RATE
        away = (torch.arange(own) * self.codec.hop / self.codec.sample_rate)[:, None] - at
        weights = torch.cos(torch.pi * away * SAMPLE_RATE / LENGTH).square() * (away.abs() < LENGTH / 2 / SAMPLE_RATE)
        return weights.square() * (self.codec.hop / self.codec.sample_rate * SAMPLE_RATE / LENGTH / 0.375)
