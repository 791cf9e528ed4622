"""An area of a sound, filled anew from the model: sounds of other seeds that fit what is around it.

Inpainting by search: of CANDIDATES sounds of the same patch, those are proposed that agree best with this one along the
edge of the area, in level and in how much is noise. What is inside is theirs, so a sound stays of its category.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch

from synth.audio.painting import Picture, area, fitting
from synth.errors import PatchError
from synth.instruments.instrument import one_thread
from synth.instruments.sounding import SEEDS, TOGETHER, Sounding
from synth.patch.patch import Patch
from synth.patch.strokes import Stroke

CANDIDATES = 64
PROPOSALS = 4
RIM = (0.05, 0.05)  # of the sound, around the edge of an area: what the fill has to agree with
ALIKE_DB = 2.0  # two fills that differ by less are one
NOISE_DB = 12.0  # what it counts where one has noise and the other a tone


class Filling(Sounding):
    """Finds what could stand in an area of a sound."""

    @torch.inference_mode()
    def fills(self, patch: Patch, asked: Stroke, count: int = PROPOSALS) -> list[Stroke]:
        """At most `count` strokes that fill the area of a stroke, the one that fits best first, each of another sound.

        Raises PatchError for a stroke that is no area, and as `render`.
        """
        if asked.tool != "fill":
            raise PatchError("area", f"is a {asked.tool}: send a stroke with the tool fill")
        patch = self.spelled(patch)
        with one_thread():
            ws = self._moved(self.latent(patch), patch)
            here = self._shown(*self._levels(ws, patch))
            inside = area(asked, *here[0].shape)
            outside = area(replace(asked, size=RIM, softness=1.0), *here[0].shape)
            rim = (outside > 0.0) & (outside < 1.0)
            found = [(self._misfit(here, other, rim), seed, other) for seed, other in self._others(patch)]
        taken: list[tuple[int, Picture]] = []
        for _, seed, other in sorted(found, key=lambda one: one[:2]):
            if len(taken) < count and all(_apart(other, known, inside) > ALIKE_DB for _, known in taken):
                taken.append((seed, other))
        return [replace(asked, seed=seed) for seed, _ in taken]

    def _others(self, patch: Patch) -> Iterator[tuple[int, Picture]]:
        """Seeds after that of the patch, and what its sound would be with them."""
        for first in range(1, CANDIDATES + 1, TOGETHER):
            seeds = [(patch.seed + k) % SEEDS for k in range(first, min(first + TOGETHER, CANDIDATES + 1))]
            means, gates = self._drawn(torch.cat([self._of_seed(patch, seed)[0] for seed in seeds]))
            for seed, mean, gate in zip(seeds, means.split(1), gates.split(1), strict=True):
                yield seed, self._shown(mean, gate)

    def _misfit(self, here: Picture, other: Picture, rim: np.ndarray) -> float:
        """dB by which two sounds differ along a rim, once they are as loud there as each other."""
        floor = self.codec.floor_db
        level, there = (np.maximum(of[0], floor) for of in (here, other))
        raised = there + fitting(level, there, np.where(rim, 0.5, 1.0), floor)
        off = np.abs(level - raised) + NOISE_DB * np.abs(here[1] - other[1])
        return float(off[rim].mean()) if rim.any() else 0.0


def _apart(one: Picture, other: Picture, inside: np.ndarray) -> float:
    """dB by which two sounds differ inside an area."""
    weight = float(inside.sum())
    return float((np.abs(one[0] - other[0]) * inside).sum()) / weight if weight else np.inf
