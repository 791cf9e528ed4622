"""How long sound files take to be read, side by side with an older build: the survey of a folder, the clips of a
training, and recordings as Match takes them.

    git worktree add ../before b20b362
    python -m benchmarks.reading DATA --before ../before

Both builds take turns over the same files, each turn in a process of its own, one thread; printed are the CPU seconds
of the best turn of each, and their ratio.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TASKS = ("survey", "load_clips", "read_recording")
CODE = """
import json, sys, time
from pathlib import Path
from synth.sound.pieces import read_recording
from synth.recordings.dataset import load_clips, scan
from synth.recordings.survey import survey
folder, count, rate, seconds = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
files = [folder / entry.file for entry in scan(folder)][:count]
read_recording("a", files[0].read_bytes())  # what is imported late
def recordings():
    for file in files:
        read_recording(file.name, file.read_bytes())
tasks = {
    "survey": lambda: survey(folder, rate, seconds),
    "load_clips": lambda: load_clips(folder, "train", rate, round(rate * seconds)),
    "read_recording": recordings,
}
spent = {}
for name, task in tasks.items():
    begun = time.process_time()
    task()
    spent[name] = time.process_time() - begun
print(json.dumps(spent))
"""


def turn(tree: Path, options: argparse.Namespace) -> dict[str, float]:
    """CPU seconds of each task in a process that imports `tree`."""
    given = [str(options.data.resolve()), str(options.count), str(options.rate), str(options.seconds)]
    env = os.environ | {"PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", CODE, *given], cwd=tree, env=env, capture_output=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="DATA", help="a training folder")
    parser.add_argument("--before", type=Path, required=True, metavar="TREE", help="a checkout of the older build")
    parser.add_argument("--count", type=int, default=2000, help="of recordings that read_recording takes")
    parser.add_argument("--rate", type=int, default=16000)
    parser.add_argument("--seconds", type=float, default=2.048)
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    trees = {"before": options.before.resolve(), "now": ROOT}
    spent: dict[str, list[dict[str, float]]] = {name: [] for name in trees}
    for _ in range(options.turns):
        for name, tree in trees.items():
            spent[name].append(turn(tree, options))
    print(f"{'CPU s':16}{'before':>10}{'now':>10}{'ratio':>8}")
    for task in TASKS:
        before, now = (min(one[task] for one in spent[name]) for name in trees)
        print(f"{task:16}{before:10.2f}{now:10.2f}{now / before:8.2f}")


if __name__ == "__main__":
    main()
