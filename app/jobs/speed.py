"""How fast this machine trains. No torch, no Streamlit.

It is measured by a trial: the trainer itself on the sounds at hand, a few batches of every stage, thrown away after.
"""

from __future__ import annotations

import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.jobs import jobs
from app.jobs.beginnings import check_disk
from synth import paths
from synth.errors import RunError
from synth.recipes.recipe import Recipe
from synth.storage import alone, write_json

SPEEDS = ".speeds.json"
# Settings of a trial: a tick a batch, no sounds; and of each stage as many batches as frozen networks that take turns
# need, the first batch not counted.
TRIAL = {"tick_kimg": 0.004, "snapshot_kimg": 1e6}
TRIAL_STAGES = {"outline_kimg": 0.08, "feature_kimg": 0.04}
TRIAL_LAST, TRIAL_PLAIN = 0.09, 0.2  # thousands of images of the last stage, and of the only one


@dataclass(frozen=True)
class Speed:
    """Images per second of each stage on this machine; `last` is the one that goes on without end."""

    last: float
    outline: float = 0.0
    features: float = 0.0
    measured: float = 0.0

    @property
    def age(self) -> float:
        """Seconds since it was measured."""
        return time.time() - self.measured


def _key(recipe: Recipe, machine: list[str]) -> str:
    return " ".join([recipe.preset, recipe.start or "scratch", *machine])


def known_speed(recipe: Recipe, machine: list[str]) -> Speed | None:
    """What the last trial of this recipe on so much of the machine gave."""
    try:
        kept = json.loads((paths.runs() / SPEEDS).read_text(encoding="utf-8"))
        return Speed(**kept[_key(recipe, machine)])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def try_speed(recipe: Recipe, data: Path, machine: list[str]) -> Speed:
    """Trains for ten seconds or so and keeps the speed; raises RunError with what the trainer complains of."""
    check_disk(recipe)
    with jobs.writing(paths.runs()):
        folder = Path(tempfile.mkdtemp(prefix=".trial-", dir=paths.runs()))
    settings, last = trial(recipe)
    try:
        begin = ["train", "--out", str(folder), "--data", str(data), *recipe.arguments, *machine]
        jobs.call(["synth", *begin, "--kimg", str(last), "--minutes", "1", "--set", *settings])
        speed = speed_of(jobs.metrics(folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    keep_speed(recipe, machine, speed)
    return speed


def trial(recipe: Recipe) -> tuple[list[str], float]:
    """What the trainer is told to change in its preset for a trial, and at how many thousand images that ends."""
    begun = recipe.seen / 1000.0 if recipe.ready else 0.0
    if recipe.plain:
        return pairs(TRIAL), begun + TRIAL_PLAIN
    stages = TRIAL_STAGES | skipped(recipe)
    return pairs(TRIAL | stages), begun + sum(stages.values()) + TRIAL_LAST


def speed_of(ticks: Sequence[Mapping[str, Any]]) -> Speed:
    """The speed that the ticks of a trial tell, one tick a batch. A stage's first tick still times the stage before."""
    by_stage: dict[str, list[float]] = {}
    for line in ticks:
        by_stage.setdefault(line["phase"], []).append(line["images_per_second"])
    rates = {stage: statistics.harmonic_mean(found[1:] or found) for stage, found in by_stage.items()}
    last = rates.get("statistics", rates.get("adversarial"))
    if last is None:
        raise RunError("the machine is too busy to try its speed: wait a little and try again")
    return Speed(last, rates.get("outline", 0.0), rates.get("features", 0.0), time.time())


def keep_speed(recipe: Recipe, machine: list[str], speed: Speed) -> None:
    path = paths.runs() / SPEEDS
    with jobs.writing(path), alone(path):
        write_json(path, jobs.read_json(path) | {_key(recipe, machine): asdict(speed)})


def skipped(recipe: Recipe) -> dict[str, float]:
    """Stages that the model to begin with has behind it: all but the last where its sounds are these."""
    return dict.fromkeys(TRIAL_STAGES, 0.0) if recipe.ready else {}


def pairs(settings: Mapping[str, float]) -> list[str]:
    return [f"{name}={value if isinstance(value, int) else round(value, 4)}" for name, value in settings.items()]
