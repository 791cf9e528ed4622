"""Places between sounds and around them, and the way from one to another as a sound."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property, lru_cache, partial
from typing import Any

import torch
from torch import Tensor

from synth.audio.maps import Maps
from synth.directions.direction import draw_z
from synth.errors import PatchError
from synth.instruments.instrument import one_thread
from synth.instruments.sounding import Sounding, always
from synth.latents.between import blend, follow, on_square
from synth.latents.glide import Stretch
from synth.latents.pace import even
from synth.latents.variations import displaced, turned
from synth.patch import lanes, strokes
from synth.patch.morph import Morph, Way
from synth.patch.patch import Patch
from synth.patch.residual import Residual, mixed
from synth.sound.sound import Sound

KEPT_PACES = 16


class Ways(Sounding):
    """Morphs, glides and neighbours in its space."""

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
            **self._drawn_between(morph),
        )

    @torch.inference_mode()
    def settled(self, patch: Patch) -> Patch:
        with one_thread():
            latent = _numbers(self._moved(self.latent(patch), patch))
        return replace(patch, latent=latent, psi=1.0, prototype=None, pull=0.0, sliders={})

    def _kept(self, morph: Morph) -> Residual | None:
        """What is kept beside the latents of a morph's place: of each corner by its weight."""
        parts = [patch.kept for patch in morph.corners]
        if len({part[0].shape for part in parts if part}) > 1:
            raise PatchError("residual", "is of sounds of different models: match them with the same one")
        return mixed(list(zip(parts, morph.weights, strict=True)))

    def _drawn_between(self, morph: Morph) -> dict[str, Any]:
        """Strokes and lanes of a morph's place: those of each corner by its weight."""
        corners = list(zip(morph.corners, morph.weights, strict=True))
        painted = strokes.mixed([(patch.painted, weight) for patch, weight in corners])
        moving = lanes.mixed([(patch.automated, weight) for patch, weight in corners])
        return {"strokes": strokes.text(painted) or None, "lanes": lanes.text(moving) or None}

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

    @cached_property
    def _even(self) -> Callable[[Morph], Callable[[float], float]]:
        """`_paced`, kept: it is a second's work, which a place that moves asks for again."""
        return lru_cache(KEPT_PACES)(self._paced)

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
            drawn = zip(means.split(1), gates.split(1), points, strict=True)
            levels = [self._on_the_way(mean, gate, point) for mean, gate, point in drawn]
            return [Maps.of(self.codec, mean[0], gate[0]) for mean, gate in levels]

        yield from self._gliding(make, way.seconds)

    def _on_the_way(self, mean: Tensor, gate: Tensor, point: Morph) -> tuple[Tensor, Tensor]:
        """Mean and gate (1, 1, F, T) of a point of a way, with what is kept and painted there."""
        kept = self._kept(point)
        levels = self._with_residual(mean, gate, (kept, 1.0) if kept else None)
        return self._drawn_on(*levels, replace(point.nearest, **self._drawn_between(point)))

    def sounded(self, stretch: Stretch, patch: Patch) -> Sound:
        """The sound of a stretch, decoded and finished as a patch says, all of it; it carries none."""
        whole = replace(patch, stretch=1.0, length=None, start=False, end=False, loop=False)
        with one_thread():
            samples = self.player.play(whole, partial(always, stretch.maps))
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

    def read_own(self) -> None:
        super().read_own()
        vars(self).pop("_even", None)

    def around(self, patch: Patch, distance: float, count: int, seed: int) -> list[Patch]:
        return self.neighbours(patch, distance, count, seed)


def _numbers(ws: Tensor) -> tuple[float, ...]:
    """w+ (1, num_ws, w_dim) as a patch's latent: w alone where all rows are one, for shorter links."""
    rows = ws[0, :1] if bool((ws == ws[:, :1]).all()) else ws[0]
    return tuple(rows.flatten().tolist())
