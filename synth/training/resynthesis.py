"""How well an encoder's w+ makes unheard recordings again: spectrogram, envelope, look and category."""

from __future__ import annotations

import torch
from torch import Tensor

from synth.control.inversion import encode
from synth.models.encoder import Inverter
from synth.models.perceptual import Perceptual
from synth.models.stylegan2 import Generator, draw_noise
from synth.training.metrics import Yardstick
from synth.training.presets import TrainConfig
from synth.training.snapshot import to_sounds

ENVELOPE_FLOOR_DB = -60.0


@torch.inference_mode()
def resynthesise(
    generator: Generator, inverter: Inverter, config: TrainConfig, x: Tensor, seed: int = 0, chunk: int = 16
) -> tuple[Tensor, Tensor]:
    """Codec tensors (N, 1, R, R) -> their re-synthesis without and with its texture, each (N, 1, R, R), on the CPU."""
    rng = torch.Generator().manual_seed(seed)
    means, whole = [], []
    for part in x.split(chunk):
        ws = encode(generator, inverter, part)
        noise = draw_noise(config.generator, config.codec.stft, len(part), rng)
        mean, gate = generator.synthesis(ws, noise.strokes.to(ws.device))
        means.append(mean.cpu())
        whole.append(generator.compose(mean.cpu(), gate.cpu(), noise.texture).clamp(-1.0, 1.0))
    return torch.cat(means), torch.cat(whole)


@torch.inference_mode()
def resynthesis_figures(
    generator: Generator,
    inverter: Inverter,
    config: TrainConfig,
    x: Tensor,
    labels: Tensor,
    perceptual: Perceptual | None = None,
    yardstick: Yardstick | None = None,
) -> dict[str, float]:
    """Means over clips, given as codec tensors (N, 1, R, R) with their categories (N,).

    spectrum_db: root mean square over bins of what recording and re-synthesis without texture differ by (the
    texture of a recording remains in it). envelope_db: the same of frames' levels, texture included, down to
    60 dB below the loudest. lpips, where a network is given; hit_rate, with a yardstick: share of
    re-synthesised sounds whose nearest training clip is of the recording's category.
    """
    mean, whole = resynthesise(generator, inverter, config, x)
    spectrum = (mean - x).square().mean((1, 2, 3)).sqrt() * config.generator.half_range_db
    envelope = (levels(config, whole) - levels(config, x)).square().mean(1).sqrt()
    figures = {"spectrum_db": spectrum.mean().item(), "envelope_db": envelope.mean().item()}
    if perceptual is not None:
        device = generator.w_avg.device
        pairs = zip(whole.to(device).split(8), x.to(device).split(8), strict=True)
        figures["lpips"] = torch.cat([perceptual.distance(a, b) for a, b in pairs]).mean().item()
    if yardstick is not None:
        figures["hit_rate"] = yardstick.score(to_sounds(config, whole), labels.numpy()).hit_rate
    return {k: round(v, 4) for k, v in figures.items()}


def levels(config: TrainConfig, x: Tensor) -> Tensor:
    """Codec tensors (N, 1, F, T) -> level of every frame (N, T) in dB, relative to the clip's loudest."""
    energy = config.codec.magnitude(x).square().sum(1)
    relative = energy / energy.amax(1, keepdim=True).clamp_min(1e-12)
    return (10.0 * relative.clamp_min(1e-12).log10()).clamp_min(ENVELOPE_FLOOR_DB)
