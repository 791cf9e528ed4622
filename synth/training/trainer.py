"""The training loop: steps, ticks, snapshots, an exact resume, and nothing lost on the way out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import torch

from synth.errors import DataError, RunError
from synth.recordings.dataset import load_clips
from synth.runs.report import write_report
from synth.runs.run import Run
from synth.runs.state import has_state, load_state, save_state
from synth.runs.tensorboard import Events
from synth.training.learner import Losses
from synth.training.learners import learner_of
from synth.training.parallel import ALONE, Team
from synth.training.snapshot import Scorer, write_samples
from synth.training.start import begin_with
from synth.training.stop import stop_on_signal

SAVE_SECONDS = 120.0
MAX_ROLLBACKS = 5

Report = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Budget:
    """When to stop: after `minutes` of this session, or at `kimg` thousand images of the run; None: no such limit."""

    minutes: float | None = None
    kimg: float | None = None

    def spent(self, seconds: float, seen: int) -> bool:
        return (self.minutes is not None and seconds >= 60.0 * self.minutes) or (
            self.kimg is not None and seen >= 1000.0 * self.kimg
        )

    def part(self, seconds: float, seen: int, start: int) -> float:
        """How much of the budget is used, 0..1, by the limit that will be reached first."""
        parts = [0.0]
        if self.minutes:
            parts.append(seconds / (60.0 * self.minutes))
        if self.kimg is not None:
            parts.append((seen - start) / max(1000.0 * self.kimg - start, 1.0))
        return min(max(parts), 1.0)


class Tick:
    """Means of the losses since the last line of metrics.jsonl. Part of the state, so that a resume goes on exactly."""

    def __init__(self, sums: dict[str, tuple[float, int]] | None = None):
        self.sums = dict(sums or {})

    def add(self, losses: Losses) -> None:
        for name, value in losses.items():
            total, count = self.sums.get(name, (0.0, 0))
            self.sums[name] = (total + value, count + 1)

    def means(self) -> Losses:
        return {name: total / count for name, (total, count) in self.sums.items()}


class Trainer:
    """Drives a Learner on the clips of a run until its budget is spent or it is asked to stop.

    Of a team every process has one; the leader's alone writes, scores and reports.
    """

    def __init__(
        self,
        run: Run,
        *,
        device: torch.device,
        yamnet: Path | None = None,
        report: Report = print,
        team: Team = ALONE,
    ):
        self.run, self.device, self.report, self.team = run, device, report, team
        self.config, data, categories = run.found()
        c = self.config.codec
        clips = load_clips(data, "train", c.sample_rate, c.samples).called(categories)
        if clips.categories != categories or len(clips.labels) != self.config.clips:
            raise DataError(f"{data} no longer holds the clips of this run: restore the folder or start a new run")
        self.clips = clips
        self.learner = learner_of(self.config, clips, device, yamnet, team)
        self.scorer = Scorer.build(clips, data, self.config, yamnet) if team.leads else None
        self.events = Events(run.folder)
        self.tick = Tick()
        self.rollbacks = 0
        self.unmonitored = ""  # why the last thing to be looked at could not be written
        self.seconds = 0.0  # of training so far, over all sessions
        self.best_fad = self._best_so_far()

    def _best_so_far(self) -> float:
        best = load_state(self.run.best, torch.device("cpu"))
        if best is None or self.scorer is None or best["line"].get("space") != self.scorer.space:
            return math.inf  # figures of two spaces do not compare
        return float(best["line"]["fad"])

    def resume(self) -> bool:
        """Takes up the last good state; False if the run has none yet."""
        state = load_state(self.run.state, self.device)
        if state is None:
            return False
        self.learner.load(state["learner"])
        self.tick = Tick(state["tick"])
        self.rollbacks = state["rollbacks"]
        self.seconds = state["seconds"]
        if self.team.leads:
            self.run.forget_after(self.learner.progress.seen)
        return True

    def start_from(self, checkpoint: Path) -> None:
        """First weights from a published checkpoint, of the same categories or of others."""
        card = begin_with(self.learner, checkpoint, self.clips.categories)
        if self.team.leads:
            self.run.began_with(card, self.learner.progress.seen)

    def save(self) -> None:
        if not self._finite():
            return  # the guard rolls back at the next step; the last good state stays the last good one
        self.rollbacks = 0
        if not self.team.leads:
            return
        state = {
            "learner": self.learner.state(),
            "tick": self.tick.sums,
            "rollbacks": self.rollbacks,
            "seconds": self.seconds,
        }
        save_state(self.run.state, state)

    def _finite(self) -> bool:
        return all(bool(torch.isfinite(p).all()) for p in self.learner.networks.parameters())

    def train(self, budget: Budget) -> None:
        """Steps until the budget is spent or a SIGTERM or SIGINT arrives; saves before it returns."""
        with stop_on_signal() as asked:
            if not has_state(self.run.state):
                self.save()
            self._loop(budget, asked)
            self.save()
        if self.team.leads:
            self._monitor(self.events.close)
            self._monitor(lambda: write_report(self.run.folder))

    def _loop(self, budget: Budget, asked: Event) -> None:
        progress = self.learner.progress
        begun = saved = ticked = time.monotonic()
        start = ticked_seen = progress.seen
        while not self._all(asked.is_set() or budget.spent(time.monotonic() - begun, progress.seen)):
            before, stepped = progress.seen, time.monotonic()
            if not self._guarded_step():
                progress = self.learner.progress
                ticked_seen = min(ticked_seen, progress.seen)
                continue
            now = time.monotonic()
            self.seconds += now - stepped
            if self.team.leads and crossed(before, progress.seen, self.config.tick_kimg):
                rate = (progress.seen - ticked_seen) / max(now - ticked, 1e-9)
                self._write_tick(rate, budget.part(now - begun, progress.seen, start), now - begun)
                ticked, ticked_seen = now, progress.seen
            if self.team.leads and crossed(before, progress.seen, self.config.snapshot_kimg):
                self.snapshot()
                ticked = time.monotonic()
            if self._all(now - saved > SAVE_SECONDS):
                self.save()
                saved = now

    def _all(self, flag: bool) -> bool:
        """What one process finds, all do."""
        return self.team.any(flag, self.device)

    def _guarded_step(self) -> bool:
        """One step; on a loss that is not a number, back to the last good state with other random draws."""
        losses = self.learner.step()
        if all(math.isfinite(v) for v in losses.values()):
            self.tick.add(losses)
            return True
        count = self.rollbacks + 1
        if count > MAX_ROLLBACKS:
            raise RunError(
                f"training diverged {count} times: resume with a lower learning rate, the last good state is kept"
            )
        self.resume()
        self.rollbacks = count
        self.learner.rng.manual_seed(self.config.seed + 7919 * count + self.learner.progress.seen)
        self.report({"event": "rollback", "seen": self.learner.progress.seen, "count": count})
        return False

    def _write_tick(self, rate: float, part: float, seconds: float) -> None:
        p = self.learner.progress
        line = {
            "step": p.steps,
            "seen": p.seen,
            "phase": self.learner.stage,
            "images_per_second": round(rate, 2),
            "wall_minutes": round(self.seconds / 60.0, 4),
            "device": device_name(self.device),
            "augment": round(p.augment, 4),
            **{k: round(v, 5) for k, v in self.tick.means().items()},
        }
        self.tick = Tick()
        self._log(line)
        left = seconds * (1.0 - part) / part if part > 0 else None
        self.report(line | {"part": part, "seconds_left": left})

    def snapshot(self) -> None:
        """Sample grid and sounds; FAD on the valid split where a yardstick is at hand; the best is kept."""
        average, p = self.learner.networks.average, self.learner.progress
        if not p.prior_fitted or not self._finite():
            return  # nothing to draw from yet, or about to roll back
        self._monitor(lambda: write_samples(self.run.samples, p.seen, average, self.config))
        self._monitor(lambda: self.events.samples(p.seen))
        if self.scorer is None:
            return
        scores = self.scorer.score(average, self.config.score_sounds)
        line = {"step": p.steps, "seen": p.seen, "phase": self.learner.stage, "space": self.scorer.space, **scores}
        self._log(line)
        self.report(line)
        if scores["fad"] < self.best_fad:
            save_state(self.run.best, {"networks": self.learner.networks.state_dict(), "line": line})
            self.best_fad = scores["fad"]

    def _log(self, line: dict[str, Any]) -> None:
        self._monitor(lambda: self.run.log(line))
        self._monitor(lambda: self.events.line(line))

    def _monitor(self, write: Callable[[], object]) -> None:
        """Writes what is only there to be looked at: nothing there ends the training. Told once a cause."""
        try:
            write()
        except Exception as error:
            if str(error) != self.unmonitored:
                self.unmonitored = str(error)
                self.report({"event": "unmonitored", "seen": self.learner.progress.seen, "error": self.unmonitored})


def crossed(before: int, after: int, kimg: float) -> bool:
    """True when a multiple of `kimg` thousand images lies in (before, after]."""
    interval = max(int(1000.0 * kimg), 1)
    return after // interval > before // interval


def device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else f"CPU, {torch.get_num_threads()} threads"
