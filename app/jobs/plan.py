"""What a time budget buys of a training run. No torch, no Streamlit.

The plan fits the stages into the budget: those before the last, were they to take it whole, would leave nothing to
listen to.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise

from app.jobs.speed import Speed, pairs, skipped
from synth.recipes.recipe import STAGES, Recipe

# Parts of the budget that the stages before the last one may take at most.
OUTLINE_PART, FEATURE_PART = 0.3, 0.3
TICKS, SNAPSHOTS = 200, 20
HOURS = 90.0  # minutes from which on a plan is told in hours
LEAST_TICK, LEAST_SNAPSHOT = 10.0, 60.0  # seconds


@dataclass(frozen=True)
class Step:
    """One stage of a plan."""

    name: str
    images: int
    minutes: float


@dataclass(frozen=True)
class Plan:
    """What a budget buys. settings: what the trainer is told to change in its preset."""

    steps: tuple[Step, ...]
    settings: tuple[str, ...]

    @property
    def invented(self) -> Step:
        """The stage in which the run learns to invent sounds."""
        return self.steps[-1]

    @property
    def times(self) -> list[str]:
        """How long each stage takes, in one unit, rounded so that what is read adds up to the whole."""
        ends = [*accumulate((step.minutes for step in self.steps), initial=0.0)]
        size, unit = (60.0, "h") if ends[-1] >= HOURS else (1.0, "min")
        return [f"{round(end / size, 1) - round(begin / size, 1):.1f} {unit}" for begin, end in pairwise(ends)]


def plan(recipe: Recipe, speed: Speed, minutes: float) -> Plan:
    """The stages of a run of so many minutes, the early ones shortened where the budget asks for it."""
    budget, stages = 60.0 * minutes, recipe.stages
    if recipe.plain:
        only = Step(STAGES["adversarial"], round(budget * speed.last), minutes)
        return Plan((only,), tuple(pairs(_rhythm(budget, speed.last))))
    settings = skipped(recipe)
    steps = []
    if not recipe.ready:
        settings["outline_kimg"] = min(stages.outline, OUTLINE_PART * budget * speed.outline / 1000.0)
        settings["feature_kimg"] = min(stages.features, FEATURE_PART * budget * speed.features / 1000.0)
        steps.append(_step("outline", settings["outline_kimg"], speed.outline))
        steps.append(_step("features", settings["feature_kimg"], speed.features))
    left = max(budget - 60.0 * sum(s.minutes for s in steps), 0.0)
    steps.append(Step(STAGES["statistics"], round(left * speed.last), left / 60.0))
    settings |= _rhythm(budget, speed.last)
    return Plan(tuple(steps), tuple(pairs(settings)))


def _step(stage: str, kimg: float, rate: float) -> Step:
    return Step(STAGES[stage], round(1000.0 * kimg), 1000.0 * kimg / rate / 60.0 if rate else 0.0)


def _rhythm(budget: float, rate: float) -> dict[str, float]:
    """How often figures and sounds come: a curve that moves while one looks, and no more points than it needs."""
    tick = max(LEAST_TICK, budget / TICKS)
    snapshot = max(LEAST_SNAPSHOT, budget / SNAPSHOTS)
    return {"tick_kimg": max(tick * rate, 1.0) / 1000.0, "snapshot_kimg": max(snapshot * rate, 1.0) / 1000.0}
