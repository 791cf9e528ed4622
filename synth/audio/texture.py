"""Noise that looks like noise in a log-magnitude spectrogram."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from synth.audio.stft import STFT

# 10 log10 of an exponential variable (the power of one bin of white noise): its mean and standard deviation in dB.
MEAN_DB = -10.0 / math.log(10.0) * 0.5772156649
STD_DB = 10.0 / math.log(10.0) * math.pi / math.sqrt(6.0)


def noise_field(stft: STFT, count: int, frames: int, generator: torch.Generator) -> Tensor:
    """Log magnitude of white noise, centred, unit variance: (count, 1, F - 1, frames) on the generator's device.

    A bin of white noise has an exponentially distributed power, so its level has a spread of 5.57 dB and a long tail
    towards silence, and neighbouring bins and frames are correlated by the window: what a listener takes for hiss.
    The tail is cut at 4.5 deviations (about one bin in 10^3 lies there and none is audible).
    """
    n = frames * stft.hop
    device = generator.device
    # Noise beyond both ends keeps the first and last frames as loud as the others.
    margin = stft.length
    white = torch.randn(count, n + 2 * margin, generator=generator, device=device)
    skip = margin // stft.hop
    power = stft.forward(white)[:, :-1, skip : skip + frames].abs().square()
    db = 10.0 * torch.log10(power / stft.taps(device).square().sum() + 1e-12)
    return ((db - MEAN_DB) / STD_DB).clamp_min(-4.5).unsqueeze(1)


def white_bins(stft: STFT, frames: int, seed: int, circular: bool = False) -> Tensor:
    """STFT of white noise, complex64 (frames, F), frames first, of power 1 on average; the same for the same seed.

    (Samples are uniformly distributed: a bin adds so many that its own distribution is Gaussian all the same, and they
    are drawn in a fifth of the time.)
    """
    n = frames * stft.hop
    white = np.random.Generator(np.random.SFC64(seed)).random(n if circular else n + stft.length, dtype=np.float32)
    white -= np.float32(0.5)
    taps = stft.taps()
    taps = taps * (12.0 / taps.square().sum()).sqrt()
    line = np.concatenate([white, white[: stft.length]]) if circular else white
    found: Tensor = torch.fft.rfft(torch.from_numpy(line).unfold(0, stft.length, stft.hop)[:frames] * taps)
    return found
