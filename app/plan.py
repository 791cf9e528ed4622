"""What a training run will be: how to begin, how fast this machine is, what a time budget buys. No torch, no Streamlit.

The speed is measured by a trial: the trainer itself on the sounds at hand, a few batches of every phase, thrown away
after. The plan then fits the phases into the budget: a warm start that took it whole would leave nothing to listen to.
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

from app import jobs
from synth.checkpoint import Card, default_root
from synth.errors import RunError
from synth.files import write_json
from synth.phases import NO_WARM_START, PHASES, Phases

SPEEDS = ".speeds.json"
# The phases of a run, as the trainer and as people call them.
NAMES = {
    "outline": "Outlines",
    "reconstruct": "Details",
    "discriminate": "Telling apart",
    "adversarial": "Inventing",
}
# Settings of a trial: a tick a batch, no sounds; and of each phase as many batches as a median needs.
TRIAL = {"tick_kimg": 0.004, "snapshot_kimg": 1e6}
TRIAL_PHASES = {"outline_kimg": 0.096, "reconstruction_kimg": 0.016, "discriminator_kimg": 0.0}
TRIAL_LAST, TRIAL_PLAIN = 0.04, 0.2  # thousands of images of the last phase, and of the only one
# Parts of the budget that the phases before the adversarial one may take at most.
OUTLINE_PART, RECONSTRUCT_PART, DISCRIMINATE_PART = 0.4, 0.2, 0.1
TICKS, SNAPSHOTS = 200, 20
LEAST_TICK, LEAST_SNAPSHOT = 10.0, 60.0  # seconds
MEGABYTE = 2**20


@dataclass(frozen=True)
class Recipe:
    """A way to begin.

    disk: megabytes that a run takes: the state, the one before it, the one being written, and sounds. start: the model
    to begin with; ready: it has the categories of the sounds, so no warm start is left; seen: images it was trained on.
    """

    preset: str
    title: str
    seconds: float  # of a sound
    disk: int = 1500
    start: str | None = None
    ready: bool = False
    seen: int = 0

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
        return ["--start", str(default_root() / self.start)] if self.start else ["--preset", self.preset]


SCRATCH = (
    Recipe("hits_scratches", "From scratch, sounds of 2 s", 2.048),
    Recipe("environmental", "From scratch, sounds of 4 s", 4.096),
    Recipe("tiny", "From scratch, sounds of 0.06 s", 0.064, disk=50),
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


def recipes(cards: Mapping[str, Card], seconds: float, categories: Collection[str] = ()) -> list[Recipe]:
    """The ways to begin for sounds of these categories that last about so many seconds, the fittest first; plain GANs
    come last of those from scratch."""
    scratch = [r for r in SCRATCH if r.preset != "tiny" or seconds <= 2 * r.seconds]
    scratch.sort(key=lambda r: (r.plain, abs(r.seconds - seconds)))
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
    """Images per second of each phase on this machine."""

    adversarial: float
    outline: float = 0.0
    reconstruct: float = 0.0
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
    last = phases["outline_kimg"] + phases["reconstruction_kimg"] + TRIAL_LAST
    return _pairs(TRIAL | phases), begun + last


def _skipped(recipe: Recipe) -> dict[str, float]:
    """Phases that the model to begin with has behind it: for other categories than its own, the outlines alone."""
    skipped = {"outline_kimg": 0.0} if recipe.start else {}
    return skipped | ({"reconstruction_kimg": 0.0} if recipe.ready else {})


def speed_of(ticks: Sequence[Mapping[str, Any]]) -> Speed:
    """The speed that the ticks of a trial tell, one tick a batch. A phase's first tick still times the phase before."""
    by_phase: dict[str, list[float]] = {}
    for line in ticks:
        by_phase.setdefault(line["phase"], []).append(line["images_per_second"])
    last = by_phase.get("adversarial", [])
    if not last:
        raise RunError("the machine is too busy to try its speed: wait a little and try again")
    rates = {phase: statistics.median(found[1:] or found) for phase, found in by_phase.items()}
    return Speed(rates["adversarial"], rates.get("outline", 0.0), rates.get("reconstruct", 0.0), time.time())


def keep_speed(recipe: Recipe, machine: list[str], speed: Speed) -> None:
    path = jobs.root() / SPEEDS
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
        only = Step(NAMES["adversarial"], round(budget * speed.adversarial), minutes)
        return Plan((only,), tuple(_pairs(_rhythm(budget, speed.adversarial))))
    settings: dict[str, float] = {}
    steps = []
    if not recipe.start:
        settings["outline_kimg"] = min(phases.outline, OUTLINE_PART * budget * speed.outline / 1000.0)
        steps.append(_step("outline", settings["outline_kimg"], speed.outline))
    if not recipe.ready:
        affordable = RECONSTRUCT_PART * budget * speed.reconstruct / 1000.0
        settings["reconstruction_kimg"] = min(phases.reconstruct, affordable)
        steps.append(_step("reconstruct", settings["reconstruction_kimg"], speed.reconstruct))
    settings |= _skipped(recipe)
    left = max(budget - 60.0 * sum(s.minutes for s in steps), 0.0)
    steps.append(Step(NAMES["adversarial"], round(left * speed.adversarial), left / 60.0))
    affordable = DISCRIMINATE_PART * budget * speed.adversarial / 1000.0
    settings["discriminator_kimg"] = min(phases.discriminate, affordable)
    settings |= _rhythm(budget, speed.adversarial)
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
    jobs.root().mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(jobs.root()).free // MEGABYTE
    if free < recipe.disk:
        raise RunError(
            f"a run of this kind takes about {recipe.disk / 1000:.1f} GB, and {jobs.root()} has {free / 1000:.1f} GB "
            "left: free some space, or set SONOFORM_RUNS to a folder on a larger disk"
        )
