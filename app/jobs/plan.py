"""What a training run will be: how to begin, how fast this machine is, what a time budget buys. No torch, no Streamlit.

The speed is measured by a trial: the trainer itself on the sounds at hand, a few batches of every phase, thrown away
after. The plan then fits the phases into the budget: those before the last, were they to take it whole, would leave
nothing to listen to.
"""

from __future__ import annotations

import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from app.jobs import jobs
from synth import paths
from synth.checkpoint.store import Card
from synth.errors import RunError
from synth.recipes.stages import NO_WARM_START, PHASES, Phases
from synth.storage import alone, write_json

SPEEDS = ".speeds.json"
# The phases of a run, as the trainer and as people call them.
NAMES = {
    "outline": "Outlines",
    "features": "Details",
    "statistics": "Inventing",
    "adversarial": "Inventing",
}
# Settings of a trial: a tick a batch, no sounds; and of each phase as many batches as a median needs.
TRIAL = {"tick_kimg": 0.004, "snapshot_kimg": 1e6}
TRIAL_PHASES = {"outline_kimg": 0.096, "feature_kimg": 0.032}
TRIAL_LAST, TRIAL_PLAIN = 0.072, 0.2  # thousands of images of the last phase, and of the only one
# Parts of the budget that the phases before the last one may take at most.
OUTLINE_PART, FEATURE_PART = 0.3, 0.3
TICKS, SNAPSHOTS = 200, 20
LEAST_TICK, LEAST_SNAPSHOT = 10.0, 60.0  # seconds
MEGABYTE = 2**20


@dataclass(frozen=True)
class Recipe:
    """A way to begin.

    disk: megabytes that a run takes: the state, the one before it, the one being written, and sounds. start: the model
    to begin with; ready: it has the categories of the sounds, so only the last phase is left; seen: images it was
    trained on; rate: that recordings must have been sampled at, where it asks for more than most have.
    """

    preset: str
    title: str
    seconds: float  # of a sound
    disk: int = 1500
    start: str | None = None
    ready: bool = False
    seen: int = 0
    rate: int = 0

    @property
    def phases(self) -> Phases:
        """How long its phases last where the time is not too short for that."""
        return PHASES[self.preset]

    @property
    def plain(self) -> bool:
        """Whether it has one phase only, in which both players learn from the first image on."""
        return self.phases == NO_WARM_START

    @property
    def arguments(self) -> list[str]:
        """What the trainer is told, besides its data and its budget."""
        return ["--start", str(paths.models() / self.start)] if self.start else ["--preset", self.preset]


SCRATCH = (
    Recipe("hits_scratches", "From scratch, sounds of 2 s", 2.048),
    Recipe("environmental", "From scratch, sounds of 4 s", 4.096),
    Recipe("tiny", "From scratch, sounds of 0.06 s", 0.064, disk=50),
    Recipe("studio", "From scratch at 44.1 kHz, sounds of 2 s", 88064 / 44100, rate=44100),
    *(
        Recipe(preset, f"{title}, sounds of {seconds:.1g} s", seconds, disk=300)
        for preset, title, seconds in (
            ("cgan", "Conditional GAN", 131072 / 22050),
            ("cgan_projected", "Conditional GAN, projected", 2.048),
            ("cgan_sn", "Conditional GAN, spectral norm", 2.048),
            ("wgan", "WGAN-GP", 110592 / 22050),
            ("wgan_short", "WGAN-GP", 88064 / 22050),
            ("soundgan", "SoundGan", 88064 / 22050),
            ("soundgan_projected", "SoundGan, projected", 44032 / 22050),
            ("waveform", "Waveform by a perceptron", 1.0),
            ("waveform_conv", "Waveform by convolutions", 1.0),
        )
    ),
)


def recipes(
    cards: Mapping[str, Card], seconds: float, categories: Collection[str] = (), rates: Collection[int] = ()
) -> list[Recipe]:
    """The ways to begin for sounds of these categories that last about so many seconds, the fittest first; those at a
    higher rate, where sounds were sampled at it, and plain GANs come last of those from scratch."""
    highest = max(rates, default=0)
    scratch = [r for r in SCRATCH if (r.preset != "tiny" or seconds <= 2 * r.seconds) and r.rate <= highest]
    scratch.sort(key=lambda r: (r.plain, r.rate, abs(r.seconds - seconds)))
    known = {r.preset: r for r in SCRATCH}
    return scratch + [
        replace(
            known[preset],
            title=f"From {card.title}, sounds of {card.duration:.1g} s",
            start=card.id,
            ready=set(card.data.get("clips_per_category", card.categories)) == set(categories),
            seen=int(card.training.get("images_seen", 0)),
        )
        for card in cards.values()
        if (preset := str(card.training.get("preset"))) in known
    ]


