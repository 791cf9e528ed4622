"""What learners of all families have in common: how far they are, and the state that an exact resume needs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

from synth.training.parallel import Team

Losses = dict[str, float]


@dataclass
class Progress:
    """What a run knows of itself besides its weights."""

    seen: int = 0
    steps: int = 0
    augment: float = 0.0
    real_sign: float = 0.0
    prior_fitted: bool = False


class BaseLearner:
    """Networks, optimisers and random state of a run."""

    networks: nn.Module
    optimisers: dict[str, torch.optim.Adam]
    progress: Progress
    rng: torch.Generator
    team: Team
    device: torch.device

    def state(self) -> dict[str, Any]:
        """Everything that an exact resume needs."""
        return {
            "networks": self.networks.state_dict(),
            "optimisers": {k: o.state_dict() for k, o in self.optimisers.items()},
            "progress": asdict(self.progress),
            "rng": self.rng.get_state(),
        }

    def load(self, state: dict[str, Any]) -> None:
        self.networks.load_state_dict(state["networks"])
        for k, optimiser in self.optimisers.items():
            optimiser.load_state_dict(state["optimisers"][k])
        self.progress = Progress(**state["progress"])
        self.rng.set_state(state["rng"].cpu())

    def _ended(self, images: int, out: Losses) -> Losses:
        """Counts a step of so many images, averages the generator, and returns the losses as means over the team."""
        self.progress.seen += images
        self.progress.steps += 1
        self._average(images)
        return dict(zip(out, self.team.mean(torch.tensor([*out.values()], device=self.device)).tolist(), strict=True))

    def _average(self, images: int) -> None:
        """Moves the average of the generator's weights towards the live ones."""
        raise NotImplementedError
