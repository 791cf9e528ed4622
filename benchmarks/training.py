"""Training from nothing, side by side with an earlier build: what so many CPU minutes of one thread come to.

    python -m benchmarks.training DATA --preset environmental --before WORKTREE [--minutes 10 20] [--yamnet FILE]

Both trainers run in turn on this machine, one thread each, until they have used so many minutes of CPU time; then each
build publishes its run and renders `--count` sounds by its own command line, as it plays by default. All of them are
scored by this build: Frechet audio distance over its floor and class hit rate over that of recordings, by AlexNet, by
aiSFX and, where its weights are named, by YAMNet. Runs are kept under `--work`, so that a longer budget goes on from a
shorter one.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synth.publishing.tables import cell, table
from synth.recipes.presets import preset
from synth.recordings.dataset import load_clips
from synth.scoring.embedders import load_embedders
from synth.scoring.metrics import Yardstick
from synth.sound.sound import Sound
from synth.training.snapshot import as_frequent

HERE = Path(__file__).resolve().parents[1]
TICK = 2.0  # seconds between looks at the clock of a trainer


@dataclass(frozen=True)
class Build:
    """A version of the project, by its folder."""

    name: str
    folder: Path

    def call(self, *words: str, checkpoints: Path) -> None:
        environment = os.environ | {"PYTHONPATH": str(self.folder), "SONOFORM_CHECKPOINTS": str(checkpoints)}
        subprocess.run([sys.executable, "-m", "synth", *words], cwd=self.folder, env=environment, check=True)

    def train(self, run: Path, data: Path, name: str, minutes: float, yamnet: Path | None) -> None:
        """Goes on with a run until all that was spent on it comes to so many CPU minutes."""
        spent = run.with_suffix(".seconds")
        before = float(spent.read_text()) if spent.exists() else 0.0
        begin = ["--resume"] if before else ["--preset", name, "--data", str(data)]
        words = ["train", "--out", str(run), *begin, "--threads", "1", "--minutes", "100000"]
        words += ["--yamnet", str(yamnet)] if yamnet else []
        environment = os.environ | {"PYTHONPATH": str(self.folder), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "synth", *words]
        process = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=subprocess.DEVNULL)
        while process.poll() is None and before + _seconds(process.pid) < 60.0 * minutes:
            time.sleep(TICK)
        own = _seconds(process.pid) if process.poll() is None else 0.0
        process.send_signal(signal.SIGTERM)
        if process.wait():
            raise SystemExit(f"the trainer of {self.name} ended with {process.returncode}")
        spent.write_text(str(before + own))


def _seconds(pid: int) -> float:
    """CPU time of a process, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def sounds(build: Build, run: Path, categories: list[str], n: int, rate: int) -> np.ndarray:
    """Samples (len(categories), n) of the run as its build plays them, one a category asked for."""
    root = run.with_suffix(".published")
    build.call("publish", str(run), "--id", "trained", checkpoints=root)
    made = np.zeros((len(categories), n), np.float32)
    for at, category in enumerate(sorted(set(categories))):
        rows = [i for i, name in enumerate(categories) if name == category]
        out = run.with_suffix(".sounds") / f"{at}"
        words = ["--category", category, "--count", str(len(rows)), "--format", "wav", "--out", str(out)]
        build.call("render", "--model", "trained", *words, checkpoints=root)
        for row, path in zip(rows, sorted(out.glob("*.wav")), strict=True):
            heard = Sound.load(path).mono().resampled(rate).samples[0, :n]
            made[row, : len(heard)] = heard
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--preset", default="environmental")
    parser.add_argument("--before", type=Path, help="a worktree of an earlier build")
    parser.add_argument("--minutes", type=float, nargs="+", default=[10.0])
    parser.add_argument("--count", type=int, default=256)
    parser.add_argument("--yamnet", type=Path)
    parser.add_argument("--work", type=Path, default=HERE / "runs" / "benchmark")
    options = parser.parse_args()
    data, yamnet = options.data.resolve(), options.yamnet and options.yamnet.resolve()
    codec = preset(options.preset).codec
    train, valid = (load_clips(data, split, codec.sample_rate, codec.samples) for split in ("train", "valid"))
    yardsticks = [Yardstick.of(e, train, valid, codec.sample_rate) for e in load_embedders(yamnet, codec.sample_rate)]
    labels = as_frequent(valid.labels, options.count).numpy()
    names = [train.categories[label] for label in labels]
    builds = [Build("this build", HERE)]
    builds += [Build("before", options.before.resolve())] if options.before else []
    options.work.mkdir(parents=True, exist_ok=True)
    rows = []
    for minutes in sorted(options.minutes):
        for build in builds:
            run = options.work / build.name.replace(" ", "-")
            build.train(run, data, options.preset, minutes, yamnet)
            made = sounds(build, run, names, codec.samples, codec.sample_rate)
            figures = []
            for yardstick in yardsticks:
                scores, floor = yardstick.score(made, labels), yardstick.floor(options.count).fad
                figures += [cell(scores.fad / floor), cell(scores.hit_rate)]
            rows.append([build.name, cell(minutes), *figures])
    heads = [f"{y.embedder.name} {what}" for y in yardsticks for what in ("FAD / floor", "hits")]
    print("\n".join(table(["build", "CPU minutes", *heads], rows)))
    print(f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime / 60:.0f} CPU minutes in all")


if __name__ == "__main__":
    main()
