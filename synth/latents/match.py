"""A latent that is made to sound like a given sound: descent from where the encoder has put it.

Noise falls anew in every sound, so bins are not compared one by one. The loss is the distance of means and of spreads
over cells of two sizes, in codec units, which leaves the noise inside the finest cells out of account but not how much
of it there is; and LPIPS, which minds what the noise looks like. LPIPS costs as much as all else together and is asked
every other step. All rows of w+ move freely, held near their start by a penalty in units of the latents' own spread,
so that they stay where sounds are. docs/control.md has what each of these was worth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count

import torch
from torch import Tensor
from torch.nn import functional as F

from synth.models.perceptual import Perceptual
from synth.models.stylegan2 import Generator

CELLS = (4, 16)  # bins and frames a side
LOOK = 1.0  # what LPIPS counts for, beside 1 each for means and for spreads
EVERY = 2  # steps, of which one asks LPIPS and counts it for all
RATE = 0.1  # of a step, in units of the spread of a coordinate of W
HOLD = 0.002
LOUDEST = 2.0  # of a tensor's bins; recordings have 1, the generator's sounds about as much, healthy searches seldom 2
SKETCH_STEPS, SKETCH_RATE = 40, 0.3
EVEN = 0.1


@dataclass(frozen=True)
class Step:
    """ws (1, num_ws, w_dim): the nearest of the latents so far that LPIPS was asked of; loss: its distance."""

    ws: Tensor
    loss: float


class Target:
    """A sound as its codec tensor (1, 1, F, T), to be compared with others."""

    def __init__(self, x: Tensor):
        self.cells = _cells(x)
        self.perceptual = perceptual().to(x.device)
        with torch.no_grad():
            self.look = self.perceptual.seen(x)

    def distance(self, made: Tensor, look: float = LOOK) -> Tensor:
        """Of a generator's codec tensor (1, 1, F, T) from this one; a scalar that gradients reach `made` through.

        look: what LPIPS counts for; with 0 it is not asked.
        """
        read = _read_back(made)
        apart = torch.stack([(a - b).abs().mean() for a, b in zip(_cells(read), self.cells, strict=True)]).sum()
        apart = apart / len(CELLS)
        if look:
            apart = apart + look * self.perceptual.apart(self.perceptual.seen(read), self.look).mean()
        # What is read back knows no level. So one bin could rise without end and leave all others below the floor,
        # where no gradient finds them; searches from random starts came to that end most often.
        return apart + (made.amax() - LOUDEST).clamp_min(0.0).square()


def _read_back(made: Tensor) -> Tensor:
    """As the codec would read the sound: the loudest bin at 1, none below the floor. Loudness is the patch's."""
    return (made - made.amax() + 1.0).clamp_min(-1.0)


def _cells(x: Tensor) -> list[Tensor]:
    """Means and standard deviations over cells of each size."""
    means = [F.avg_pool2d(x, cell) for cell in CELLS]
    squares = [F.avg_pool2d(x.square(), cell) for cell in CELLS]
    return [*means, *((s - m.square()).clamp_min(1e-6).sqrt() for s, m in zip(squares, means, strict=True))]


@cache
def perceptual() -> Perceptual:
    """LPIPS, loaded once; raises CheckpointError where its weights are missing."""
    with torch.inference_mode(False):  # whoever asks first: weights of inference would be of no use to a search
        return Perceptual.load()


def sketch(generator: Generator, texture: Tensor, start: Tensor, target: Target, spread: float) -> Tensor:
    """w+ (1, num_ws, w_dim), all of its rows moved alike, that is nearer to the target; or `start`.

    An encoder has heard recordings: of sounds unlike them its guess may be far off, and half a second of this mends
    most of it. Of recordings it mends little, and what is farther than the start by `target.distance` is not taken.
    spread: as `refine` takes it.
    """
    unit = spread / start.shape[-1] ** 0.5
    moved = torch.zeros_like(start[:, :1]).requires_grad_(True)
    adam = torch.optim.Adam([moved], lr=SKETCH_RATE * unit, betas=(0.9, 0.95))
    for _ in range(SKETCH_STEPS):
        adam.zero_grad()
        held = HOLD * (moved / unit).square().mean()
        (target.distance(generator(start + moved, texture), look=0.0) + held).backward()
        adam.step()
    drawn = start + moved.detach()
    with torch.no_grad():
        before, after = (target.distance(generator(ws, texture)) for ws in (start, drawn))
    return drawn if after < before else start


def refine(make: Callable[[Tensor], Tensor], start: Tensor, target: Target, spread: float) -> Iterator[Step]:
    """Yields once for the start and once a step, by Adam, without end; the same numbers for the same input.

    make: w+ -> codec tensor, differentiable; spread: of latents, the length of a standard deviation in W.
    """
    unit = spread / start.shape[-1] ** 0.5
    ws = start.detach().clone().requires_grad_(True)
    adam = torch.optim.Adam([ws], lr=RATE * unit, betas=(0.9, 0.95))
    best = Step(ws.detach().clone(), float("inf"))
    for step in count():
        asked = step % EVERY == 0
        apart = target.distance(make(ws), LOOK * EVERY if asked else 0.0)
        if asked and (loss := float(apart.detach())) < best.loss:
            best = Step(ws.detach().clone(), loss)
        yield best
        adam.zero_grad()
        (apart + HOLD * ((ws - start) / unit).square().mean()).backward()
        adam.step()


def nearest_category(generator: Generator, w: Tensor, root: Tensor) -> int:
    """The category whose centre w (w_dim,) is nearest to, in units of the spread within categories (Fisher 1936).

    root: of the covariance of latents within a category, (w_dim, w_dim), as `spread_root` gives it; where they hardly
    spread, the unit is EVEN of their largest deviation.
    """
    deviations, vectors = torch.linalg.eigh(root.double())
    units = deviations.clamp_min(EVEN * float(deviations.max()))
    apart = (generator.w_avg.cpu() - w.cpu()).double() @ vectors / units
    return int(apart.norm(dim=1).argmin())
