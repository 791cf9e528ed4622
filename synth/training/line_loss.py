"""Keeps a generator from drawing lines that recordings do not have, while it learns through a frozen network.

Such a network hears each of its bands best at one bin, and a line there pleases it in every sound. How far bins stand
out in drawn sounds, as a running mean, is held to what they do in recordings: a line that one sound has is its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from synth.audio.prominence import prominence

MEMORY = 0.95  # of the running mean, a batch
TOLERATED_DB = 1.0  # above recordings


class LineLoss:
    """`recorded`: levels in dB (N, F, T) of recordings, some at a time."""

    def __init__(self, recorded: Iterable[Tensor]):
        parts = [(prominence(levels), len(levels)) for levels in recorded]
        found: Tensor = sum(each * count for each, count in parts) / sum(count for _, count in parts)  # type: ignore[assignment]
        self.usual, self.running = found, found.clone()

    def __call__(self, levels: Tensor) -> tuple[Tensor, Tensor]:
        """Levels in dB (B, F, T) of drawn sounds -> a scalar whose gradient lowers bins that stand out for long, and
        how far each does now, (F,), for `remember`."""
        now = prominence(levels)
        excess = (self.running - self.usual - TOLERATED_DB).clamp_min(0.0)
        return (excess * (now - self.usual)).sum(), now.detach()

    def remember(self, now: Tensor) -> None:
        """Takes (F,) of a batch into the running mean."""
        self.running = torch.lerp(now, self.running, MEMORY)

    def state(self) -> dict[str, Any]:
        """What an exact resume needs."""
        return {"running": self.running}

    def load(self, state: dict[str, Any]) -> None:
        self.running = state["running"]
