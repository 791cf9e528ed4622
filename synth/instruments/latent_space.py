"""The latent space W of a StyleGAN2: where a patch starts, and where its prototype and sliders move it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from synth.audio.codecs import GaussianLogSTFT
from synth.audio.texture import noise_field
from synth.checkpoint.store import Card
from synth.directions.direction import NOISE_STREAM, Direction, bend, draw_z
from synth.directions.listening import Listener
from synth.directions.prototypes import Prototype, pull
from synth.directions.sefa import pca_directions, sefa_directions, spread_root
from synth.errors import PatchError
from synth.instruments.instrument import Instrument, one_thread
from synth.instruments.stored import named
from synth.models.stylegan2 import Generator
from synth.patch.factors import Factor, Layers
from synth.patch.patch import Patch

KEPT_TEXTURES, KEPT_FACTORS, KEPT_TRACKS = 4, 8, 64


class LatentSpace(Instrument):
    """A StyleGAN2 generator with its codec, directions and prototypes: w+ of patches, (1, num_ws, w_dim)."""

    codec: GaussianLogSTFT

    def __init__(
        self,
        card: Card,
        generator: Generator,
        codec: GaussianLogSTFT,
        directions: tuple[Direction, ...],
        prototypes: tuple[Prototype, ...] = (),
        folder: Path | None = None,
    ):
        self.card = card
        self.generator = generator.eval().requires_grad_(False)
        self.codec = codec
        self.directions = directions
        self.prototypes = prototypes
        self._folder = folder
        self._by_name = {d.name: d for d in directions}
        self._texture = lru_cache(KEPT_TEXTURES)(self._draw_texture)  # a slider that moves keeps its seed
        self._found = lru_cache(KEPT_FACTORS)(self._factorise)
        self._track = lru_cache(KEPT_TRACKS)(self._tracked)  # a slider that moves asks for it at every position

    def read_own(self) -> None:
        """Takes up the directions that a person named, as they are on the disk now; raises CheckpointError."""
        found = named(self._folder, self.card, self.generator.config) if self._folder else ()
        self._by_name = {d.name: d for d in (*self.directions, *found)}
        self._track.cache_clear()

    @property
    def z_dim(self) -> int:
        return self.generator.config.z_dim

    @property
    def slider_names(self) -> tuple[str, ...]:
        return tuple(self._by_name)

    @property
    def device(self) -> torch.device:
        return self.generator.w_avg.device

    # -- where a patch starts ---------------------------------------------------------------------------------------

    def latent(self, patch: Patch) -> Tensor:
        """The w+ that a patch starts from, (1, num_ws, w_dim), before its sliders."""
        g = self.generator
        category = torch.tensor([self._category(patch)], device=self.device)
        if patch.latent is None:
            w = g.mapping(draw_z(patch.seed, g.config.z_dim).to(self.device), category)
        else:
            given = torch.from_numpy(np.array([patch.latent], np.float32)).to(self.device)
            sizes = {"z": g.config.z_dim, "w": g.config.w_dim, "w+": g.config.num_ws * g.config.w_dim}
            if given.numel() == sizes["w+"]:
                return given.view(1, g.config.num_ws, g.config.w_dim)
            if given.numel() == sizes["w"] and patch.psi == 1.0:
                return g.broadcast(given)  # to the last bit, which truncation by nothing would change
            if given.numel() not in sizes.values():
                known = ", ".join(f"{n} for {name}" for name, n in sizes.items())
                raise PatchError("latent", f"{given.numel()} numbers do not fit this model: it takes {known}")
            w = g.mapping(given, category) if given.numel() == sizes["z"] else given
        return g.broadcast(g.truncate(w, category, patch.psi))

    def _draw_texture(self, seed: int) -> Tensor:
        rng = torch.Generator().manual_seed(seed ^ NOISE_STREAM)
        return noise_field(self.codec.stft, 1, self.codec.frames, rng).to(self.device)

    # -- where it is moved ------------------------------------------------------------------------------------------

    def _moved(self, ws: Tensor, patch: Patch, held: Tensor | None = None) -> Tensor:
        """w+ after the patch's prototype and sliders.

        held: w+ by which calibrated sliders are placed in the stead of `ws`, where that is one of many and measuring
        each would take a second.
        """
        patch = self.spelled(patch)
        asked = {name: d for name in patch.sliders if (d := self._factor(name))}
        start = self._pulled(ws, patch)
        places = self._places(start if held is None else self._pulled(held, patch), patch)
        return bend(start, places, self._by_name | asked)

    def _pulled(self, ws: Tensor, patch: Patch) -> Tensor:
        """w+ moved towards the patch's prototype."""
        if patch.prototype is None:
            return ws
        for prototype in self.prototypes:
            if prototype.name == patch.prototype:
                return pull(ws, prototype, patch.pull)
        known = ", ".join(p.name for p in self.prototypes) or "none: this model has no prototypes"
        raise PatchError("prototype", f"{patch.prototype!r} is no prototype of {self.card.id}: use {known}")

    def _places(self, start: Tensor, patch: Patch) -> dict[str, float]:
        """Where the sliders of a patch put the sound that starts at w+ (1, num_ws, w_dim), by direction."""
        places = dict(patch.sliders)
        for name, position in patch.sliders.items():
            direction = self._by_name.get(name)
            if position and direction and direction.calibration:
                latent = start.detach().cpu().numpy().tobytes()
                places[name] = direction.calibration.place(position, self._track(name, patch.seed, latent))
        return places

    @torch.inference_mode()
    def _tracked(self, name: str, seed: int, latent: bytes) -> np.ndarray:
        """What a sound measures along a calibrated direction; latent: its w+ before all sliders."""
        direction = self._by_name[name]
        assert direction.calibration is not None
        g = self.generator.config
        ws = torch.frombuffer(bytearray(latent), dtype=torch.float32).view(1, g.num_ws, g.w_dim).to(self.device)
        listener = Listener(self.generator, self.codec)
        return listener.track(ws, self._texture(seed), direction, direction.calibration.descriptor)

    # -- directions that are found when they are asked for ----------------------------------------------------------

    def factors(self, method: str, layers: Layers | None, count: int) -> list[Direction]:
        """The `count` strongest directions by `method`, named so that a patch may have them."""
        found = self._found(method, layers)[:count]
        return [replace(d, name=Factor(method, i + 1, layers).name) for i, d in enumerate(found)]

    def direction(self, name: str) -> Direction:
        """A direction of this model by its name, of whatever kind; raises PatchError."""
        found = self._by_name.get(name) or self._factor(name)
        if found is None:
            known = ", ".join(self.slider_names)
            raise PatchError("sliders", f"{name!r} is no direction of {self.card.id}: use one of {known}")
        return found

    def _factor(self, name: str) -> Direction | None:
        factor, g = Factor.parse(name), self.generator.config
        if name in self._by_name or factor is None or not factor.fits(g.w_dim, g.num_ws):
            return None
        return self._found(factor.method, factor.layers)[factor.number - 1]

    def _factorise(self, method: str, layers: Layers | None) -> Sequence[Direction]:
        with one_thread(), torch.inference_mode():
            find = {"SeFa": sefa_directions, "PCA": pca_directions}[method]
            return find(self.generator, self.generator.config.w_dim, layers, self._spread)

    @cached_property
    def _spread(self) -> Tensor:
        return spread_root(self.generator)

    @property
    def _length(self) -> float:
        """Of a standard deviation of latents in W."""
        return float(self._spread.square().sum().sqrt())
