"""The map of a model that plays: the sound of any place, the place of any sound, and a journey over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache

import numpy as np
import torch
from torch import Tensor

from synth.audio.maps import Maps
from synth.chart.chart import Chart, mixed
from synth.chart.chart_file import read
from synth.directions.direction import draw_z
from synth.errors import CheckpointError, PatchError
from synth.instruments.instrument import one_thread
from synth.instruments.ways import Ways
from synth.latents.glide import Stretch
from synth.latents.pace import even
from synth.patch.patch import Patch
from synth.patch.place import Place

KEPT_JOURNEYS = 4

Track = tuple[tuple[float, float], ...]


class Charted(Ways):
    """A model with its chart; all of it raises CheckpointError where there is none."""

    @cached_property
    def chart(self) -> Chart:
        if self._folder is None:
            raise CheckpointError(f"{self.card.id} has no map: it lies in no folder")
        return read(self._folder, self.card)

    @cached_property
    @torch.inference_mode()
    def charted(self) -> Tensor:
        """w (n, w_dim) of the chart's points."""
        mapping, chart = self.generator.mapping, self.chart
        codes = mapping.codes[torch.from_numpy(chart.clips.astype(np.int64)).to(self.device)]
        if not len(chart.seeds):
            return codes
        z = torch.cat([draw_z(seed, self.z_dim) for seed in chart.seeds.tolist()]).to(self.device)
        labels = torch.from_numpy(chart.categories[len(chart.clips) :].astype(np.int64)).to(self.device)
        return torch.cat([codes, mapping(z, labels)])

    def point(self, number: int) -> Patch:
        """The patch of a point: a seed, or the code of a clip. Raises PatchError for a number that there is not."""
        chart = self.chart
        if not 0 <= number < len(chart.points):
            raise PatchError("point", f"must be 0..{len(chart.points) - 1}, not {number}")
        category = self.card.categories[chart.categories[number]]
        if number >= len(chart.clips):
            return Patch(self.card.id, category, int(chart.seeds[number - len(chart.clips)]))
        return Patch(self.card.id, category, latent=tuple(self.charted[number].tolist()))

    def placed(self, place: Place) -> Patch:
        """The patch of a place: a mix of the w around it, category of the nearest, the noise of seed 0 everywhere."""
        near, _ = self.chart.around(place.x, place.y)
        category = self.card.categories[self.chart.categories[near[0]]]
        return Patch(self.card.id, category, latent=tuple(self._there((place.x, place.y)).tolist()))

    @torch.inference_mode()
    def found(self, patch: Patch) -> tuple[float, float]:
        """The place of a sound: that of the points whose w are nearest. Raises PatchError."""
        with one_thread():
            w = self._moved(self.latent(patch), patch).mean(1)
            distances = (self.charted - w).norm(dim=1).cpu().numpy().astype(np.float64)
        near, weights = mixed(distances)
        x, y = (weights @ self.chart.points[near].astype(np.float64)).tolist()
        return float(x), float(y)

    @torch.inference_mode()
    def travelled(self, track: Track, seconds: float) -> Iterator[Stretch]:
        """A journey along a line of places as one sound, at an even pace, a stretch longer each time; `sounded` makes
        the last one a sound. Raises PatchError for a line of less than two places."""
        if len(track) < 2:
            raise PatchError("track", "has one place: draw a line over the map")
        pace = self._even_journey(track)

        def make(shares: Tensor) -> list[Maps]:
            ws = torch.stack([self._there(along(track, pace(share))) for share in shares.tolist()])
            means, gates = self.generator.synthesis(self.generator.broadcast(ws))
            return [Maps.of(self.codec, mean, gate) for mean, gate in zip(means, gates, strict=True)]

        yield from self._gliding(make, seconds)

    @cached_property
    def _even_journey(self) -> Callable[[Track], Callable[[float], float]]:
        return lru_cache(KEPT_JOURNEYS)(self._journey)

    def _journey(self, track: Track) -> Callable[[float], float]:
        """Where on a line of places each share of what is heard is reached."""
        texture = self._texture(0)
        return even(
            lambda share: self.generator.broadcast(self._there(along(track, share))[None]),
            lambda ws: self.generator(ws, texture),
        )

    def _there(self, place: tuple[float, float]) -> Tensor:
        """w (w_dim,) of a place."""
        near, weights = self.chart.around(*place)
        shares = torch.from_numpy(weights.astype(np.float32)).to(self.device)
        return shares @ self.charted[torch.from_numpy(near).to(self.device)]


def along(track: Sequence[tuple[float, float]], share: float) -> tuple[float, float]:
    """The place after a share of a line's length, 0..1."""
    line = np.asarray(track, np.float64)
    walked = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    x, y = (float(np.interp(share * walked[-1], walked, line[:, axis])) for axis in (0, 1))
    return x, y
