"""A slider that finds its way: it starts from a sound's own place in W and goes where its descriptor grows evenly.

Along one vector, sounds follow a slider by different amounts, and each along a curve. A steered slider knows, by
`Estimate`, what a place measures and which way that grows. It goes in a few steps, each the least that brings the
slider's own descriptor to the next point of a straight line and lets others be (Levenberg-Marquardt: Marquardt 1963).
Where nothing grows any more, as the rate of a single click does not fall, damping keeps it from wandering off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from synth.control.estimate import Estimate

FILE = "steering.safetensors"
STEPS = 6
DAMPING = 0.05  # beside a squared slope of 1
LEAK = 0.3  # what a change of another descriptor counts beside one of its own
FARTHEST = 6.0  # standard deviations of latents, from 0 to an end of the slider


@dataclass(frozen=True)
class Steering:
    """The way of one slider.

    own, against: descriptors that it moves and lets be; step: units of its own descriptor by one of the slider.
    """

    estimate: Estimate
    own: str
    against: tuple[str, ...]
    step: float

    def describe(self) -> dict[str, object]:
        return {"descriptor": self.own, "against": list(self.against), "step": self.step}

    @torch.no_grad()
    def displacement(self, w: Tensor, position: float) -> Tensor:
        """How far w (B, w_dim), the last row of w+, moves with the slider at `position`; no gradient passes."""
        start = self.estimate.coordinates(w.detach().cpu().float())
        return ((self._followed(start, position) - start) @ self.estimate.axes).to(w)

    def _followed(self, x: Tensor, position: float) -> Tensor:
        """Coordinates (B, k) -> those at the slider's position."""
        chosen = [self.estimate.names.index(name) for name in (self.own, *self.against)]
        unit = self.estimate.steepness[chosen]
        damping = torch.diag(DAMPING / torch.tensor([1.0] + [LEAK] * len(self.against)))
        goal = torch.zeros(len(chosen))
        start: Tensor | None = None
        for step in range(1, STEPS + 1):
            measured, slopes = (t[:, chosen] for t in self.estimate.with_slopes(x))
            start = measured if start is None else start
            goal[0] = self.step * position * step / STEPS
            slopes = slopes / unit[:, None]
            missing = (start + goal - measured) / unit
            moved = _least(slopes, missing, damping)
            x = x + moved * (FARTHEST / STEPS / moved.norm(dim=1, keepdim=True).clamp_min(1e-9)).clamp_max(1.0)
        return x


def _least(slopes: Tensor, missing: Tensor, damping: Tensor) -> Tensor:
    """The damped least step (B, k) that makes up for what is missing (B, n), by slopes (B, n, k)."""
    share = torch.linalg.solve(slopes @ slopes.mT + damping, missing)
    return (share[:, None] @ slopes)[:, 0]


def read_steering(folder: Path, directions: Sequence[Mapping[str, Any]]) -> dict[str, Steering]:
    """Ways of the steered sliders of a checkpoint, by name, from a card's directions; none where it has none.

    Raises OSError, SafetensorError, KeyError or ValueError where the folder does not hold what the card says.
    """
    asked = {d["name"]: d["steering"] for d in directions if d.get("steering")}
    if not asked:
        return {}
    estimate = Estimate.load(folder / FILE)
    found = {
        name: Steering(estimate, of["descriptor"], tuple(of["against"]), float(of["step"]))
        for name, of in asked.items()
    }
    if missing := {n for s in found.values() for n in (s.own, *s.against)} - set(estimate.names):
        raise ValueError(f"{FILE} does not estimate {', '.join(sorted(missing))}")
    return found
