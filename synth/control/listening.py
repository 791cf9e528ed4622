"""What sounds of a generator measure: latents in, descriptors out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from synth.audio.codecs import GaussianLogSTFT
from synth.audio.descriptors import DESCRIPTORS, Frames, describe, measure
from synth.control.calibration import PLACES
from synth.control.latent import NOISE_STREAM, Direction, along, draw_z
from synth.models.stylegan2 import Generator, Noise, draw_noise

CHUNK = 16
ORDER = list(DESCRIPTORS)


@dataclass(frozen=True)
class Listener:
    """A generator with its codec; but for `track`, it is on the CPU.

    A seed stands for the z and the noise that it gives an instrument, and for a category, each in turn.
    """

    generator: Generator
    codec: GaussianLogSTFT

    @torch.no_grad()
    def draw(self, seeds: Sequence[int]) -> Tensor:
        """w (len(seeds), w_dim), neither truncated nor moved."""
        g = self.generator.config
        z = torch.cat([draw_z(seed, g.z_dim) for seed in seeds])
        return self.generator.mapping(z, torch.tensor([seed % g.categories for seed in seeds]))

    @torch.no_grad()
    def hear(self, ws: Tensor, seeds: Sequence[int], phase: bool = False) -> np.ndarray:
        """Descriptors (n, len(DESCRIPTORS)) of w+ (n, num_ws, w_dim), each with the noise of its seed.

        Of the magnitudes that the generator makes, or with `phase`, which takes twice as long, of the samples that
        come of them.
        """
        found = []
        for at in range(0, len(ws), CHUNK):
            tensors = self.generator(ws[at : at + CHUNK], self.noise(seeds[at : at + CHUNK]))
            found.append(self._described(tensors) if phase else self._measured(tensors).numpy())
        return np.concatenate(found)

    def slopes(self, ws: Tensor, seeds: Sequence[int], names: Sequence[str]) -> Tensor:
        """How the named descriptors of `hear` grow along w+: (n, len(names), num_ws, w_dim), per unit of W."""
        found = []
        for at in range(0, len(ws), CHUNK):
            inputs = ws[at : at + CHUNK].clone().requires_grad_(True)
            found.append(self._risen(inputs, self.generator(inputs, self.noise(seeds[at : at + CHUNK])), names))
        return torch.cat(found)

    @torch.no_grad()
    def track(self, ws: Tensor, noise: Noise, direction: Direction, descriptor: str) -> np.ndarray:
        """A descriptor of one sound, w+ (1, num_ws, w_dim), at PLACES on a direction; of samples, phases by PGHI."""
        g, moved = self.generator, along(ws, direction, torch.from_numpy(PLACES))
        if direction.layers[0] == g.config.num_ws - 1:
            # The last row comes in behind the convolutions, which are asked once and take most of the time.
            tensors = g.redrawn(g.synthesis.details(ws, noise.strokes), moved[:, -1], noise.texture)
        else:
            tensors = g(moved, noise.repeated(len(moved)))
        return self._described(tensors.cpu(), [descriptor])[:, 0]

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

    def noise(self, seeds: Sequence[int]) -> Noise:
        g, stft = self.generator.config, self.codec.stft
        drawn = [draw_noise(g, stft, 1, torch.Generator().manual_seed(seed ^ NOISE_STREAM)) for seed in seeds]
        return Noise(torch.cat([n.texture for n in drawn]), torch.cat([n.strokes for n in drawn]))
