"""Sounds that are given: their latents, the search for a nearer one, and the directions that they teach."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
import torch
from safetensors import SafetensorError
from torch import Tensor

from synth.audio.decoder import decode
from synth.audio.descriptors import describe
from synth.audio.loudness import normalise
from synth.audio.maps import Maps
from synth.directions import examples
from synth.directions.direction import Direction, bend
from synth.directions.examples import Example, Trial
from synth.errors import AudioError, CheckpointError
from synth.instruments.instrument import one_thread
from synth.instruments.sounding import Sounding
from synth.latents.inversion import encode
from synth.latents.keeping import residual
from synth.latents.match import Step, Target, nearest_category, refine, sketch
from synth.models.encoder import Inverter
from synth.models.weights import read_weights
from synth.patch.patch import Patch
from synth.sound.reading import SILENCE
from synth.sound.sound import Sound


class Matching(Sounding):
    """Finds what its space has of a recording, by its encoder and by search."""

    def encode(self, sound: Sound) -> tuple[float, ...]:
        """The w+ of a sound, flattened: a patch's `latent` that makes about the same sound again.

        A longer sound is cut. Raises AudioError for silence, CheckpointError where the model has no encoder.
        """
        return tuple(self._encoded(*self._given(sound)).flatten().tolist())

    def match(self, sound: Sound, category: str | None = None, seed: int = 0) -> Patch:
        """The patch that the encoder finds for a sound, its profiles drawn nearer; `refine` brings all of it nearer.

        Its category is the one that is named, or the one whose centre its latent is nearest to; seed: of its noise.
        Raises as `encode`, PatchError for a category that the model does not have, and CheckpointError where LPIPS is
        missing.
        """
        if category is not None:
            self._category(Patch(self.card.id, category))
        tensor, mask = self._given(sound)
        ws = self._encoded(tensor, mask)
        with one_thread():
            if category is None:
                category = self.card.categories[nearest_category(self.generator, ws[0].mean(0), self._spread)]
            patch = Patch(self.card.id, category, seed)
            target = Target(tensor.to(self.device))
            drawn = sketch(self.generator, self._draw_texture(patch.seed), ws, target, self._length)
        return replace(patch, latent=tuple(drawn.flatten().tolist()))

    def _encoded(self, tensor: Tensor, mask: Tensor) -> Tensor:
        """w+ (1, num_ws, w_dim) of what `_given` gives."""
        with one_thread():
            return encode(self.generator, self._encoder, tensor, mask)

    def refine(self, patch: Patch, sound: Sound) -> Iterator[Step]:
        """Steps without end from a patch towards a sound, the first of them the start; a step's `ws`, flattened, is the
        latent of a patch that comes nearer.

        The patch's prototype and sliders stay as they are, calibrated ones where they put the start, and so does its
        noise. Raises as `encode`, and CheckpointError where the weights of LPIPS are missing.
        """
        with one_thread():
            target = Target(self._given(sound)[0].to(self.device))
            texture = self._draw_texture(patch.seed)  # not the kept one, which autograd may not have
            start = self.latent(patch).clone()

        def make(ws: Tensor) -> Tensor:
            made: Tensor = self.generator(self._moved(ws, patch, held=start), texture)
            return made

        run = refine(make, start, target, self._length)
        while True:
            with one_thread():
                step = next(run)
            yield step

    @torch.inference_mode()
    def completed(self, patch: Patch, sound: Sound) -> Patch:
        """The patch with what its latent lacks of a sound, its prototype and sliders as they are.

        The latent becomes the one that a link holds, so that both fit together there too. Raises as `encode`.
        """
        linked = replace(patch, residual=None).linked()
        with one_thread():
            picture = self._given(sound)[0][0, 0].numpy()
            maps = self._passes(linked)(0)
        unit = self.generator.config.half_range_db
        found = residual((picture - 1.0) * unit, maps.mean.T, maps.gate.T)
        return replace(linked, residual=found.to_text(), residual_amount=1.0)

    def heard(self, sound: Sound, patch: Patch) -> Sound:
        """A given sound as this model would make it at best: its rate and length, mono, as loud as the patch says."""
        rate, n = self.codec.sample_rate, self.codec.samples
        samples = sound.resampled(rate).mono().samples[:, :n]
        return Sound(normalise(np.pad(samples, ((0, 0), (0, n - samples.shape[1]))), rate, patch.lufs), rate)

    def _given(self, sound: Sound) -> tuple[Tensor, Tensor]:
        """A sound's codec tensor (1, 1, F, T), and which of its frames (1, 1, 1, T) are known."""
        mono = sound.resampled(self.codec.sample_rate).mono()
        if np.abs(mono.samples).max() < SILENCE:
            raise AudioError("The sound is silent: give one that can be heard.")
        known = torch.arange(self.codec.frames) * self.codec.hop < mono.samples.shape[1]
        return self.codec.encode(torch.from_numpy(mono.samples)), known.float().view(1, 1, 1, -1)

    @cached_property
    def _encoder(self) -> Inverter:
        try:
            if self._folder is None:
                raise FileNotFoundError("no folder")
            weights = read_weights(self._folder / "encoder.safetensors")
            encoder = Inverter.build(weights, self.codec.shape[1:], self.generator.config.num_ws)
        except (KeyError, ValueError, RuntimeError, OSError, SafetensorError) as error:
            raise CheckpointError(f"{self.card.id} has no encoder that fits it: restore its folder") from error
        return encoder.eval().requires_grad_(False).to(self.device)

    # -- directions of a listener's own sounds ----------------------------------------------------------------------

    def tell_apart(self, name: str, more: Sequence[Example], less: Sequence[Example]) -> Trial:
        """The direction from the second group of sounds to the first, to be measured; see synth/directions/examples.py.

        Raises AudioError for groups that no direction can be made of, CheckpointError where there is no encoder.
        """
        examples.check(more, less)
        far, near = (torch.tensor([self.encode(example.sound) for example in group]) for group in (more, less))
        rows = (-1, self.generator.config.num_ws, self.generator.config.w_dim)
        found = examples.direction(name, far.view(rows), near.view(rows), self._spread)
        liked, unliked = ([self.describe(example.sound) for example in group] for group in (more, less))
        return Trial(found, examples.contrast(liked, unliked))

    def trial(self, name: str) -> Trial:
        """A direction of this model that is to be measured; raises PatchError."""
        return Trial(replace(self.direction(name), name=name))

    def describe(self, sound: Sound) -> dict[str, float]:
        """Descriptors by name of a sound as this model could make it: at its rate, cut or padded to its length, so that
        sounds of any kind are measured alike."""
        given = sound.resampled(self.codec.sample_rate).mono().samples[0, : self.codec.samples]
        padded = np.pad(given, (0, self.codec.samples - len(given)))
        return describe(padded, self.codec.sample_rate)

    @torch.inference_mode()
    def hear(self, direction: Direction, seed: int, position: float) -> np.ndarray:
        """Descriptors of the sound of a seed with one slider, as `draft` makes it; seeds take categories in turn."""
        patch = Patch(self.card.id, self.card.categories[seed % len(self.card.categories)], seed)
        with one_thread():
            ws = bend(self.latent(patch), {direction.name: position}, {direction.name: direction})
            mean, gate = self.generator.synthesis(ws)
            samples = decode(Maps.of(self.codec, mean[0], gate[0]), seed)
        return np.array(list(describe(samples, self.codec.sample_rate).values()))
