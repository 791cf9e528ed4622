"""Prototypes: places in W that stand for a kind of sound, the directions between them, and the pull towards one.

The directions of exemplars follow Kamath et al. ("Example-based framework for perceptually guided audio texture
generation", arXiv 2308.11859): exemplars of the two ends of a scale, through the model's own encoder, and the
difference of what each group has in common.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from synth.audio.codecs import GaussianLogSTFT
from synth.directions.direction import Direction
from synth.models.encoder import Inverter
from synth.models.stylegan2 import Generator

CHUNK = 16
SLIDER_SPAN = 10.0  # units from one end of a slider to the other


@dataclass(frozen=True)
class Prototype:
    """A place in W: vector (w_dim,), and where it comes from."""

    name: str
    vector: Tensor
    provenance: str

    def describe(self) -> dict[str, object]:
        return {"name": self.name, "provenance": self.provenance}


def category_prototypes(generator: Generator, categories: Sequence[str]) -> list[Prototype]:
    """The centre of each category in W, which truncation pulls towards too."""
    return [
        Prototype(name, centre.detach().cpu().float().clone(), "centre of the category")
        for name, centre in zip(categories, generator.w_avg, strict=True)
    ]


def pull(ws: Tensor, prototype: Prototype, amount: float) -> Tensor:
    """w+ (B, num_ws, w_dim) moved towards a prototype in every layer: 0 leaves it, 1 is the prototype."""
    return ws + amount * (prototype.vector.to(ws) - ws)


@torch.no_grad()
def place(encoder: Inverter, codec: GaussianLogSTFT, sounds: Sequence[np.ndarray]) -> Tensor:
    """Sounds, samples (n,) each, -> w (len(sounds), w_dim); shorter ones are padded with silence, longer ones cut."""
    x = torch.from_numpy(np.stack(sounds))
    return torch.cat([encoder(codec.encode(part))[0] for part in x.split(CHUNK)])


def centre_of_group(w: Tensor, origin: Tensor) -> Tensor:
    """What a group of latents (n, w_dim) has in common, as a place in W (w_dim,).

    Its mean, seen from `origin` (w_dim,), projected on the group's first singular vector: what differs from member to
    member and does not cancel in a small group, is left out.
    """
    away = w - origin
    axis = torch.linalg.svd(away, full_matrices=False).Vh[0]
    found: Tensor = origin + (away.mean(0) @ axis) * axis
    return found


def along(name: str, way: Tensor, layers: tuple[int, int], provenance: str) -> Direction:
    """The direction of a way between two places in W (w_dim,); a slider from end to end goes all of it."""
    length = way.norm()
    return Direction(name, way / length.clamp_min(1e-12), float(length) / SLIDER_SPAN, layers, provenance)


def orthogonalised(vectors: Tensor) -> Tensor:
    """Vectors (n, w_dim) -> unit vectors, mutually at right angles, that differ least from them in all.

    Symmetric orthogonalisation (Lowdin 1950) of the unit vectors, which favours none. Raises ValueError where some are
    a mixture of others.
    """
    unit = torch.nn.functional.normalize(vectors.double(), dim=1)
    u, values, vh = torch.linalg.svd(unit, full_matrices=False)
    if values[-1] < 1e-4:
        raise ValueError("directions of which one is a mixture of others cannot be made orthogonal: leave one out")
    found: Tensor = (u @ vh).to(vectors.dtype)
    return found
