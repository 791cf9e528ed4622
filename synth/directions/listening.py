"""What sounds of a generator measure: latents in, descriptors out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from synth.audio.codecs import GaussianLogSTFT
from synth.audio.descriptors import DESCRIPTORS, Frames, describe, measure
from synth.audio.texture import noise_field
from synth.directions.calibration import PLACES
from synth.directions.direction import NOISE_STREAM, Direction, along, draw_z
from synth.models.stylegan2 import Generator

CHUNK = 16
ORDER = list(DESCRIPTORS)


@dataclass(frozen=True)
class Listener:
    """A generator with its codec; but for `track`, it is on the CPU.

    A seed stands for the z and the texture that it gives an instrument, and for a category, each in turn.
    """

    generator: Generator
    codec: GaussianLogSTFT

    @torch.no_grad()
    def draw(self, seeds: Sequence[int]) -> Tensor:
        """w (len(seeds), w_dim), neither truncated nor moved."""
        g = self.generator.config
        z = torch.cat([draw_z(seed, g.z_dim) for seed in seeds])
        found: Tensor = self.generator.mapping(z, torch.tensor([seed % g.categories for seed in seeds]))
        return found

    @torch.no_grad()
    def hear(self, ws: Tensor, seeds: Sequence[int], phase: bool = False) -> np.ndarray:
        """Descriptors (n, len(DESCRIPTORS)) of w+ (n, num_ws, w_dim), each with the texture of its seed.

        Of the magnitudes that the generator makes, or with `phase`, which takes twice as long, of the samples that
        come of them.
        """
        found = []
        for at in range(0, len(ws), CHUNK):
            tensors = self.generator(ws[at : at + CHUNK], self.textures(seeds[at : at + CHUNK]))
            found.append(self._described(tensors) if phase else self._measured(tensors).numpy())
        return np.concatenate(found)

    def slopes(self, ws: Tensor, seeds: Sequence[int], names: Sequence[str]) -> Tensor:
        """How the named descriptors of `hear` grow along w+: (n, len(names), num_ws, w_dim), per unit of W."""
        found = []
        for at in range(0, len(ws), CHUNK):
            inputs = ws[at : at + CHUNK].clone().requires_grad_(True)
            found.append(self._risen(inputs, self.generator(inputs, self.textures(seeds[at : at + CHUNK])), names))
        return torch.cat(found)

    @torch.no_grad()
    def track(self, ws: Tensor, texture: Tensor, direction: Direction, descriptor: str) -> np.ndarray:
        """A descriptor of one sound, w+ (1, num_ws, w_dim), at PLACES on a direction, of magnitudes: they tell as much.

        (One-shots, brightness: they correlate by .999 with the samples that the decoder makes, and a slider stands as
        near to where those would put it as by PGHI's samples, in a quarter of the time.)
        """
        tensors = self.generator(along(ws, direction, torch.from_numpy(PLACES)), texture)
        return self._measured(tensors.cpu(), [descriptor])[:, 0].numpy()

    def _risen(self, inputs: Tensor, tensors: Tensor, names: Sequence[str]) -> Tensor:
        """Slopes (n, K, ...) of the named descriptors of codec tensors, along the inputs."""
        # In two steps, so that the descriptors' own part is not gone through again with the generator's.
        leaf = tensors.detach().requires_grad_(True)
        measured = self._measured(leaf, names)
        rows = []
        for i in range(len(names)):
            (back,) = torch.autograd.grad(measured[:, i].sum(), leaf, retain_graph=True)
            rows.append(torch.autograd.grad(tensors, inputs, back, retain_graph=True)[0])
        return torch.stack(rows, dim=1)

    def _described(self, tensors: Tensor, names: Sequence[str] | None = None) -> np.ndarray:
        rate = self.codec.sample_rate
        return np.array([list(describe(x, rate, names).values()) for x in self.codec.decode(tensors, "pghi")])

    def _measured(self, tensors: Tensor, names: Sequence[str] | None = None) -> Tensor:
        rate = self.codec.sample_rate
        return measure(Frames(self.codec.magnitude(tensors), rate, self.codec.hop / rate), names)

    def textures(self, seeds: Sequence[int]) -> Tensor:
        """(n, 1, F, T), that of each seed."""
        drawn = (torch.Generator().manual_seed(seed ^ NOISE_STREAM) for seed in seeds)
        return torch.cat([noise_field(self.codec.stft, 1, self.codec.frames, rng) for rng in drawn])
