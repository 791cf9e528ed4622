"""What is heard of a place in W: levels, maps, samples, pictures, and scenes without end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from itertools import count, islice

import numpy as np
import torch
from torch import Tensor

from synth.audio.automation import automated
from synth.audio.loudness import fades, normalise
from synth.audio.maps import Maps
from synth.audio.painting import BELOW, Picture, painted
from synth.errors import PatchError
from synth.instruments.instrument import one_thread
from synth.instruments.latent_space import LatentSpace
from synth.instruments.rendering import Player
from synth.latents.glide import Stretch, glide
from synth.latents.variations import displaced
from synth.patch.lanes import SLIDER_RANGE, SLIDERS, total
from synth.patch.patch import Patch
from synth.patch.residual import Residual
from synth.pool import in_order
from synth.sound.sound import Sound
from synth.sound.stream import crossed, limited

SEEDS = 1 << 32
TOGETHER = 16  # sounds that the network makes at once, where many are asked for
ASTRAY = 0.15  # of the spread within a category: how far the passes of a sound that goes on lie around it
KNOTS = 9  # places of W that a sound goes through whose sliders move over time
CROSSFADE = 0.5  # s, between the passes of an endless one


class Sounding(LatentSpace):
    """Plays the places of its space."""

    def synthesise(self, patch: Patch) -> Tensor:
        """The codec tensor of a patch, (1, 1, F, T), on the CPU."""
        # In float32 everywhere: bfloat16, which some processors have, is one more way for machines to differ.
        levels = self._levels(self._moved(self.latent(patch), patch), patch)
        return self.generator.compose(*levels, self._texture(patch.seed)).cpu()

    def _levels(self, ws: Tensor, patch: Patch) -> tuple[Tensor, Tensor]:
        """Mean and gate of w+ (1, num_ws, w_dim), each (1, 1, F, T), with what the patch keeps beside its latent."""
        return self._finished_maps(*(self._along(ws, patch) if _bends(patch) else self._drawn(ws)), patch)

    def _along(self, ws: Tensor, patch: Patch) -> tuple[Tensor, Tensor]:
        """The same where sliders move over time: between KNOTS of w+, each around `ws` as its own sliders are around
        those of the patch, the levels of a frame go evenly."""
        start, moving = self.latent(patch), {lane.name for lane in patch.automated if lane.name.startswith(SLIDERS)}
        times = np.linspace(0.0, 1.0, KNOTS)
        by = {name.removeprefix(SLIDERS): total(patch.automated, name, times) for name in moving}
        still = self._moved(start, patch)
        knots = [
            self._moved(start, replace(patch, sliders=_at(patch.sliders, {name: of[k] for name, of in by.items()})))
            for k in range(KNOTS)
        ]
        means, gates = self._drawn(torch.cat([ws + knot - still for knot in knots]))
        return _between(means), _between(gates)

    def _drawn(self, ws: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and gate of w+ (B, num_ws, w_dim), each (B, 1, F, T), to the bits that each sound has alone."""
        alike = (ws == ws[:, :1]).flatten(1).all(1)
        if alike.any() and not alike.all():  # alone, those of one w for all rows take the quicker way
            mean, gate = (torch.cat(of) for of in zip(*map(self._drawn, ws.split(1)), strict=True))
        else:
            mean, gate = self.generator.synthesis(ws[:, :1] if alike.all() else ws, apart=True)
        return mean, gate

    def _finished_maps(self, mean: Tensor, gate: Tensor, patch: Patch) -> tuple[Tensor, Tensor]:
        """Mean and gate (1, 1, F, T) of a patch as the network draws them, with what was kept and painted on them."""
        return self._drawn_on(*self._with_residual(mean, gate, patch.kept), patch)

    def _drawn_on(self, mean: Tensor, gate: Tensor, patch: Patch) -> tuple[Tensor, Tensor]:
        """The same with the strokes and the lanes of a patch."""
        if not patch.painted and not patch.automated:
            return mean, gate

        def drawn(seed: int) -> Picture:
            return self._shown(*self._levels(*self._of_seed(patch, seed)))

        floor = self.codec.floor_db
        level, noise = painted(*self._shown(mean, gate), patch.painted, floor, drawn)
        level, noise = automated(level, noise, patch.automated, floor - BELOW)
        found = [torch.from_numpy(of)[None, None].to(mean) for of in (level / self._unit + 1.0, noise)]
        return found[0], found[1]

    @property
    def _unit(self) -> np.float32:
        """dB from the middle of a codec tensor's range to its ends."""
        return np.float32(self.generator.config.half_range_db)

    def _shown(self, mean: Tensor, gate: Tensor) -> Picture:
        """Mean and gate (1, 1, F, T) as level in dB and gate, (F, T) each."""
        return (mean[0, 0].cpu().numpy() - np.float32(1.0)) * self._unit, gate[0, 0].cpu().numpy()

    def _of_seed(self, patch: Patch, seed: int) -> tuple[Tensor, Patch]:
        """w+ of the same patch of another seed, and that patch, with nothing painted on it."""
        other = replace(patch, seed=seed, latent=None, residual=None, strokes=None, lanes=None)
        return self._moved(self.latent(other), other), other

    def _with_residual(self, mean: Tensor, gate: Tensor, heard: tuple[Residual, float] | None) -> tuple[Tensor, Tensor]:
        if heard is None:
            return mean, gate
        kept, amount = heard
        if kept.shape != tuple(mean.shape[2:]):
            raise PatchError("residual", f"is not of a sound of {self.card.id}: leave it out, or match the sound anew")
        level, noise = (torch.from_numpy(of.map()).to(mean) * amount for of in (kept.mean, kept.gate))
        config = self.generator.config
        return mean + level / config.half_range_db, (gate + noise).clamp(0.0, config.gate_max)

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
        return self._from(patch, ws, self._levels(ws, patch))

    def _from(self, patch: Patch, ws: Tensor, levels: tuple[Tensor, Tensor]) -> Callable[[int], Maps]:
        """The same where w+ (1, num_ws, w_dim) of the sound itself and what `_levels` makes of it are known."""

        def pass_(number: int) -> Maps:
            mean, gate = levels if not number else self._levels(self._astray(ws, patch.seed + number), patch)
            return Maps.of(self.codec, mean[0], gate[0])

        return lru_cache(1)(pass_)

    def _gliding(self, make: Callable[[Tensor], list[Maps]], seconds: float) -> Iterator[Stretch]:
        """A glide of so long, a stretch longer each time; between two of them other sounds have the threads."""
        run = glide(make, self.codec.frames, round(seconds * self.codec.sample_rate / self.codec.hop))
        while True:
            with one_thread(), torch.inference_mode():
                stretch = next(run, None)
            if stretch is None:
                return
            yield stretch

    def _astray(self, ws: Tensor, seed: int) -> Tensor:
        return displaced(ws, self._spread, ASTRAY, 1, seed % SEEDS)

    def renders(self, patches: Iterable[Patch], threads: int = 1) -> Iterator[Sound]:
        """As `render`, to the bit: the network makes TOGETHER of them at once."""
        return in_order(lambda drawn: self._sound(*drawn), self._many(patches), threads)

    def _many(self, patches: Iterable[Patch]) -> Iterator[tuple[Patch, Tensor, tuple[Tensor, Tensor]]]:
        """Each patch with its w+ and its levels, as `_levels` has them."""
        waiting = iter(patches)
        while batch := [self.spelled(patch) for patch in islice(waiting, TOGETHER)]:
            with one_thread(), torch.inference_mode():
                ws = [self._moved(self.latent(patch), patch) for patch in batch]
                drawn = self._drawn(torch.cat(ws))
            for patch, place, mean, gate in zip(batch, ws, *(of.split(1) for of in drawn), strict=True):
                alone = _bends(patch)
                yield patch, place, self._levels(place, patch) if alone else self._finished_maps(mean, gate, patch)

    def _sound(self, patch: Patch, ws: Tensor, levels: tuple[Tensor, Tensor]) -> Sound:
        with one_thread(), torch.inference_mode():
            return self._finished(self.player.play(patch, self._from(patch, ws, levels)), patch)

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
                samples = self.player.play(own, partial(always, maps))
            if not number:
                peak = float(np.abs(samples).max())
                gain = float(np.abs(normalise(samples, rate, patch.lufs)).max()) / peak if peak else 1.0
                samples = fades(samples, rate, patch.fade_in, 0.0)
            yield Sound(samples * np.float32(gain), rate)

    @torch.inference_mode()
    def picture(self, patch: Patch) -> np.ndarray:
        """Levels of the codec tensor, uint8 (F, T), row 0 the lowest: what a sound looks like before its phase is
        found. 255 is the loudest bin, 0 the codec's floor or less. Raises as `render`."""
        with one_thread():
            levels = self.synthesise(patch)[0, 0]
        return (255.0 * (1.0 + 0.5 * (levels - levels.max())).clamp(0.0, 1.0)).round().to(torch.uint8).numpy()


def _bends(patch: Patch) -> bool:
    """Whether sliders of a patch move over its time."""
    return any(lane.name.startswith(SLIDERS) for lane in patch.automated)


def _at(sliders: Mapping[str, float], by: Mapping[str, float]) -> dict[str, float]:
    """Sliders moved by so much, as far as they go."""
    low, high = SLIDER_RANGE
    return {**sliders} | {name: min(max(sliders.get(name, 0.0) + float(of), low), high) for name, of in by.items()}


def _between(levels: Tensor) -> Tensor:
    """Levels (K, 1, F, T) of K moments evenly over a sound -> (1, 1, F, T), each frame between the two next to it."""
    count, frames = levels.shape[0], levels.shape[-1]
    places = torch.linspace(0.0, count - 1.0, frames).to(levels)
    here = places.long().clamp_max(count - 2)
    share = places - here
    each = torch.arange(frames, device=levels.device)
    before, after = levels[here, :, :, each], levels[here + 1, :, :, each]
    return torch.lerp(before, after, share[:, None, None]).permute(1, 2, 0)[None]


def always(maps: Maps, number: int) -> Maps:
    """One pass for all."""
    return maps
