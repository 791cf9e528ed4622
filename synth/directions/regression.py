"""Directions that move one descriptor and leave others alone, by regression of measured slopes: no exemplars needed.

For drawn sounds, the slopes of descriptors along W are measured. A direction should raise its own descriptor by as much
in every sound, and others in none: the ridge regression of 1 on the own slopes of all sounds, and of 0 on the others'.
It is done in units of the spread of latents within a category, so that the direction keeps to where sounds lie, and
never takes what tells categories apart for what tells sounds of one apart.
"""

from __future__ import annotations

import torch
from torch import Tensor

from synth.directions.calibration import SLIDER_END
from synth.directions.direction import Direction

RIDGE = 0.1  # beside a mean square slope of 1
LEAK = 0.3  # what a squared slope of another descriptor counts beside one of its own
STEEPEST = 2.0  # medians; steeper slopes are cut to it: those of sounds at the brink of silence say little of others


def regress(slopes: Tensor, leak: float = LEAK) -> Tensor:
    """Unit vector (d,) along which the first descriptor grows evenly; slopes (n, K, d) of n sounds, its own first.

    Slopes of each descriptor are scaled by their root mean square length.
    """
    length = slopes.norm(dim=2, keepdim=True)
    cut = STEEPEST * length.median(0, keepdim=True).values / length.clamp_min(1e-12)
    slopes = slopes * cut.clamp_max(1.0)
    slopes = slopes / slopes.square().sum(2).mean(0).sqrt().clamp_min(1e-12)[None, :, None]
    weights = torch.full((slopes.shape[1],), leak)
    weights[0] = 1.0
    squares = torch.einsum("nkd,k,nke->de", slopes, weights, slopes) / len(slopes)
    v = torch.linalg.solve(squares + RIDGE * torch.eye(len(squares)), slopes[:, 0].mean(0))
    found: Tensor = v / v.norm().clamp_min(1e-12)
    return found


def direction(
    name: str, slopes: Tensor, root: Tensor, layers: tuple[int, int], deviations: float, provenance: str
) -> Direction:
    """The direction of a slider that moves `layers`; slopes (n, K, num_ws, w_dim) of descriptors, its own first.

    root: of the covariance of w within a category (w_dim, w_dim). deviations: standard deviations of the latents along
    the direction at the slider's ends.
    """
    first, last = layers
    moved = root @ regress(slopes[:, :, first : last + 1].sum(2) @ root)
    spread = moved.norm()
    return Direction(name, moved / spread.clamp_min(1e-12), float(spread) * deviations / SLIDER_END, layers, provenance)
