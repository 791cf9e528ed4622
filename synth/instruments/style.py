"""The instrument of a StyleGAN2: all that its latent space W allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache, partial
from itertools import count
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from torch import Tensor

from synth.audio.codecs import GaussianLogSTFT
from synth.audio.decoder import decode
from synth.audio.descriptors import describe
from synth.audio.loudness import fades, normalise
from synth.audio.maps import Maps
from synth.audio.texture import noise_field
from synth.checkpoint.families import SPACE, can
from synth.checkpoint.store import Card, find, verify
from synth.directions import examples
from synth.directions.direction import NOISE_STREAM, Direction, bend, draw_z
from synth.directions.examples import Example, Trial
from synth.directions.listening import Listener
from synth.directions.prototypes import Prototype, pull
from synth.directions.sefa import pca_directions, sefa_directions, spread_root
from synth.errors import AudioError, CheckpointError, PatchError
from synth.instruments.instrument import Instrument, choose_device, one_thread
from synth.instruments.rendering import Player
from synth.instruments.stored import named, stored
from synth.latents.between import blend, follow, on_square
from synth.latents.glide import Stretch, glide
from synth.latents.inversion import encode
from synth.latents.keeping import residual
from synth.latents.match import Step, Target, nearest_category, refine, sketch
from synth.latents.pace import even
from synth.latents.variations import displaced, turned
from synth.models.encoder import Inverter
from synth.models.stylegan2 import Generator
from synth.models.weights import read_weights
from synth.patch.factors import Factor, Layers
from synth.patch.morph import Morph, Way
from synth.patch.patch import Patch
from synth.patch.residual import Residual, mixed
from synth.sound.sound import Sound
from synth.sound.stream import crossed, limited

KEPT_TEXTURES, KEPT_FACTORS, KEPT_PACES, KEPT_TRACKS = 4, 8, 16, 64
SILENCE = 1e-6  # of full scale
SEEDS = 1 << 32
ASTRAY = 0.15  # of the spread within a category: how far the passes of a sound that goes on lie around it
CROSSFADE = 0.5  # s, between the passes of an endless one


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
        self.codec = codec
        self.directions = directions
        self.prototypes = prototypes
        self._folder = folder
        self._by_name = {d.name: d for d in directions}
        self._texture = lru_cache(KEPT_TEXTURES)(self._draw_texture)  # a slider that moves keeps its seed
        self._found = lru_cache(KEPT_FACTORS)(self._factorise)
        self._track = lru_cache(KEPT_TRACKS)(self._tracked)  # a slider that moves asks for it at every position
        self._even = lru_cache(KEPT_PACES)(self._paced)  # a second's work, which a place that moves asks for again

    @classmethod
    def load(cls, model: str | Path, device: str = "auto", card: Card | None = None) -> StyleInstrument:
        """Loads a model by id, or from a checkpoint folder; card: where it was read already. Raises CheckpointError if
        anything is amiss, and where the model has no latent space W."""
        folder = Path(model) if isinstance(model, Path) else find(model)
        card = verify(folder, card)
        if not can(card.family, SPACE):
            raise CheckpointError(f"{card.id} has no latent space W: choose a model of the family stylegan2")
        found = stored(folder, card)
        generator = found.generator.to(choose_device(device))
        loaded = cls(card, generator, found.codec, found.directions, found.prototypes, folder)
        loaded.read_own()
        return loaded

    def read_own(self) -> None:
        """Takes up the directions that a person named, as they are on the disk now; raises CheckpointError."""
        found = named(self._folder, self.card, self.generator.config) if self._folder else ()
        self._by_name = {d.name: d for d in (*self.directions, *found)}
        self._even.cache_clear()
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

    def synthesise(self, patch: Patch) -> Tensor:
        """The codec tensor of a patch, (1, 1, F, T), on the CPU."""
        # In float32 everywhere: bfloat16, which some processors have, is one more way for machines to differ.
        levels = self._levels(self._moved(self.latent(patch), patch), patch)
        return self.generator.compose(*levels, self._texture(patch.seed)).cpu()

    def _levels(self, ws: Tensor, patch: Patch) -> tuple[Tensor, Tensor]:
        """Mean and gate of w+ (1, num_ws, w_dim), each (1, 1, F, T), with what the patch keeps beside its latent."""
        alike = bool((ws == ws[:, :1]).all())
        mean, gate = self.generator.synthesis(ws[:, :1] if alike else ws)
        return self._with_residual(mean, gate, patch.kept)

    def _with_residual(self, mean: Tensor, gate: Tensor, heard: tuple[Residual, float] | None) -> tuple[Tensor, Tensor]:
        if heard is None:
            return mean, gate
        kept, amount = heard
        if kept.shape != tuple(mean.shape[2:]):
            raise PatchError("residual", f"is not of a sound of {self.card.id}: leave it out, or match the sound anew")
        level, noise = (torch.from_numpy(of.map()).to(mean) * amount for of in (kept.mean, kept.gate))
        config = self.generator.config
        return mean + level / config.half_range_db, (gate + noise).clamp(0.0, config.gate_max)

    # -- what is heard ------------------------------------------------------------------------------------------------

    @property
    def quickest(self) -> str:
        return "texture"

    @property
    def player(self) -> Player:
        return Player(self.codec.sample_rate, self.card.one_shot)

    def _played(self, patch: Patch) -> np.ndarray:
        return self.player.play(patch, self._passes(patch))

    def _passes(self, patch: Patch) -> Callable[[int], Maps]:
        """Maps of a sound, and of as many others near by as it takes to go on."""
        ws = self._moved(self.latent(patch), patch)

        def pass_(number: int) -> Maps:
            near = ws if not number else displaced(ws, self._spread, ASTRAY, 1, (patch.seed + number) % SEEDS)
            mean, gate = self._levels(near, patch)
            return Maps.of(self.codec, mean[0], gate[0])

        return lru_cache(1)(pass_)

    @torch.inference_mode()
    def endless(self, patch: Patch) -> Iterator[Sound]:
        if self.card.one_shot:
            return super().endless(patch)
        whole = replace(patch, length=None, start=False, end=False, loop=False)
        return limited(crossed(self._blocks(whole), CROSSFADE))

    def _blocks(self, patch: Patch) -> Iterator[Sound]:
        """Pass after pass, all with the gain that brings the first to the patch's loudness."""
        rate = self.codec.sample_rate
        passes, gain = self._passes(patch), 0.0
        for number in count():
            with one_thread(), torch.inference_mode():
                own, maps = replace(patch, seed=(patch.seed + number) % SEEDS), passes(number)
                samples = self.player.play(own, partial(_always, maps))
            if not number:
                peak = float(np.abs(samples).max())
                gain = float(np.abs(normalise(samples, rate, patch.lufs)).max()) / peak if peak else 1.0
                samples = fades(samples, rate, patch.fade_in, 0.0)
            yield Sound(samples * np.float32(gain), rate)

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
        there = self._kept(morph)
        return replace(
            a,
            category=morph.nearest.category,
            latent=latent,
            psi=1.0,
            prototype=None,
            pull=0.0,
            sliders={},
            residual=there.to_text() if there else None,
            residual_amount=1.0,
        )

    def _kept(self, morph: Morph) -> Residual | None:
        """What is kept beside the latents of a morph's place: of each corner by its weight."""
        parts = [patch.kept for patch in morph.corners]
        if len({part[0].shape for part in parts if part}) > 1:
            raise PatchError("residual", "is of sounds of different models: match them with the same one")
        return mixed(list(zip(parts, morph.weights, strict=True)))

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
        texture = self._texture(line.corners[0].seed)
        return even(lambda share: self._between(replace(line, x=share)), lambda ws: self.generator(ws, texture))

    @torch.inference_mode()
    def glide(self, way: Way) -> Iterator[Stretch]:
        """A way as one sound that moves along it, a stretch longer each time; `sounded` makes the last one a sound.

        Raises as `morphed`.
        """

        def make(places: Tensor) -> list[Maps]:
            points = [way.at(place) for place in places.tolist()]
            means, gates = self.generator.synthesis(torch.cat([self._between(point) for point in points]))
            kept = [(of, 1.0) if (of := self._kept(point)) else None for point in points]
            drawn = zip(means.split(1), gates.split(1), kept, strict=True)
            levels = [self._with_residual(mean, gate, of) for mean, gate, of in drawn]
            return [Maps.of(self.codec, mean[0], gate[0]) for mean, gate in levels]

        length = round(way.seconds * self.codec.sample_rate / self.codec.hop)
        run = glide(make, self.codec.frames, length)
        while True:
            with one_thread(), torch.inference_mode():
                stretch = next(run, None)
            if stretch is None:
                return
            yield stretch

    def sounded(self, stretch: Stretch, patch: Patch) -> Sound:
        """The sound of a stretch, decoded and finished as a patch says, all of it; it carries none."""
        whole = replace(patch, stretch=1.0, length=None, start=False, end=False, loop=False)
        with one_thread():
            samples = self.player.play(whole, partial(_always, stretch.maps))
        return replace(self._finished(samples, whole), patch=None)

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

    def _draw_texture(self, seed: int) -> Tensor:
        rng = torch.Generator().manual_seed(seed ^ NOISE_STREAM)
        return noise_field(self.codec.stft, 1, self.codec.frames, rng).to(self.device)

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


def _always(maps: Maps, number: int) -> Maps:
    """One pass for all."""
    return maps
