"""How well latents make given recordings again: spectrum, level over time, and look."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from synth.audio.texture import noise_field
from synth.models.perceptual import Perceptual
from synth.models.stylegan2 import Generator
from synth.recipes.presets import TrainConfig

ENVELOPE_FLOOR_DB = -60.0


@dataclass(frozen=True)
class Likeness:
    """Means over clips of what made and recorded codec tensors differ by.

    spectrum_db: root mean square over bins, of the tensor that is made without texture (log-spectral distance); what
    noise there is in a recording stays in it. envelope_db: root mean square over frames of their energy, texture
    included, down to 60 dB below the loudest. lpips: see `Perceptual`.
    """

    spectrum_db: float
    envelope_db: float
    lpips: float


@torch.inference_mode()
def maps(generator: Generator, ws: Tensor, chunk: int = 16) -> tuple[Tensor, Tensor]:
    """w+ (N, num_ws, w_dim) -> mean and gate, each (N, 1, F, T)."""
    mean, gate = zip(*(generator.synthesis(part) for part in ws.split(chunk)), strict=True)
    return torch.cat(mean), torch.cat(gate)


@torch.inference_mode()
def make(generator: Generator, config: TrainConfig, ws: Tensor, seed: int, chunk: int = 16) -> tuple[Tensor, Tensor]:
    """w+ (N, num_ws, w_dim) -> codec tensors without and with their texture, each (N, 1, F, T) in [-1, 1]."""
    rng = torch.Generator(ws.device).manual_seed(seed)
    means, whole = [], []
    for part in ws.split(chunk):
        mean, gate = generator.synthesis(part)
        texture = noise_field(config.codec.stft, len(part), config.codec.frames, rng)
        means.append(mean.clamp(-1.0, 1.0))
        whole.append(generator.compose(mean, gate, texture).clamp(-1.0, 1.0))
    return torch.cat(means), torch.cat(whole)


@torch.inference_mode()
def likeness(
    config: TrainConfig, mean: Tensor, whole: Tensor, x: Tensor, perceptual: Perceptual, chunk: int = 16
) -> Likeness:
    """Of what `make` gave, beside the recordings' codec tensors x (N, 1, F, T)."""
    spectrum = (mean - x).square().mean((1, 2, 3)).sqrt() * (-config.codec.floor_db / 2.0)
    envelope = (levels(config, whole) - levels(config, x)).square().mean(1).sqrt()
    parts = zip(whole.split(chunk), x.split(chunk), strict=True)
    lpips = torch.cat([perceptual.distance(a, b) for a, b in parts])
    return Likeness(spectrum.mean().item(), envelope.mean().item(), lpips.mean().item())


def levels(config: TrainConfig, x: Tensor) -> Tensor:
    """Codec tensors (N, 1, F, T) -> energy of every frame (N, T) in dB, relative to the clip's loudest."""
    energy = config.codec.magnitude(x).square().sum(1)
    relative = energy / energy.amax(1, keepdim=True).clamp_min(1e-12)
    return (10.0 * relative.clamp_min(1e-12).log10()).clamp_min(ENVELOPE_FLOOR_DB)