# -- speed ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Speed:
    """Images per second of each phase on this machine; `last` is the one that goes on without end."""

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
        kept = json.loads((jobs.root() / SPEEDS).read_text(encoding="utf-8"))
        return Speed(**kept[_key(recipe, machine)])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def try_speed(recipe: Recipe, data: Path, machine: list[str]) -> Speed:
    """Trains for ten seconds or so and keeps the speed; raises RunError with what the trainer complains of."""
    check_disk(recipe)
    with jobs.writing(jobs.root()):
        folder = Path(tempfile.mkdtemp(prefix=".trial-", dir=jobs.root()))
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
        return _pairs(TRIAL), begun + TRIAL_PLAIN
    phases = TRIAL_PHASES | _skipped(recipe)
    return _pairs(TRIAL | phases), begun + sum(phases.values()) + TRIAL_LAST


def _skipped(recipe: Recipe) -> dict[str, float]:
    """Phases that the model to begin with has behind it: all but the last where its sounds are these."""
    return dict.fromkeys(TRIAL_PHASES, 0.0) if recipe.ready else {}


def speed_of(ticks: Sequence[Mapping[str, Any]]) -> Speed:
    """The speed that the ticks of a trial tell, one tick a batch. A phase's first tick still times the phase before."""
    by_phase: dict[str, list[float]] = {}
    for line in ticks:
        by_phase.setdefault(line["phase"], []).append(line["images_per_second"])
    rates = {phase: statistics.median(found[1:] or found) for phase, found in by_phase.items()}
    last = rates.get("statistics", rates.get("adversarial"))
    if last is None:
        raise RunError("the machine is too busy to try its speed: wait a little and try again")
    return Speed(last, rates.get("outline", 0.0), rates.get("features", 0.0), time.time())


def keep_speed(recipe: Recipe, machine: list[str], speed: Speed) -> None:
    path = jobs.root() / SPEEDS
    with jobs.writing(path), alone(path):
        write_json(path, jobs.read_json(path) | {_key(recipe, machine): asdict(speed)})


# -- plan ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One phase of a plan."""

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
        """The phase in which the run learns to invent sounds."""
        return self.steps[-1]


def plan(recipe: Recipe, speed: Speed, minutes: float) -> Plan:
    """The phases of a run of so many minutes, the early ones shortened where the budget asks for it."""
    budget, phases = 60.0 * minutes, recipe.phases
    if recipe.plain:
        only = Step(NAMES["adversarial"], round(budget * speed.last), minutes)
        return Plan((only,), tuple(_pairs(_rhythm(budget, speed.last))))
    settings = _skipped(recipe)
    steps = []
    if not recipe.ready:
        settings["outline_kimg"] = min(phases.outline, OUTLINE_PART * budget * speed.outline / 1000.0)
        settings["feature_kimg"] = min(phases.features, FEATURE_PART * budget * speed.features / 1000.0)
        steps.append(_step("outline", settings["outline_kimg"], speed.outline))
        steps.append(_step("features", settings["feature_kimg"], speed.features))
    left = max(budget - 60.0 * sum(s.minutes for s in steps), 0.0)
    steps.append(Step(NAMES["statistics"], round(left * speed.last), left / 60.0))
    settings |= _rhythm(budget, speed.last)
    return Plan(tuple(steps), tuple(_pairs(settings)))


def _step(phase: str, kimg: float, rate: float) -> Step:
    return Step(NAMES[phase], round(1000.0 * kimg), 1000.0 * kimg / rate / 60.0 if rate else 0.0)


def _rhythm(budget: float, rate: float) -> dict[str, float]:
    """How often figures and sounds come: a curve that moves while one looks, and no more points than it needs."""
    tick = max(LEAST_TICK, budget / TICKS)
    snapshot = max(LEAST_SNAPSHOT, budget / SNAPSHOTS)
    return {"tick_kimg": max(tick * rate, 1.0) / 1000.0, "snapshot_kimg": max(snapshot * rate, 1.0) / 1000.0}


def _pairs(settings: Mapping[str, float]) -> list[str]:
    return [f"{name}={value if isinstance(value, int) else round(value, 4)}" for name, value in settings.items()]


# -- disk ----------------------------------------------------------------------------------------------------------


def check_disk(recipe: Recipe) -> None:
    """Raises RunError where the disk of the runs has no room for one more."""
    with jobs.writing(jobs.root()):
        jobs.root().mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(jobs.root()).free // MEGABYTE
    if free < recipe.disk:
        raise RunError(
            f"a run of this kind takes about {recipe.disk / 1000:.1f} GB, and {jobs.root()} has {free / 1000:.1f} GB "
            "left: free some space, or set SONOFORM_RUNS to a folder on a larger disk"
        )
