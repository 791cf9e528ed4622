"""A kit beside as many single renders of another build: `python -m benchmarks.kits --beside WORKTREE`.

The kit has 16 pads of 4 velocities and 4 round robins, 256 files of 24 bit at 44.1 kHz, written as SFZ. WORKTREE is a
source tree of another build, such as a git worktree of commit b20b362; it renders the 256 sounds of as many seeds, one
after the other, and writes each as 24 bit at the model's own rate. Both are warm, take turns, and have a process each;
CPU seconds are those of that process, so that their ratio holds on a busy machine. Target: a quarter.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WARM = """
import sys, time
from pathlib import Path
import torch
torch.set_num_threads(1)
COUNT = int(sys.argv[2])
"""
KIT = """
from synth.instruments.loading import load
from synth.kits.export import write_kit
from synth.kits.kit import Kit, Pad
from synth.patch.patch import Patch
instrument = load("hits_scratches", "cpu")
names = instrument.card.categories
def kit(first):
    pads = [Pad(Patch(category=names[i % len(names)], seed=first + i), 36 + i) for i in range(COUNT)]
    return Kit(tuple(pads), velocities=4, round_robins=4)
def make(number, folder):
    files = write_kit(kit(1000 * number), lambda _: instrument, "sfz", folder / "kit", threads=2)
    assert len(files) == 16 * COUNT + 1
"""
SINGLE = """
from synth.loading import load
from synth.patch import Patch
instrument = load("hits_scratches", "cpu")
names = instrument.card.categories
def make(number, folder):
    folder.mkdir(exist_ok=True)
    for i in range(16 * COUNT):
        sound = instrument.render(Patch(category=names[i % len(names)], seed=1000 * number + i))
        sound.save(folder / f"{i}.wav", "PCM_24")
"""
TURNS = """
make(0, Path(sys.argv[1]) / "warm")
print("ready", flush=True)
for number, line in enumerate(sys.stdin, 1):
    wall, cpu = time.perf_counter(), time.process_time()
    make(number, Path(sys.argv[1]) / str(number))
    print(time.perf_counter() - wall, time.process_time() - cpu, flush=True)
"""


class Build:
    """A source tree at work in a process of its own."""

    def __init__(self, tree: Path, what: str, folder: Path, pads: int):
        own = os.environ | {
            "PYTHONPATH": str(tree),
            "OMP_NUM_THREADS": "1",
            "SONOFORM_CHECKPOINTS": f"{tree}/checkpoints",
        }
        command = [sys.executable, "-c", WARM + what + TURNS, str(folder), str(pads)]
        self.process = subprocess.Popen(
            command, cwd=tree, env=own, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._told()

    def turn(self) -> tuple[float, float]:
        """Wall and CPU seconds of one kit, or of its single renders."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        wall, cpu = map(float, self._told().split())
        return wall, cpu

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()

    def _told(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("a build has ended: is WORKTREE a build with the same requirements?")
        return line


def main() -> None:
    parser = argparse.ArgumentParser(description="A kit beside as many single renders of another build.")
    parser.add_argument("--beside", type=Path, required=True, help="source tree of another build, such as b20b362")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pads", type=int, default=16, help="each of 16 files (default 16)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folders = [Path(place) / name for name in ("kit", "single")]
        for folder in folders:
            folder.mkdir()
        builds = [
            Build(ROOT, KIT, folders[0], options.pads),
            Build(options.beside.resolve(), SINGLE, folders[1], options.pads),
        ]
        turns = [[build.turn() for build in builds] for _ in range(options.rounds)]
        for build in builds:
            build.close()
    count = 16 * options.pads
    print(f"| seconds, median | kit of {count} files | {count} renders of the other build | ratio |\n|---|---|---|---|")
    for name, i in (("wall", 0), ("CPU", 1)):
        kit, single = (statistics.median(turn[which][i] for turn in turns) for which in (0, 1))
        ratio = statistics.median(turn[0][i] / turn[1][i] for turn in turns)
        print(f"| {name} | {kit:.1f} | {single:.1f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
