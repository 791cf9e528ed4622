"""The instrument of a StyleGAN2: all that its latent space W allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from synth.audio.codecs import GaussianLogSTFT, from_settings
from synth.audio.descriptors import DESCRIPTORS, describe
from synth.audio.loudness import fades, normalise
from synth.audio.phase import reconstruct
from synth.checkpoint import Card, find, verify
from synth.control import examples
from synth.control.calibration import Calibration
from synth.control.examples import Example, Trial
from synth.control.glide import Stretch, glide
from synth.control.inversion import encode
from synth.control.latent import NOISE_STREAM, Direction, bend, draw_z
from synth.control.listening import Listener
from synth.control.match import Step, Target, nearest_category, refine, sketch
from synth.control.morph import blend, follow, on_square
from synth.control.pace import even
from synth.control.prototypes import Prototype, pull
from synth.control.sefa import pca_directions, sefa_directions, spread_root
from synth.control.variations import displaced, turned
from synth.errors import AudioError, CheckpointError, PatchError
from synth.factors import Factor, Layers
from synth.families import SPACE, can
from synth.instrument import Instrument, choose_device, one_thread
from synth.models.encoder import Inverter
from synth.models.layers import ModulatedConv
from synth.models.stylegan2 import Generator, GeneratorConfig, Noise, draw_noise
from synth.models.weights import read_weights
from synth.morph import Morph, Way
from synth.own import Own
from synth.own import read as read_own
from synth.patch import Patch
from synth.sound import Sound

KEPT_NOISES, KEPT_FACTORS, KEPT_PACES, KEPT_TRACKS = 4, 8, 16, 64
SILENCE = 1e-6  # of full scale


class StyleInstrument(Instrument):
    """A StyleGAN2 generator with its codec, directions, prototypes and encoder."""

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
        self._track = lru_cache(KEPT_TRACKS)(self._tracked)  # a slider that moves asks for it at every position
        self._even = lru_cache(KEPT_PACES)(self._paced)  # a second's work, which a place that moves asks for again

    @classmethod
    def load(cls, model: str | Path, device: str = "auto") -> StyleInstrument:
        """Loads a model by id, or from a checkpoint folder; raises CheckpointError if anything is amiss, and where the
        model has no latent space W."""
        folder = Path(model) if isinstance(model, Path) else find(model)
        card = verify(folder)
        if not can(card.family, SPACE):
            raise CheckpointError(f"{card.id} has no latent space W: choose a model of the family stylegan2")
        try:
            generator = Generator(GeneratorConfig.from_dict(card.network))
            generator.load_state_dict(read_weights(folder / "generator.safetensors"))
            vectors = _rows(folder, "directions", generator)
            codec = from_settings(card.codec)
            if not isinstance(codec, GaussianLogSTFT):
                raise ValueError(f"{card.family} works on GaussianLogSTFT")
            directions = tuple(
                Direction(d["name"], v, d["scale"], tuple(d["layers"]), d["provenance"], calibration=_calibration(d))
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
        self._even.cache_clear()
        self._track.cache_clear()

    @property
    def z_dim(self) -> int:
        return self.generator.config.z_dim

    @property
    def device(self) -> torch.device:
        return self.generator.w_avg.device

    def synthesise(self, patch: Patch) -> Tensor:
        """The codec tensor of a patch, (1, 1, F, T), on the CPU."""
        # In float32 everywhere: bfloat16, which some processors have, is one more way for machines to differ.
        return self.generator(self._moved(self.latent(patch), patch), self._noise(patch.seed)).cpu()

    def _moved(self, ws: Tensor, patch: Patch, held: Tensor | None = None) -> Tensor:
        """w+ after the patch's prototype and sliders.

        held: w+ by which calibrated sliders are placed in the stead of `ws`, where that is one of many and measuring
        each would take a second.
        """
        asked = {name: d for name in patch.sliders if (d := self._factor(name))}
        start = self._pulled(ws, patch)
        places = self._places(start if held is None else self._pulled(held, patch), patch)
        return bend(start, places, self._by_name | asked)

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
        return listener.track(ws, self._noise(seed), direction, direction.calibration.descriptor)

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

    @property
    def _length(self) -> float:
        """Of a standard deviation of latents in W."""
        return float(self._spread.square().sum().sqrt())

    # -- sounds that are given --------------------------------------------------------------------------------------

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
            drawn = sketch(self.generator, self._draw_noise(patch.seed), ws, target, self._length)
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
            noise = self._draw_noise(patch.seed)  # not the kept one, which autograd may not have
            start = self.latent(patch).clone()

        def make(ws: Tensor) -> Tensor:
            made: Tensor = self.generator(self._moved(ws, patch, held=start), noise)
            return made

        run = refine(make, start, target, self._length)
        while True:
            with one_thread():
                step = next(run)
            yield step

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
            encoder = Inverter.build(weights, self.generator.config.num_ws)
        except (KeyError, ValueError, RuntimeError, OSError, SafetensorError) as error:
            raise CheckpointError(f"{self.card.id} has no encoder that fits it: restore its folder") from error
        return encoder.eval().requires_grad_(False).to(self.device)

    # -- directions of a listener's own sounds ----------------------------------------------------------------------

    def tell_apart(self, name: str, more: Sequence[Example], less: Sequence[Example]) -> Trial:
        """The direction from the second group of sounds to the first, to be measured; see control/examples.py.

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
            tensor = self.generator(ws, self._noise(seed)).cpu()
            samples = self.codec.decode(tensor[0], method="pghi", seed=seed)
        return np.array(list(describe(samples, self.codec.sample_rate).values()))

    # -- places between sounds, and around them ---------------------------------------------------------------------

    @torch.inference_mode()
    def morphed(self, morph: Morph) -> Patch:
        """The patch of a morph's place: latent there, category of the nearest corner, noise and all else of A.

        Raises PatchError for corners that the model does not have, and for rows that it has not; CheckpointError where
        its pace is even and the weights of LPIPS are missing.
        """
        a = morph.corners[0]
        with one_thread():
            latent = _numbers(self._between(morph))
        return replace(a, category=morph.nearest.category, latent=latent, psi=1.0, prototype=None, pull=0.0, sliders={})

    def _between(self, morph: Morph) -> Tensor:
        """w+ (1, num_ws, w_dim) of a morph's place."""
        last = self.generator.config.num_ws - 1
        if morph.layers and morph.layers[1] > last:
            raise PatchError("layers", f"{self.card.id} has rows 0 to {last}; choose among them")
        a, corners = morph.corners[0], morph.corners
        if morph.pace == "even" and len(corners) == 2 and 0.0 < morph.x < 1.0:
            morph = replace(morph, x=self._even(replace(morph, x=0.0, y=0.0, pace="linear"))(morph.x))
        own = [self.latent(patch) for patch in corners]
        places = own
        if morph.path == "z":
            # One z for all corners; their truncations, prototypes and sliders are what is left to blend.
            z = on_square([draw_z(patch.seed, self.generator.config.z_dim) for patch in corners], morph.x, morph.y)
            places = [self.latent(replace(patch, latent=tuple(z[0].tolist()))) for patch in corners]
        moved = [self._moved(ws, patch, held) for ws, patch, held in zip(places, corners, own, strict=True)]
        there = blend(moved, morph.weights)
        return follow(self._moved(own[0], a), there, morph.layers) if morph.layers else there

    def _paced(self, line: Morph) -> Callable[[float], float]:
        """Where on the path between two sounds, whose pace is linear, each share of what is heard is reached."""
        noise = self._noise(line.corners[0].seed)
        return even(lambda share: self._between(replace(line, x=share)), lambda ws: self._made(ws, noise))

    def _made(self, ws: Tensor, noise: Noise) -> Tensor:
        """Codec tensors (n, 1, F, T) of w+ (n, num_ws, w_dim), all with one noise."""
        made: Tensor = self.generator(ws, noise.repeated(len(ws)))
        return made

    @torch.inference_mode()
    def glide(self, way: Way) -> Iterator[Stretch]:
        """A way as one sound that moves along it, a stretch longer each time; `sounded` makes the last one a sound.

        Raises as `morphed`.
        """
        a = way.morph.corners[0]

        def make(places: Tensor, number: int) -> Tensor:
            ws = torch.cat([self._between(way.at(place)) for place in places.tolist()])
            return self._made(ws, self._draw_noise((a.seed + number) % 2**32)).cpu()

        length = round(way.seconds * self.codec.sample_rate / self.codec.hop)
        run = glide(make, self.codec.magnitude, self.codec.frames, length)
        while True:
            with one_thread(), torch.inference_mode():
                stretch = next(run, None)
            if stretch is None:
                return
            yield stretch

    def sounded(self, stretch: Stretch, patch: Patch) -> Sound:
        """The sound of a stretch, with the phase method, the loudness and the fades of a patch; it carries none."""
        with one_thread():
            samples = reconstruct(stretch.magnitude, self.codec.stft, patch.phase, patch.seed)[None]
        rate = self.codec.sample_rate
        return Sound(fades(normalise(samples, rate, patch.lufs), rate, patch.fade_in, patch.fade_out), rate)

    @torch.inference_mode()
    def neighbours(self, patch: Patch, distance: float, count: int, seed: int, space: str = "w") -> list[Patch]:
        """Patches around a patch, its sliders and all else alike; the first ones are the same for every count.

        distance: in units of the spread within a category; space: "w", or "z" for a seed, whose neighbours stay draws
        of its category. Raises PatchError.
        """
        if space not in ("w", "z"):
            raise PatchError("space", "must be w or z")
        with one_thread():
            if space == "w":
                around = displaced(self.latent(patch), self._spread, distance, count, seed)
                return [replace(patch, latent=_numbers(ws[None]), psi=1.0) for ws in around]
            z_dim = self.generator.config.z_dim
            if patch.latent is not None and len(patch.latent) != z_dim:
                raise PatchError("space", "z is for seeds, and this sound is none; choose w")
            z = draw_z(patch.seed, z_dim) if patch.latent is None else torch.tensor([patch.latent])
            return [replace(patch, latent=tuple(near.tolist())) for near in turned(z, distance, count, seed)]

    @torch.inference_mode()
    def picture(self, patch: Patch) -> np.ndarray:
        """Levels of the codec tensor, uint8 (F, T), row 0 the lowest: what a sound looks like before its phase is
        found. 255 is the loudest bin, 0 the codec's floor or less. Raises as `render`."""
        with one_thread():
            levels = self.synthesise(patch)[0, 0]
        return (255.0 * (1.0 + 0.5 * (levels - levels.max())).clamp(0.0, 1.0)).round().to(torch.uint8).numpy()

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

    def _pulled(self, ws: Tensor, patch: Patch) -> Tensor:
        """w+ moved towards the patch's prototype."""
        if patch.prototype is None:
            return ws
        for prototype in self.prototypes:
            if prototype.name == patch.prototype:
                return pull(ws, prototype, patch.pull)
        known = ", ".join(p.name for p in self.prototypes) or "none: this model has no prototypes"
        raise PatchError("prototype", f"{patch.prototype!r} is no prototype of {self.card.id}: use {known}")


def _numbers(ws: Tensor) -> tuple[float, ...]:
    """w+ (1, num_ws, w_dim) as a patch's latent: w alone where all rows are one, for shorter links."""
    rows = ws[0, :1] if bool((ws == ws[:, :1]).all()) else ws[0]
    return tuple(rows.flatten().tolist())


def _unpacked(own: Own) -> Direction:
    return Direction(own.name, torch.tensor(own.vector), own.scale, own.layers, own.provenance)


def _calibration(described: Mapping[str, Any]) -> Calibration | None:
    """What a card says of a direction's; raises KeyError, TypeError or ValueError for what is none."""
    if not (values := described.get("calibration")):
        return None
    if values["descriptor"] not in DESCRIPTORS:
        raise ValueError(f"{values['descriptor']} is no descriptor")
    return Calibration(values["descriptor"], float(values["step"]))


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
