"""An instrument: a loaded checkpoint that turns patches into sounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from synth.audio.codecs import GaussianLogSTFT, from_settings
from synth.audio.loudness import fades, normalise
from synth.checkpoint import Card, find, verify
from synth.control.inversion import encode
from synth.control.latent import NOISE_STREAM, Direction, bend, draw_z
from synth.control.prototypes import Prototype, pull
from synth.control.query import Step, refine
from synth.control.sefa import pca_directions, sefa_directions, spread_root
from synth.errors import AudioError, CheckpointError, PatchError, SonoformError
from synth.factors import Factor, Layers
from synth.models.encoder import Inverter
from synth.models.layers import ModulatedConv
from synth.models.stylegan2 import Generator, GeneratorConfig, Noise, draw_noise
from synth.models.weights import read_weights
from synth.own import Own
from synth.own import read as read_own
from synth.patch import Patch
from synth.sound import Sound

KEPT_NOISES, KEPT_FACTORS = 4, 8
SILENCE = 1e-6  # of full scale


class Instrument:
    """A generator with its codec and directions. Not thread-safe: callers hold a lock around `render`."""

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
        for layer in self.generator.modules():
            if isinstance(layer, ModulatedConv):
                layer.keep()
        self.codec = codec
        self.directions = directions
        self.prototypes = prototypes
        self._folder = folder
        self._by_name = {d.name: d for d in directions}
        self._noise = lru_cache(KEPT_NOISES)(self._draw_noise)  # a slider that moves keeps its seed
        self._found = lru_cache(KEPT_FACTORS)(self._factorise)

    @classmethod
    def load(cls, model: str | Path, device: str = "auto") -> Instrument:
        """Loads a model by id, or from a checkpoint folder; raises CheckpointError if anything is amiss."""
        folder = Path(model) if isinstance(model, Path) else find(model)
        card = verify(folder)
        try:
            generator = Generator(GeneratorConfig.from_dict(card.network))
            generator.load_state_dict(read_weights(folder / "generator.safetensors"))
            vectors = _rows(folder, "directions", generator)
            codec = from_settings(card.codec)
            if not isinstance(codec, GaussianLogSTFT):
                raise ValueError(f"{card.family} works on GaussianLogSTFT")
            directions = tuple(
                Direction(d["name"], v, d["scale"], tuple(d["layers"]), d["provenance"])
                for d, v in zip(card.directions, vectors, strict=True)
            )
            prototypes = _prototypes(folder, card, generator)
        except (KeyError, TypeError, ValueError, RuntimeError, OSError, SafetensorError) as error:
            raise CheckpointError(f"{folder} does not hold what its card says: restore it") from error
        loaded = cls(card, generator.to(choose_device(device)), codec, directions, prototypes, folder)
        loaded.read_own()
        return loaded

    def read_own(self) -> None:
        """Takes up the directions that a person named, as they are on the disk now; raises CheckpointError."""
        found = read_own(self._folder, self.card.files.get("generator.safetensors", "")) if self._folder else ()
        for own in found:
            if len(own.vector) != self.generator.config.w_dim or own.layers[1] >= self.generator.config.num_ws:
                raise CheckpointError(f"the direction {own.name!r} is not one of {self.card.id}: delete it")
        self._by_name = {d.name: d for d in (*self.directions, *map(_unpacked, found))}

    @property
    def device(self) -> torch.device:
        return self.generator.w_avg.device

    @torch.inference_mode()
    def render(self, patch: Patch) -> Sound:
        """The sound of a patch, (1, n) samples; raises PatchError for a category or direction it does not have."""
        return Sound(self._samples(patch, patch.phase), self.codec.sample_rate, patch)

    @torch.inference_mode()
    def draft(self, patch: Patch) -> Sound:
        """The sound of a patch in half the time, for a control that still moves: its phase is found by PGHI alone.

        It is not what the patch says, so it carries none. Raises as `render`.
        """
        return Sound(self._samples(patch, "pghi"), self.codec.sample_rate)

    def _samples(self, patch: Patch, method: str) -> np.ndarray:
        with one_thread():
            tensor = self.synthesise(patch)
            samples = self.codec.decode(tensor[0], method=method, seed=patch.seed)[None]
        rate = self.codec.sample_rate
        return fades(normalise(samples, rate, patch.lufs), rate, patch.fade_in, patch.fade_out)

    def synthesise(self, patch: Patch) -> Tensor:
        """The codec tensor of a patch, (1, 1, F, T), on the CPU."""
        # In float32 everywhere: bfloat16, which some processors have, is one more way for machines to differ.
        return self.generator(self._moved(self.latent(patch), patch), self._noise(patch.seed)).cpu()

    def _moved(self, ws: Tensor, patch: Patch) -> Tensor:
        """w+ after the patch's prototype and sliders."""
        asked = {name: d for name in patch.sliders if (d := self._factor(name))}
        return bend(self._pulled(ws, patch), patch.sliders, self._by_name | asked)

    # -- directions that are found when they are asked for ----------------------------------------------------------

    def factors(self, method: str, layers: Layers | None, count: int) -> list[Direction]:
        """The `count` strongest directions by `method`, named so that a patch may have them; see synth/factors.py."""
        found = self._found(method, layers)[:count]
        return [replace(d, name=Factor(method, i + 1, layers).name) for i, d in enumerate(found)]

    def direction(self, name: str) -> Direction:
        """A direction of this model by its name, of whatever kind; raises PatchError."""
        found = self._by_name.get(name) or self._factor(name)
        if found is None:
            raise PatchError("sliders", f"{name!r} is no direction of {self.card.id}: use one of its own")
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

    # -- sounds that are given --------------------------------------------------------------------------------------

    def encode(self, sound: Sound) -> tuple[float, ...]:
        """The w+ of a sound, flattened: a patch's `latent` that makes about the same sound again.

        A longer sound is cut. Raises AudioError for silence, CheckpointError where the model has no encoder.
        """
        tensor, mask = self._given(sound)
        with one_thread():
            ws = encode(self.generator, self._encoder, tensor, mask)
        return tuple(ws.flatten().tolist())

    def refine(self, patch: Patch, sound: Sound, steps: int) -> Iterator[Step]:
        """Steps from a patch towards a sound; a step's `ws`, flattened, is the latent of a patch that comes nearer.

        The patch's prototype and sliders stay as they are, and so does its noise. Raises as `encode`.
        """
        target = self._given(sound)[0].to(self.device)
        noise = self._draw_noise(patch.seed)  # not the kept one, which autograd may not have
        start = self.latent(patch).clone()

        def make(ws: Tensor) -> Tensor:
            made: Tensor = self.generator(self._moved(ws, patch), noise)
            return made

        run = refine(make, start, target, steps, float(self._spread.square().sum().sqrt()))
        for _ in range(steps + 1):
            with one_thread():
                step = next(run)
            yield step

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
            encoder = Inverter.build(weights, self.generator.config.num_ws)
        except (KeyError, ValueError, RuntimeError, OSError, SafetensorError) as error:
            raise CheckpointError(f"{self.card.id} has no encoder that fits it: restore its folder") from error
        return encoder.eval().requires_grad_(False).to(self.device)

    # -- latents ----------------------------------------------------------------------------------------------------

    def _draw_noise(self, seed: int) -> Noise:
        rng = torch.Generator().manual_seed(seed ^ NOISE_STREAM)
        drawn = draw_noise(self.generator.config, self.codec.stft, 1, rng)
        return Noise(drawn.texture.to(self.device), drawn.strokes.to(self.device))

    def latent(self, patch: Patch) -> Tensor:
        """The w+ that a patch starts from, (1, num_ws, w_dim), before its sliders."""
        g = self.generator
        category = torch.tensor([self._category(patch)], device=self.device)
        if patch.latent is None:
            w = g.mapping(draw_z(patch.seed, g.config.z_dim).to(self.device), category)
        else:
            given = torch.tensor(patch.latent, device=self.device).unsqueeze(0)
            sizes = {"z": g.config.z_dim, "w": g.config.w_dim, "w+": g.config.num_ws * g.config.w_dim}
            if given.numel() == sizes["w+"]:
                return given.view(1, g.config.num_ws, g.config.w_dim)
            if given.numel() not in sizes.values():
                known = ", ".join(f"{n} for {name}" for name, n in sizes.items())
                raise PatchError("latent", f"{given.numel()} numbers do not fit this model: it takes {known}")
            w = g.mapping(given, category) if given.numel() == sizes["z"] else given
        return g.broadcast(g.truncate(w, category, patch.psi))

    def _pulled(self, ws: Tensor, patch: Patch) -> Tensor:
        """w+ moved towards the patch's prototype."""
        if patch.prototype is None:
            return ws
        for prototype in self.prototypes:
            if prototype.name == patch.prototype:
                return pull(ws, prototype, patch.pull)
        known = ", ".join(p.name for p in self.prototypes) or "none: this model has no prototypes"
        raise PatchError("prototype", f"{patch.prototype!r} is no prototype of {self.card.id}: use {known}")

    def _category(self, patch: Patch) -> int:
        names = self.card.categories
        if patch.category is None:
            return 0
        if patch.category not in names:
            raise PatchError("category", f"{patch.category!r} is unknown to {self.card.id}: use {', '.join(names)}")
        return names.index(patch.category)


def _unpacked(own: Own) -> Direction:
    return Direction(own.name, torch.tensor(own.vector), own.scale, own.layers, own.provenance)


def _prototypes(folder: Path, card: Card, generator: Generator) -> tuple[Prototype, ...]:
    """Those of a checkpoint; none where it was published before there were any."""
    if not card.prototypes:
        return ()
    vectors = _rows(folder, "prototypes", generator)
    return tuple(Prototype(p["name"], v, p["provenance"]) for p, v in zip(card.prototypes, vectors, strict=True))


def _rows(folder: Path, name: str, generator: Generator) -> Tensor:
    """Vectors (n, w_dim) of the file of this name; raises ValueError if they are of a W of another size."""
    vectors = load_file(folder / f"{name}.safetensors")[name]
    if vectors.shape[1:] != (generator.config.w_dim,):
        raise ValueError(f"{name} of another model")
    return vectors


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch on one thread of the CPU: how a sum is shared out among threads changes its last bits, and phase
    reconstruction makes those audible in a difference; a single sound is as quick on one.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def choose_device(name: str) -> torch.device:
    """ "auto" is CUDA where there is one, else the CPU."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise SonoformError(f"there is no device {name!r} on this machine: use auto or cpu") from error
    return device
