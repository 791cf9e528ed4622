"""What a model is worth for a few sounds of categories that it never heard: transfer beside training from scratch.

    python -m benchmarks.transfer --data DIR --categories A B C --out RUNS [--base hits_scratches] [--clips 60]
                                  [--minutes 10 30 60] [--arms transfer scratch] [--yamnet FILE]

Every run is the one that the Train page would plan for its budget on this machine without YAMNet. Its minutes
are of one thread by the process clock, so that a busy machine does not change the result; they leave out what comes
before the first step and after the last. Stopped at any moment (Ctrl-C, SIGTERM, a kill) it goes on when it is started
again: each run keeps its state, and figures that are there are not taken again.

The clips to learn from are of as many recordings, drawn evenly from the categories; all other clips of the categories,
but those of the same recordings, are held out. Figures are against these: of sets of as many drawn sounds as there are
clips to learn from, and as many of each category, so that they compare with those of the clips themselves (the floor).
The hit rate is by the nearest clip to learn from; that of the clips held out is its ceiling.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import torch

from app.jobs.beginnings import beginnings
from app.jobs.plan import plan
from app.jobs.speed import Speed, speed_of, trial
from synth.checkpoint.store import catalogue, find
from synth.errors import DataError, SonoformError
from synth.publishing.tables import cell, table
from synth.recipes.presets import Config, TrainConfig, override, preset
from synth.recordings.dataset import load_clips, scan
from synth.runs.run import Run
from synth.runs.state import load_state, save_state
from synth.scoring.embedders import load_embedders
from synth.scoring.metrics import Yardstick
from synth.storage import read_lines
from synth.training.learners import learner_of
from synth.training.projectors import preferred
from synth.training.snapshot import play, write_samples
from synth.training.start import begin_with, settings_of
from synth.training.stop import stop_on_signal
from synth.training.style_learner import Learner

CPU = torch.device("cpu")
SEEDS = (20260, 20261, 20262, 20263)  # a set of sounds each
SAVE_SECONDS = 60.0
# What each way of training changes in its plan; only "transfer" begins with the base.
ARMS: dict[str, list[str]] = {"transfer": [], "scratch": [], "alexnet": ["projector=alexnet"]}


def few_shot(source: Path, folder: Path, categories: list[str], count: int) -> Path:
    """A data folder of links to `source`: `count` clips as train, no two of a recording, and the rest as valid."""
    rng = random.Random(0)
    rows = []
    for i, category in enumerate(categories):
        clips = [e.row for e in scan(source) if e.category == category]
        ours = sorted({row["recording"] for row in clips if row["split"] == "train"})
        wanted = count * (i + 1) // len(categories) - count * i // len(categories)
        if len(ours) < wanted:
            raise DataError(f"{source} has {len(ours)} recordings of {category}, not {wanted}: name another category")
        drawn = set(rng.sample(ours, wanted))
        chosen = [rng.choice([row for row in clips if row["recording"] == name]) for name in sorted(drawn)]
        rows += [row | {"split": "train"} for row in chosen]
        rows += [row | {"split": "valid"} for row in clips if row["recording"] not in drawn]
    for row in rows:
        link = folder / row["file"]
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(source.resolve() / row["file"])
    with (folder / "metadata.csv").open("w", newline="", encoding="utf-8") as f:
        writer = csv.DictWriter(f, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return folder


def main_settings(config: Config) -> TrainConfig:
    """Of a model with a latent space W, which alone is worth something for other sounds."""
    if not isinstance(config, TrainConfig):
        raise DataError(f"{config.family} begins anew with other sounds: name a model of the family stylegan2")
    return config


class Course:
    """One way of training on one data folder, under the settings that the Train page would give it for a budget."""

    def __init__(self, arm: str, base: str, data: Path, folder: Path):
        self.arm, self.data, self.folder = arm, data, folder
        self.start = find(base) if arm == "transfer" else None
        card = catalogue()[base]
        offered = beginnings(catalogue(), card.duration, sorted({e.category for e in scan(data)}))
        (self.recipe,) = (
            r for r in offered if r.start == (self.start and base) and r.preset == card.training["preset"]
        )

    def run(self, minutes: float) -> Run:
        """The run of a budget, begun or taken up."""
        folder = self.folder / f"{self.arm}-{minutes:g}"
        if (folder / "config.json").exists():
            return Run.open(folder)
        return Run.create(folder, self._config(plan(self.recipe, self.speed(), minutes).settings), self.data)

    def _config(self, settings: tuple[str, ...] | list[str]) -> TrainConfig:
        config = main_settings(settings_of(self.start) if self.start else preset(self.recipe.preset))
        config = replace(config, projector=preferred(config.codec, None))
        return override(config, [*settings, *ARMS[self.arm]])

    def learner(self, run: Run) -> Learner:
        config, data, categories = run.found()
        clips = load_clips(data, "train", config.codec.sample_rate, config.codec.samples).called(categories)
        learner = learner_of(config, clips, CPU)
        assert isinstance(learner, Learner)
        if self.start:
            begin_with(learner, self.start, categories)
        return learner

    def speed(self) -> Speed:
        """Of one thread by the process clock, measured once."""
        kept = self.folder / f"{self.arm}-trial"
        if not (ticks := read_lines(kept / "metrics.jsonl")):
            settings, kimg = trial(self.recipe)
            run = Run.create(kept, self._config(settings), self.data)
            learner = self.learner(run)
            while learner.progress.seen < 1000.0 * kimg:
                seen, begun = learner.progress.seen, time.process_time()
                learner.step()
                rate = (learner.progress.seen - seen) / (time.process_time() - begun)
                ticks.append({"seen": learner.progress.seen, "phase": learner.stage, "images_per_second": rate})
            for line in ticks:
                run.log(line)
        return speed_of(ticks)


def trained(course: Course, run: Run, minutes: float, asked: Event, report: Callable[[str], None]) -> Learner | None:
    """Trains a run to the end of its budget; None where it was asked to end before."""
    learner = course.learner(run)
    spent = 0.0
    if state := load_state(run.state, CPU):
        learner.load(state["learner"])
        spent = state["cpu_seconds"]
    saved = spent
    while spent < 60.0 * minutes and not asked.is_set():
        begun = time.process_time()
        losses = learner.step()
        spent += time.process_time() - begun
        if spent - saved > SAVE_SECONDS or spent >= 60.0 * minutes or asked.is_set():
            save_state(run.state, {"learner": learner.state(), "cpu_seconds": spent})
            figures = ", ".join(f"{name} {value:.3g}" for name, value in losses.items())
            seen = learner.progress.seen
            run.log({"cpu_minutes": spent / 60.0, "seen": seen, "phase": learner.stage, **losses})
            report(f"{run.folder.name}: {spent / 60.0:.1f} min, {seen} images, {learner.stage}, {figures}")
            saved = spent
    return None if asked.is_set() else learner


class Judge:
    """The clips held out and to learn from, in every space."""

    def __init__(self, data: Path, config: TrainConfig, yamnet: Path | None):
        codec = config.codec
        self.train, self.valid = (load_clips(data, s, codec.sample_rate, codec.samples) for s in ("train", "valid"))
        self.yardsticks = [
            Yardstick.of(embedder, self.train, self.valid, codec.sample_rate)
            for embedder in load_embedders(yamnet, codec.sample_rate)
        ]

    def scores(self, learner: Learner) -> dict[str, dict[str, list[float]]]:
        """FAD and hit rate of each set of sounds, by space."""
        labels = self.train.labels.sort().values
        average, config = learner.networks.average, learner.config
        sets = [play(average, config, labels, seed) for seed in SEEDS]
        found: dict[str, dict[str, list[float]]] = {}
        for yardstick in self.yardsticks:
            scores = [yardstick.score(sounds, labels.numpy()) for sounds in sets]
            found[yardstick.embedder.name] = {"fad": [s.fad for s in scores], "hit_rate": [s.hit_rate for s in scores]}
        return found

    def references(self) -> dict[str, dict[str, list[float]]]:
        """The clips to learn from as sounds, and the clips held out as sounds that hit."""
        found: dict[str, dict[str, list[float]]] = {}
        for yardstick in self.yardsticks:
            hits = yardstick.ceiling().values()
            found[yardstick.embedder.name] = {
                "fad": [yardstick.floor(len(self.train)).fad],
                "hit_rate": [sum(c.hits for c in hits) / sum(c.n for c in hits)],
            }
        return found


def markdown(lines: list[dict[str, Any]]) -> str:
    """A row for each run, and the recordings' own."""
    spaces = list(lines[0]["scores"])
    heads = ["begins with", "CPU minutes", "images", *(h for s in spaces for h in (f"FAD-{s}", "hit rate"))]
    rows = []
    for line in lines:
        figures = (np.mean(line["scores"][space][name]) for space in spaces for name in ("fad", "hit_rate"))
        rows.append([line["arm"], line.get("minutes"), line.get("images"), *(cell(float(x)) for x in figures)])
    return "\n".join(table(heads, rows))


