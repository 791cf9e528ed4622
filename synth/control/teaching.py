"""Where an `Estimate` is learnt: on walks from drawn sounds, along the ways that sliders will go.

Every place of a walk tells its descriptors and their slopes: as many numbers as there are coordinates, times
descriptors. The network is taught both (Sobolev training: Czarnecki et al. 2017, arXiv 1706.04859), and starts from the
first layer of the generator's profiles, whose hidden units all that they draw is made of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor, nn

from synth.control.estimate import Estimate
from synth.control.listening import Listener
from synth.control.steering import LEAK, Steering

COORDINATES = 128
NARROW = 96
PLACES, LONGEST, STRAY = 5, 1.4, 0.05  # of a walk; steps and stray, in standard deviations of latents
GOAL = 1.0  # standard deviations of a descriptor, that a slider is sent to at most
TRUNCATED, LEAST_PSI = 0.25, 0.4  # share of sounds that start nearer to the centre of their category, and how near
STEEPEST = 3.0  # medians; steeper slopes are cut to it: those at the brink of silence say little of others
BATCH, RATE, DECAY = 24, 2e-3, 0.1
CHANGES = 2.0  # what a change along a walk counts beside a value and a slope
LESSONS = 800
CHUNK = 16

Aim = tuple[str, tuple[str, ...]]  # of a slider: the descriptor that it moves, and those that it lets be
Aims = Sequence[Aim]


@dataclass(frozen=True)
class Axes:
    """Coordinates of W: centre (w_dim,) of drawn latents; vectors (k, w_dim), one standard deviation each."""

    centre: Tensor
    vectors: Tensor

    @classmethod
    def of(cls, centre: Tensor, root: Tensor) -> Axes:
        """The strongest principal axes of the spread within a category; root as `spread_root` gives it."""
        deviations, vectors = torch.linalg.eigh(root.double())
        kept = min(COORDINATES, len(root))
        return cls(centre, (deviations * vectors).t().flip(0)[:kept].float())

    def slopes(self, along_w: Tensor) -> Tensor:
        """Slopes along W (..., w_dim) -> along coordinates (..., k)."""
        return along_w @ self.vectors.t()


@dataclass(frozen=True)
class Lessons:
    """Walks of n sounds, PLACES each: last rows of w+ (n, PLACES, w_dim), descriptors (n, PLACES, K) there, and their
    slopes along coordinates (n, PLACES, K, k)."""

    w: Tensor
    descriptors: Tensor
    slopes: Tensor

    def __add__(self, other: Lessons) -> Lessons:
        return Lessons(*(torch.cat([getattr(x, f.name) for x in (self, other)]) for f in fields(Lessons)))


Place = tuple[Tensor, Tensor, Tensor]  # w, descriptors and slopes, as in Lessons


@dataclass(frozen=True)
class Teacher:
    """Asks a generator what it draws: the descriptors `names`, and their slopes along coordinates."""

    listener: Listener
    axes: Axes
    names: tuple[str, ...]

    def gather(self, aims: Aims, seeds: Sequence[int], estimate: Estimate | None = None) -> Lessons:
        """What walks of some seeds tell; each makes for one aim.

        They follow the slopes that they meet, or, with an estimate, go to places of the slider that it steers.
        """
        rng = torch.Generator().manual_seed(seeds[0])
        walks = []
        for number, at in enumerate(range(0, len(seeds), CHUNK)):
            chunk, aim = seeds[at : at + CHUNK], aims[number % len(aims)]
            walk = self._climbed(aim, chunk, rng) if estimate is None else self._steered(aim, chunk, rng, estimate)
            walks.append([torch.stack(parts, dim=1) for parts in zip(*walk, strict=True)])
        return Lessons(*(torch.cat(parts) for parts in zip(*walks, strict=True)))

    def _climbed(self, aim: Aim, seeds: Sequence[int], rng: torch.Generator) -> list[Place]:
        """Up or down the slopes of an aim, in steps of random length."""
        rows = [self.names.index(name) for name in (aim[0], *aim[1])]
        start = w = _starts(self.listener, seeds, rng)
        signs = 2.0 * torch.randint(2, (len(seeds), 1), generator=rng) - 1.0
        walk = []
        for _ in range(PLACES):
            walk.append(self._met(start, w, seeds))
            length = signs * LONGEST * torch.rand(len(seeds), 1, generator=rng)
            step = torch.stack([_heading(slopes[rows]) for slopes in walk[-1][2]]) * length
            w = w + (step + STRAY * torch.randn(step.shape, generator=rng)) @ self.axes.vectors
        return walk

    def _steered(self, aim: Aim, seeds: Sequence[int], rng: torch.Generator, estimate: Estimate) -> list[Place]:
        """To the start and to other places of a slider, its descriptor moved by up to GOAL standard deviations."""
        start = _starts(self.listener, seeds, rng)
        spread = estimate(estimate.coordinates(start))[:, self.names.index(aim[0])].std(correction=0)
        goals = [0.0, *(GOAL * spread * (2.0 * torch.rand(PLACES - 1, generator=rng) - 1.0)).tolist()]
        slider = Steering(estimate, *aim, step=1.0)
        return [self._met(start, start + slider.displacement(start, goal), seeds) for goal in goals]

    def _met(self, start: Tensor, last: Tensor, seeds: Sequence[int]) -> Place:
        """What is drawn where the last row of w+ has moved and the others have not."""
        rows = self.listener.generator.broadcast(start)[:, :-1]
        descriptors, slopes = self.listener.drawn(torch.cat([rows, last[:, None]], dim=1), seeds, self.names)
        return last, descriptors, self.axes.slopes(slopes)


def _starts(listener: Listener, seeds: Sequence[int], rng: torch.Generator) -> Tensor:
    """w (n, w_dim) of some seeds, a part of them truncated."""
    generator, count = listener.generator, len(seeds)
    truncated = torch.rand(count, 1, generator=rng) < TRUNCATED
    psi = torch.where(truncated, LEAST_PSI + (1.0 - LEAST_PSI) * torch.rand(count, 1, generator=rng), 1.0)
    centre = generator.w_avg[[seed % generator.config.categories for seed in seeds]]
    return centre + psi * (listener.draw(seeds) - centre)


def _heading(slopes: Tensor) -> Tensor:
    """Unit vector (k,) along which the first of some descriptors (n, k) grows and the others do little."""
    unit = nn.functional.normalize(slopes, dim=1)
    damping = torch.full((len(unit),), LEAK)
    damping[0] = 0.1
    growth = torch.zeros(len(unit))
    growth[0] = 1.0
    way = torch.linalg.solve(unit @ unit.t() + torch.diag(damping), growth) @ unit
    return way / way.norm().clamp_min(1e-9)


class _Network(nn.Module):
    """The layers of an `Estimate`, which starts from the profiles' own first one."""

    def __init__(self, listener: Listener, axes: Axes, outputs: int):
        super().__init__()
        dense = listener.generator.synthesis.profiles.dense
        self.wide = nn.Linear(len(axes.vectors), len(dense.weight))
        self.wide.weight.data = dense.scale * dense.weight.detach() @ axes.vectors.t()
        self.wide.bias.data = (dense.scale * dense.weight.detach()) @ axes.centre + dense.rate * dense.bias.detach()
        self.narrow, self.out = nn.Linear(len(dense.weight), NARROW), nn.Linear(NARROW, outputs)

    def estimate(self, teacher: Teacher, mean: Tensor, spread: Tensor, steepness: Tensor) -> Estimate:
        """What is learnt so far; mean and spread (K,) turn what the network says into units of the descriptors."""
        return Estimate(
            teacher.names,
            teacher.axes.centre,
            teacher.axes.vectors,
            self.wide.weight,
            self.wide.bias,
            self.narrow.weight,
            self.narrow.bias,
            self.out.weight * spread[:, None],
            self.out.bias * spread + mean,
            steepness,
        )


