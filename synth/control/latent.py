"""Directions in W, and how a patch's sliders bend a latent along them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from synth.control.steering import Steering
from synth.errors import PatchError

# Noise is drawn from its own stream, so that the same seed gives z and noise that are independent.
NOISE_STREAM = 0x5EED


@dataclass(frozen=True)
class Direction:
    """A unit vector in W.

    vector: (w_dim,); scale: length in W of one slider unit; layers: first and last w+ row that it moves, inclusive;
    provenance: where it comes from, e.g. "SeFa, eigenvalue 12.3"; strength: that eigenvalue, or a share of the variance
    in percent, where it comes of a factorisation; steering: the way of a slider that finds it from where a sound lies,
    which it goes in place of the vector.
    """

    name: str
    vector: Tensor
    scale: float
    layers: tuple[int, int]
    provenance: str
    strength: float = 0.0
    steering: Steering | None = None

    def describe(self) -> dict[str, object]:
        plain: dict[str, object] = {
            "name": self.name,
            "scale": self.scale,
            "layers": list(self.layers),
            "provenance": self.provenance,
        }
        return plain | ({"steering": self.steering.describe()} if self.steering else {})


def bend(ws: Tensor, sliders: Mapping[str, float], directions: Mapping[str, Direction]) -> Tensor:
    """w+ (B, num_ws, w_dim) moved by every slider; raises PatchError for a name that the model does not have.

    Vectors are added first, then steered sliders find their ways, in the order of `directions`: a patch that names its
    sliders in another order is the same sound. Gradients pass as if every slider were a vector.
    """
    for name in sliders:
        if name not in directions:
            raise PatchError("sliders", f"{name!r} is no direction of this model: use one of {', '.join(directions)}")
    moved = ws.clone()
    for name, position in sliders.items():
        direction = directions[name]
        if direction.steering is None:
            first, last = direction.layers
            moved[:, first : last + 1] += position * direction.scale * direction.vector.to(ws)
    for name, direction in directions.items():
        if direction.steering is not None and sliders.get(name):
            moved[:, -1] += direction.steering.displacement(moved[:, -1], sliders[name])
    return moved


def draw_z(seed: int, z_dim: int) -> Tensor:
    """The z of a seed, (1, z_dim): the same on every machine."""
    return torch.randn(1, z_dim, generator=torch.Generator().manual_seed(seed))
