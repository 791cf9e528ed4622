"""The first sound of a fresh process, side by side with another build: `python -m benchmarks.first --before WORKTREE`.

`python -m synth render` of one sound, in each tree in turn, some rounds of it: CPU seconds of the process and the most
memory that it had resident. Medians, and the ratio of this tree's to the other's; what is compiled once for a tree is
compiled before. WORKTREE is a git worktree of the other build.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from synth.publishing.tables import table

ROOT = Path(__file__).resolve().parent.parent
ASKED = ("render", "--model", "hits_scratches", "--category", "scrape", "--seed", "1")


def first(tree: Path) -> tuple[float, float]:
    """CPU seconds and resident megabytes of a process that renders one sound."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "synth", *ASKED, "--out", out]
        process = subprocess.Popen(command, cwd=tree, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{tree} cannot render hits_scratches: try `python -m synth {' '.join(ASKED)}` there")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024.0


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--before", type=Path, required=True)
    options.add_argument("--rounds", type=int, default=5)
    asked = options.parse_args()
    trees = {"before": asked.before.resolve(), "this": ROOT}
    for tree in trees.values():
        first(tree)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in trees}
    for _ in range(asked.rounds):
        for name, tree in trees.items():
            found[name].append(first(tree))
    middle = {name: [statistics.median(one) for one in zip(*runs, strict=True)] for name, runs in found.items()}
    rows = [[name, f"{seconds:.1f}", f"{memory:.0f}"] for name, (seconds, memory) in middle.items()]
    ratios = [f"{own / other:.2f}" for own, other in zip(middle["this"], middle["before"], strict=True)]
    print("\n".join(table(["tree", "CPU s", "resident MB"], [*rows, ["ratio", *ratios]])))


if __name__ == "__main__":
    main()
