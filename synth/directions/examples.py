"""A direction from a listener's own sounds: a few that have something, a few that lack it, and how straight it is.

The way between the two groups is the difference of their means in W, and of a mean of few sounds most is what those
sounds happen to be. So it is shrunk: each of its coordinates, by axes of the latents' covariance within a category,
keeps the share that the spread of sounds along it leaves believable, which is its posterior mean under a Gaussian
prior. What no sound of the model varies in goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from synth.audio.descriptors import DESCRIPTORS
from synth.directions.calibration import SLIDER_END
from synth.directions.direction import Direction
from synth.directions.linearity import Line, lines
from synth.errors import AudioError
from synth.sound.sound import Sound

FEWEST, MOST = 2, 32  # sounds of a group
SHRINK = 0.3  # mean variances of a coordinate of W, that chance counts for
DEVIATIONS = 2.0  # of latents along the direction, at the ends of a slider: about as far as groups are apart
SEEDS, POSITIONS = 12, (-5.0, -2.5, 0.0, 2.5, 5.0)
FIRST_SEED = 30_000  # those that the semantic sliders are measured on too
PROVENANCE = "your own sounds"

# Standard deviations of real clips within a category, of both published sets together. They stand beside what a few
# examples tell of their own spread, which is little.
SPREADS: Mapping[str, float] = {
    "brightness": 0.6,
    "rate": 1.0,
    "noisiness": 2.6,
    "attack": 1.8,
    "decay": 1.3,
    "sustain": 1.2,
}
BELIEF = 4.0  # examples that SPREADS count for
NAMED = tuple(SPREADS)  # not distance, which is meant to compare versions of one sound


@dataclass(frozen=True)
class Example:
    """A sound by its name, which errors tell."""

    name: str
    sound: Sound


@dataclass(frozen=True)
class Contrast:
    """What two groups differ in most: a descriptor, by how much in its unit, and in standard deviations of a group."""

    descriptor: str
    apart: float
    deviations: float

    @property
    def unit(self) -> str:
        return DESCRIPTORS[self.descriptor].unit


def check(more: Sequence[Example], less: Sequence[Example]) -> None:
    """Raises AudioError for groups that no direction can be made of: too few, too many, or a sound that is in both."""
    for word, group in (("more", more), ("less", less)):
        if len(group) < FEWEST:
            given = ("no sound", "one sound")[len(group)]
            raise AudioError(f'There is {given} under "{word} like this": give at least {FEWEST}, better five.')
        if len(group) > MOST:
            raise AudioError(f'There are {len(group)} sounds under "{word} like this": give at most {MOST}.')
        if twin := _twin(group):
            raise AudioError(f'"{twin[0]}" and "{twin[1]}" under "{word} like this" are one sound: leave one out.')
    both = {_content(example.sound): example.name for example in more}
    for example in less:
        if other := both.get(_content(example.sound)):
            name = f'"{other}"' if other == example.name else f'"{other}", also named "{example.name}",'
            raise AudioError(f"{name} is on both sides: take it out of one.")


def contrast(more: Sequence[Mapping[str, float]], less: Sequence[Mapping[str, float]]) -> Contrast:
    """Of the descriptors of two groups, what tells them apart most surely.

    A difference is held against the pooled spread within the groups, shrunk towards SPREADS.
    """
    return max((_contrast(name, *(np.array([d[name] for d in g]) for g in (more, less))) for name in NAMED), key=_sure)


def _contrast(name: str, more: np.ndarray, less: np.ndarray) -> Contrast:
    within = sum(float(np.square(group - group.mean()).sum()) for group in (more, less))
    freedom = len(more) + len(less) - 2 + BELIEF
    apart = float(more.mean() - less.mean())
    return Contrast(name, apart, apart / ((within + BELIEF * SPREADS[name] ** 2) / freedom) ** 0.5)


def _sure(found: Contrast) -> float:
    return abs(found.deviations)


def direction(name: str, more: Tensor, less: Tensor, root: Tensor) -> Direction:
    """The direction from the second group to the first; w+ (n, num_ws, w_dim) of each.

    root: of the covariance of w within a category (w_dim, w_dim). Raises AudioError where the model cannot tell the
    groups apart.
    """
    return slider(name, shrunk(more.mean((0, 1)) - less.mean((0, 1)), root), root, more.shape[1])


def slider(name: str, way: Tensor, root: Tensor, num_ws: int) -> Direction:
    """The direction of a way (w_dim,) in all rows of w+, as far as latents spread along it; raises as `direction`."""
    length = way.norm()
    if not length > 1e-6:
        raise AudioError("This model cannot tell the two groups apart: give sounds that differ more.")
    vector = way / length
    scale = float((root @ vector).norm()) * DEVIATIONS / SLIDER_END
    return Direction(name, vector, scale, (0, num_ws - 1), PROVENANCE)


def shrunk(way: Tensor, root: Tensor) -> Tensor:
    """C (C + s I)^-1 of a way (w_dim,), C = root^2 and s = SHRINK times its mean variance."""
    covariance = root.double() @ root.double()
    ridge = SHRINK * covariance.diagonal().mean() * torch.eye(len(covariance), dtype=torch.double)
    found: Tensor = (covariance @ torch.linalg.solve(covariance + ridge, way.double())).float()
    return found


@dataclass
class Trial:
    """A slider that is being measured, sound by sound, so that this can be shown, stopped, and gone on with.

    contrast: what it should move, or None where that is what it moves most.
    """

    direction: Direction
    contrast: Contrast | None = None
    seeds: Sequence[int] = range(FIRST_SEED, FIRST_SEED + SEEDS)
    positions: Sequence[float] = POSITIONS
    _heard: dict[tuple[int, float], np.ndarray] = field(default_factory=dict)

    def left(self) -> list[tuple[int, float]]:
        """Seeds and positions that were not heard yet."""
        return [at for seed in self.seeds for p in self.positions if (at := (seed, p)) not in self._heard]

    def note(self, seed: int, position: float, measured: np.ndarray) -> None:
        """Takes down the descriptors (len(DESCRIPTORS),) of one sound."""
        self._heard[seed, position] = measured

    @property
    def share(self) -> float:
        """What is done of it, 0..1."""
        return len(self._heard) / (len(self.seeds) * len(self.positions))

    def lines(self) -> dict[str, Line]:
        """Every descriptor against the slider's position; ValueError before all are heard."""
        if self.left():
            raise ValueError(f"{len(self.left())} sounds were not measured yet")
        grid = np.array([[self._heard[seed, p] for p in self.positions] for seed in self.seeds])
        return lines(grid, self.positions)

    def report(self) -> dict[str, Any]:
        """Figures in the shape that a card has for its semantic sliders, with their own seeds and positions."""
        found = self.lines()
        own = self.contrast.descriptor if self.contrast else max(NAMED, key=lambda name: abs(found[name].r))
        line = found[own]
        figures = {
            "layers": list(self.direction.layers),
            "scale": _short(self.direction.scale),
            "r": {name: _short(of.r) for name, of in found.items()},
            "slope": {name: _short(of.slope) for name, of in found.items()},
        }
        report = {
            "seeds": len(self.seeds),
            "positions": list(self.positions),
            "descriptor": own,
            "unit": DESCRIPTORS[own].unit,
            "method": "examples",
            "methods": {"examples": figures},
            "curve": {key: [_short(y) for y in getattr(line, key)] for key in ("middle", "low", "high")},
        }
        if self.contrast:
            report |= {"apart": _short(self.contrast.apart), "deviations": _short(self.contrast.deviations)}
        return report


def _twin(group: Sequence[Example]) -> tuple[str, str] | None:
    """Names of two sounds of a group that are the same."""
    seen: dict[bytes, str] = {}
    for example in group:
        content = _content(example.sound)
        if content in seen:
            return seen[content], example.name
        seen[content] = example.name
    return None


def _content(sound: Sound) -> bytes:
    return sound.samples.tobytes()


def _short(value: float) -> float:
    return float(f"{value:.3g}")
