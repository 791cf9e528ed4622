"""How long a search goes on, and the loop that spends it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

Step = TypeVar("Step")


@dataclass(frozen=True)
class Budget:
    """So many steps or so many seconds, whichever comes first; 0 is no limit. With neither, the start is all."""

    steps: int = 0
    seconds: float = 0.0

    def share(self, steps: int, seconds: float) -> float:
        """How much of it is spent after so many steps and seconds, 0 to 1."""
        limits = [(steps, self.steps), (seconds, self.seconds)]
        return min(max((spent / limit for spent, limit in limits if limit), default=1.0), 1.0)


def spend(
    budget: Budget,
    steps: Iterator[Step],
    report: Callable[[float], object] = lambda share: None,
    turn: AbstractContextManager[Any] | None = None,
) -> Step:
    """The last of `steps`, of which the first is the start, when the budget is spent; its time begins after the start.

    report hears the share after each step, and ends the search by raising; turn is entered for each step alone.
    """
    turn = turn or nullcontext()
    with turn:
        step = next(steps)
    begun = time.monotonic()
    taken = 0
    while (share := budget.share(taken, time.monotonic() - begun)) < 1.0:
        report(share)
        with turn:
            step = next(steps)
        taken += 1
    report(1.0)
    return step
