"""What a run shows of itself: sample sounds, a grid of their spectrograms, and scores on the valid split."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import matplotlib
import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from synth.audio.codecs import Codec, GaussianLogSTFT
from synth.audio.decoder import played
from synth.audio.texture import noise_field
from synth.checkpoint.families import CATEGORY, can
from synth.models.layers import autocast
from synth.models.stylegan2 import Generator
from synth.recipes.gan_presets import GanConfig
from synth.recipes.presets import Config, TrainConfig
from synth.recordings.dataset import MIN_VALID, Clips, load_clips, scan
from synth.scoring.embedders import load_embedder
from synth.scoring.metrics import Yardstick
from synth.sound.sound import Sound

GRID_COLUMNS = 4
PICTURE_HOP = 128  # of samples that are shown as a spectrogram


@torch.inference_mode()
def generate(generator: nn.Module, config: Config, labels: Tensor, seed: int, chunk: int = 16) -> Tensor:
    """Codec tensors (N, *shape) for category labels (N,), as training draws them (no truncation)."""
    device = labels.device
    rng = torch.Generator(device).manual_seed(seed)
    generator.eval()
    out = []
    for part in labels.split(chunk):
        z = torch.randn(len(part), config.network.z_dim, generator=rng, device=device)
        with autocast(device):
            y = generator(z, part) if isinstance(config, GanConfig) else _styled(generator, config, z, part, rng)
        out.append(y.float().cpu())
    return torch.cat(out)


def _styled(generator: nn.Module, config: TrainConfig, z: Tensor, labels: Tensor, rng: torch.Generator) -> Tensor:
    style = cast("Generator", generator)
    texture = noise_field(config.codec.stft, len(z), config.codec.frames, rng)
    tensors: Tensor = style(style.mapping(z, labels)[:, None], texture)
    return tensors


@torch.inference_mode()
def play(generator: nn.Module, config: Config, labels: Tensor, seed: int, chunk: int = 16) -> np.ndarray:
    """What `generate` draws as samples (N, n): by the decoder's default, as an instrument plays it."""
    if isinstance(config, GanConfig):
        return to_sounds(config, generate(generator, config, labels, seed, chunk), "pghi+gl")
    rng = torch.Generator(labels.device).manual_seed(seed)
    style = cast("Generator", generator.eval())
    sounds: list[np.ndarray] = []
    for part in labels.split(chunk):
        z = torch.randn(len(part), config.network.z_dim, generator=rng, device=labels.device)
        mean, gate = style.synthesis(style.mapping(z, part)[:, None])  # in float32, as an instrument plays
        sounds.extend(played(config.codec, mean, gate, first=len(sounds)))
    return np.stack(sounds)


def to_sounds(config: Config, tensors: Tensor, method: str = "pghi") -> np.ndarray:
    """Codec tensors (N, *shape) -> samples (N, n)."""
    return np.stack([config.codec.decode(y, method=method, seed=i) for i, y in enumerate(tensors)])


def write_samples(folder: Path, seen: int, generator: nn.Module, config: Config) -> None:
    """One grid (a row a category) and the WAV of each row's first, named by thousands of images seen.

    Where there are no categories there are as many rows as columns.
    """
    device = next(generator.parameters()).device
    rows = config.categories if can(config.family, CATEGORY) else GRID_COLUMNS
    labels = (torch.arange(rows, device=device) % config.categories).repeat_interleave(GRID_COLUMNS)
    tensors = generate(generator, config, labels, seed=1)
    stem = f"kimg-{seen // 1000:06d}"
    spectrogram_grid(as_pictures(config.codec, tensors)).save(folder / f"{stem}.png")
    firsts = play(generator, config, labels, seed=1)[::GRID_COLUMNS]
    for i, samples in enumerate(firsts):
        peak = max(float(np.abs(samples).max()), 1e-9)
        Sound(samples[None] / peak * 0.9, config.codec.sample_rate).save(folder / f"{stem}-{i:02d}.wav")


def as_pictures(codec: Codec, tensors: Tensor) -> Tensor:
    """Codec tensors (N, *shape) as pictures (N, 1, F, T) in [-1, 1]: samples as their log spectrogram."""
    if tensors.ndim == 4:
        return tensors
    n = tensors.shape[-1]
    return GaussianLogSTFT(codec.sample_rate, hop=PICTURE_HOP, frames=n // PICTURE_HOP).encode(tensors.squeeze(1))


def spectrogram_grid(tensors: Tensor, columns: int = GRID_COLUMNS) -> Image.Image:
    """Codec tensors (N, 1, F, T) -> one picture, `columns` wide, low frequencies at the bottom of each cell."""
    cells = ((tensors[:, 0].clamp(-1, 1) + 1.0) / 2.0).numpy()[:, ::-1]
    n, f, t = cells.shape
    rows = -(-n // columns)
    sheet = np.zeros((rows * columns, f + 2, t + 2), np.float32)
    sheet[:n, 1:-1, 1:-1] = cells
    sheet = sheet.reshape(rows, columns, f + 2, t + 2).transpose(0, 2, 1, 3).reshape(rows * (f + 2), columns * (t + 2))
    return Image.fromarray((matplotlib.colormaps["magma"](sheet)[..., :3] * 255).astype(np.uint8))


def as_frequent(labels: Tensor, count: int) -> Tensor:
    """`count` labels in order, to the nearest whole number as frequent as among `labels` (N,)."""
    return labels.sort().values[torch.arange(count) * len(labels) // count]


@dataclass
class Scorer:
    """Scores a generator against the valid split with a frozen network."""

    yardstick: Yardstick
    config: Config
    labels: Tensor

    @classmethod
    def build(cls, train: Clips, data: Path, config: Config, yamnet: Path | None) -> Scorer | None:
        """In the space of YAMNet where its weights are named and training does not look through it, else of AlexNet;
        None without clips to score against."""
        if sum(e.split == "valid" for e in scan(data, config.codec.sample_rate)) < MIN_VALID:
            return None
        valid = load_clips(data, "valid", config.codec.sample_rate, config.codec.samples)
        embedder = load_embedder(None if "yamnet" in config.projector.split("+") else yamnet)
        yardstick = Yardstick.of(embedder, train, valid, config.codec.sample_rate)
        return cls(yardstick, config, valid.labels)

    @property
    def space(self) -> str:
        """Name of the network in whose space it scores: figures of one say nothing of figures of another."""
        return self.yardstick.embedder.name

    def score(self, generator: nn.Module, count: int, seed: int = 12345) -> dict[str, float]:
        """FAD, KAD and, where a category can be asked for, hit rate of so many sounds."""
        device = next(generator.parameters()).device
        labels = as_frequent(self.labels, count)
        sounds = play(generator, self.config, labels.to(device), seed)
        scores = self.yardstick.score(sounds, labels.numpy())
        hits = {"hit_rate": scores.hit_rate} if can(self.config.family, CATEGORY) else {}
        return {"fad": scores.fad, "kad": scores.kad, **hits, "sounds": float(count)}