def results(folder: Path) -> Iterator[dict[str, Any]]:
    """Lines that are there, the recordings' own first, then by minutes."""
    return iter(sorted(read_lines(folder / "results.jsonl"), key=lambda line: line.get("minutes", 0.0)))


def keep(folder: Path, line: dict[str, Any]) -> None:
    with (folder / "results.jsonl").open("a", encoding="utf-8") as f:
        f.write(json.dumps(line) + "\n")


def compare(options: argparse.Namespace, asked: Event, report: Callable[[str], None]) -> Path:
    """Runs what is not there yet; returns the folder of the results."""
    folder: Path = options.out / f"{options.base}-{options.clips}-{'-'.join(options.categories)}"
    data = few_shot(options.data, folder / "data", options.categories, options.clips)
    judge = Judge(data, main_settings(settings_of(find(options.base))), options.yamnet)
    done = {(line["arm"], line.get("minutes")) for line in results(folder)}
    if ("recordings", None) not in done:
        clips = {"train_clips": len(judge.train), "valid_clips": len(judge.valid)}
        keep(folder, {"arm": "recordings", **clips, "scores": judge.references()})
    for minutes in options.minutes:
        for arm in options.arms:
            if asked.is_set() or (arm, minutes) in done:
                continue
            course = Course(arm, options.base, data, folder)
            run = course.run(minutes)
            learner = trained(course, run, minutes, asked, report)
            if learner is None:
                continue
            write_samples(run.samples, learner.progress.seen, learner.networks.average, learner.config)
            line = {"arm": arm, "minutes": minutes, "images": learner.progress.seen, "scores": judge.scores(learner)}
            keep(folder, line)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a folder of recordings with a metadata.csv")
    parser.add_argument("--categories", nargs="+", required=True, help="those of it that the base never heard")
    parser.add_argument("--out", type=Path, required=True, help="a folder for the runs and their figures")
    parser.add_argument("--base", default="hits_scratches", help="the model to begin with")
    parser.add_argument("--clips", type=int, default=60, help="clips to learn from, in all categories together")
    parser.add_argument("--minutes", type=float, nargs="+", default=[10.0, 30.0, 60.0], help="budgets, a run each")
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=["transfer", "scratch"])
    parser.add_argument("--yamnet", type=Path, help="YAMNet weights (safetensors), to score in its space too")
    options = parser.parse_args()
    torch.set_num_threads(1)
    try:
        with stop_on_signal() as asked:
            folder = compare(options, asked, lambda text: print(text, flush=True))
    except SonoformError as error:
        parser.exit(2, f"{error}\n")
    print("\n" + markdown(list(results(folder))))


if __name__ == "__main__":
    main()
