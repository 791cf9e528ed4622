"""Directions in W, and how a patch's sliders bend a latent along them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from synth.directions.calibration import Calibration
from synth.errors import PatchError

# Noise is drawn from its own stream, so that the same seed gives z and noise that are independent.
NOISE_STREAM = 0x5EED


@dataclass(frozen=True)
class Direction:
    """A unit vector in W.

    vector: (w_dim,); scale: length in W of one slider unit; layers: first and last w+ row that it moves, inclusive;
    provenance: where it comes from, e.g. "SeFa, eigenvalue 12.3"; strength: that eigenvalue, or a share of the variance
    in percent, where it comes of a factorisation; calibration: what its slider is held to, if it is.
    """

    name: str
    vector: Tensor
    scale: float
    layers: tuple[int, int]
    provenance: str
    strength: float = 0.0
    calibration: Calibration | None = None

    def describe(self) -> dict[str, object]:
        plain: dict[str, object] = {
            "name": self.name,
            "scale": self.scale,
            "layers": list(self.layers),
            "provenance": self.provenance,
        }
        return plain | ({"calibration": self.calibration.describe()} if self.calibration else {})


def bend(ws: Tensor, places: Mapping[str, float], directions: Mapping[str, Direction]) -> Tensor:
    """w+ (B, num_ws, w_dim) moved to a place on every direction; raises PatchError for one the model does not have."""
    for name in places:
        if name not in directions:
            raise PatchError("sliders", f"{name!r} is no direction of this model: use one of {', '.join(directions)}")
    for name, place in places.items():
        ws = along(ws, directions[name], torch.tensor([place], dtype=torch.double))
    return ws


def along(ws: Tensor, direction: Direction, places: Tensor) -> Tensor:
    """w+ (B, num_ws, w_dim) -> the same at places (n,) on a direction, a place each; one of either serves all."""
    first, last = direction.layers
    moved = ws.expand(max(len(ws), len(places)), -1, -1).clone()
    lengths = (places.double() * direction.scale).to(ws)
    moved[:, first : last + 1] += lengths[:, None, None] * direction.vector.to(ws)
    return moved


def draw_z(seed: int, z_dim: int) -> Tensor:
    """The z of a seed, (1, z_dim): the same on every machine."""
    return torch.randn(1, z_dim, generator=torch.Generator().manual_seed(seed))
