"""Many sounds by the command line, beside another build: `python -m benchmarks.batches --beside WORKTREE`.

`render --count COUNT` of both builds in turn, on all cores, the start of Python and the loading of the model within;
memory is the most that the process held. WORKTREE is a source tree of another build, such as a git worktree of commit
b20b362. Target: five times the sounds a second, at most 1.2 times the memory.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from synth.publishing.tables import table

ROOT = Path(__file__).resolve().parent.parent
# The command in a process of its own, which tells what it held: children of this one share one highest mark.
MEASURED = """
import resource, subprocess, sys
subprocess.run([sys.executable, "-m", "synth", *sys.argv[1:]], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def rendered(folder: Path, model: str, count: int) -> tuple[float, float]:
    """Seconds, and megabytes held at most."""
    environment = os.environ | {"PYTHONPATH": str(folder)}
    with tempfile.TemporaryDirectory() as out:
        words = ["render", "--model", model, "--count", str(count), "--out", out]
        begun = time.perf_counter()
        command = [sys.executable, "-c", MEASURED, *words]
        done = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True)
        taken = time.perf_counter() - begun
        assert len(list(Path(out).iterdir())) == count
    return taken, int(done.stdout) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--beside", type=Path, required=True, metavar="WORKTREE")
    parser.add_argument("--models", nargs="+", default=["environmental", "hits_scratches"])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    builds = {"beside": options.beside.resolve(), "this": ROOT}
    rows = []
    for model in options.models:
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in builds}
        for _ in range(options.rounds):
            for name, folder in builds.items():
                found[name].append(rendered(folder, model, options.count))
        speed, memory = (
            {name: statistics.median(run[i] for run in runs) for name, runs in found.items()} for i in (0, 1)
        )
        rows += [[model, name, f"{options.count / speed[name]:.0f}", f"{memory[name]:.0f}"] for name in builds]
        ratios = speed["beside"] / speed["this"], memory["this"] / memory["beside"]
        rows.append([model, "ratio", *(f"{ratio:.2f}" for ratio in ratios)])
    print("\n".join(table(["model", "build", "sounds/s", "MB"], rows)))


if __name__ == "__main__":
    main()
