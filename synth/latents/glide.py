"""A sound of any length whose latent moves while it sounds.

A generator draws maps of one length. A glide is a row of overlapping passes of that length. Within a pass the latent
moves on every few frames, and columns between two such knots are mixed of both. Passes are joined as powers, and one
texture is drawn for all, so that nothing comes back note for note and nothing is cancelled where two overlap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from synth.audio.maps import Maps

KNOTS = 8  # intervals of a pass between which the latent moves on
OVERLAP = 0.25  # of a pass

# places on the way (n,) in 0..1 -> the maps there
Make = Callable[[Tensor], list[Maps]]


@dataclass(frozen=True)
class Stretch:
    """The beginning of a glide: its maps, and which share of the whole it is."""

    maps: Maps
    share: float


def glide(make: Make, frames: int, length: int) -> Iterator[Stretch]:
    """A glide of `length` frames, a pass of `frames` longer each time; the last is the whole.

    The way is at its end where the last pass begins, so that the end is heard from its first moment to its last.
    """
    starts = beginnings(frames, length)
    arrival = starts[-1] or length
    maps: Maps | None = None
    for number, start in enumerate(starts):
        made = one_pass(make, start / arrival, frames, frames / arrival)
        maps = made if maps is None else join(maps, made, start)
        yield Stretch(maps.cut(0, length), (number + 1) / len(starts))


def beginnings(frames: int, length: int) -> list[int]:
    """The frames at which the passes begin: as few as overlap enough, evenly apart, the last one ending the glide."""
    longest = frames - round(OVERLAP * frames)
    joints = max(0, -(-(length - frames) // longest))
    return [round(i * (length - frames) / joints) for i in range(joints + 1)] if joints else [0]


def one_pass(make: Make, begin: float, frames: int, share: float) -> Maps:
    """The maps of a pass that goes from `begin` by this share of the way, at most to its end."""
    at = torch.linspace(0.0, 1.0, KNOTS + 1)
    knots = make((begin + share * at).clamp(0.0, 1.0))
    columns = (torch.arange(frames) + 0.5) / frames
    hats = (1.0 - (columns[None] - at[:, None]).abs() * KNOTS).clamp_min(0.0).numpy()
    mean, gate = (np.einsum("ktf,kt->tf", drawn, hats) for drawn in np.stack([(m.mean, m.gate) for m in knots], axis=1))
    return replace(knots[0], mean=mean, gate=gate)


def join(maps: Maps, made: Maps, start: int) -> Maps:
    """Maps and others that begin at frame `start` of them, as one.

    What was there fades out. What comes is held back only as far as the other still sounds, beside its own mean: noise
    crosses over at equal power, and an attack that comes in silence is left as sharp as it is. Each gate counts by the
    power of its level.
    """
    shared = maps.frames - start
    before, after = (10.0 ** (level / 10.0) for level in (maps.mean[start:], made.mean[:shared]))
    falling = np.square(np.cos(0.5 * np.pi * (np.arange(shared) + 0.5) / shared))[:, None].astype(np.float32)
    mean = (10.0 ** (maps.mean[-made.frames :] / 10.0)).sum(1).mean()
    sounding = np.minimum(before.sum(1, keepdims=True) / max(mean, 1e-12), 1.0)
    left, coming = falling * before, (1.0 - falling * sounding) * after
    power = np.maximum(left + coming, 1e-12)
    gate = (left * maps.gate[start:] + coming * made.gate[:shared]) / power
    crossing = (10.0 * np.log10(power), gate)
    whole = [
        np.concatenate([was[:start], both, comes[shared:]], dtype=np.float32)
        for was, both, comes in zip((maps.mean, maps.gate), crossing, (made.mean, made.gate), strict=True)
    ]
    return replace(maps, mean=whole[0], gate=whole[1])