def learn(teacher: Teacher, lessons: Lessons) -> Estimate:
    """The estimate whose values and slopes come nearest to those of the lessons."""
    torch.manual_seed(0)
    flat = lessons.descriptors.flatten(0, 1)
    mean, spread = flat.mean(0), flat.std(0).clamp_min(1e-3)
    slopes = _cut(lessons.slopes)
    steepness = slopes.square().sum(3).mean((0, 1)).sqrt().clamp_min(1e-6)
    network = _Network(teacher.listener, teacher.axes, len(teacher.names)).requires_grad_(True)
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=LESSONS)
    places = network.estimate(teacher, mean, spread, steepness).coordinates(lessons.w)
    for _ in range(LESSONS):
        chosen = torch.randint(len(places), (BATCH,))
        now = network.estimate(teacher, mean, spread, steepness)
        values, grown = now.with_slopes(places[chosen].flatten(0, 1))
        off = (values.view(BATCH, PLACES, -1) - lessons.descriptors[chosen]) / spread
        loss = off.square().mean() + CHANGES * (off - off.mean(1, keepdim=True)).square().mean()
        wrong = (grown - slopes[chosen].flatten(0, 1)).square().sum(2) / steepness.square()
        optimizer.zero_grad()
        (loss + wrong.mean()).backward()
        optimizer.step()
        schedule.step()
    return network.requires_grad_(False).estimate(teacher, mean, spread, steepness)


def _cut(slopes: Tensor) -> Tensor:
    """Slopes (n, PLACES, K, k), the steepest of each descriptor cut."""
    length = slopes.norm(dim=3, keepdim=True)
    return slopes * (STEEPEST * length.flatten(0, 1).median(0).values / length.clamp_min(1e-9)).clamp_max(1.0)
