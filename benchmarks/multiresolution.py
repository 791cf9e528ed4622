"""How far two sounds are apart under several windows at once, long and short: the multi-resolution STFT error."""

from __future__ import annotations

import torch
from torch import Tensor

from synth.audio.stft import STFT

# Window lengths and hops in samples, as Yamamoto et al. 2020 (arXiv 1910.11480, table 1) have them, at a hop of half.
RESOLUTIONS = (STFT("hann", 240, 60), STFT("hann", 600, 150), STFT("hann", 1200, 300))
FLOOR_DB = -80.0  # below the loudest bin of the recording: what is under it nobody hears


def multiresolution_error(made: Tensor, recorded: Tensor) -> float:
    """Of samples (n,) beside those they should be, (n,): the mean over windows of the spectral convergence and of the
    mean distance of log magnitudes (Yamamoto et al. 2020, eq. 3 to 6). 0 is the same up to phase.

    `made` is brought to the energy of `recorded` first: level is the patch's, not the latent's.
    """
    made = made * (recorded.square().sum() / made.square().sum().clamp_min(1e-12)).sqrt()
    return float(torch.stack([_error(made, recorded, stft) for stft in RESOLUTIONS]).mean())


def _error(made: Tensor, recorded: Tensor, stft: STFT) -> Tensor:
    ours, theirs = stft.forward(made).abs(), stft.forward(recorded).abs()
    convergence = (theirs - ours).square().sum().sqrt() / theirs.square().sum().sqrt().clamp_min(1e-12)
    floor = float(theirs.max()) * 10.0 ** (FLOOR_DB / 20.0) + 1e-12
    return convergence + (theirs.clamp_min(floor).log() - ours.clamp_min(floor).log()).abs().mean()
