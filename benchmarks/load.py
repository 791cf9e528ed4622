"""Many clients at once, and a soak: python -m benchmarks.load [--tree FOLDER ...] [--clients 16 64] [--seconds 30].

Each tree is a checkout whose web app is started in turn, for figures side by side. So many clients POST to /infer, each
the next of 24 patches in three formats as soon as it has its answer. Every answer is compared, byte for byte, with that
of one client alone. `--soak S`: then one new sound each 0.9 s for S seconds, and how the resident memory grows.

| column | what |
|---|---|
| requests | answered in that time |
| errors | any other status than 200, and connections that broke |
| mixed up | answers that are not the ones of their patch |
| median, p95 | of the time to an answer, ms |
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.harness.serving import ROOT, free_port

MODEL, FORMATS, PATCHES, PAUSE = "hits_scratches", ("wav", "flac", "ogg"), 24, 0.9
START_SECONDS = 600.0


@dataclass
class Counts:
    """What clients saw."""

    errors: int = 0
    mixed: int = 0
    times: list[float] = field(default_factory=list)

    def row(self, name: str) -> str:
        order = sorted(self.times) or [0.0]
        middle, late = statistics.median(order), order[int(0.95 * (len(order) - 1))]
        return f"{name:28} {len(self.times):8} {self.errors:7} {self.mixed:9} {middle * 1e3:9.0f} {late * 1e3:9.0f}"


@contextmanager
def served(tree: Path) -> Iterator[tuple[int, int]]:
    """The web app of a checkout, on a free port: port and process id."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.headless", "true"]
    server = subprocess.Popen([*command, "--server.port", str(port)], cwd=tree, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_SECONDS
        while asked(port, body(0))[0] != 200:
            if time.monotonic() > deadline or server.poll() is not None:
                raise RuntimeError(f"the app of {tree} did not answer")
            time.sleep(1.0)
        yield port, server.pid
    finally:
        server.terminate()
        server.wait(timeout=60)


def body(number: int) -> bytes:
    patch = {"model": MODEL, "seed": number // len(FORMATS), "phase": "pghi", "format": FORMATS[number % len(FORMATS)]}
    return json.dumps(patch).encode()


def asked(port: int, patch: bytes) -> tuple[int, bytes]:
    """Status and answer of one request; status 0 where the connection broke."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=120.0)
    try:
        client.request("POST", "/infer", patch, {"Content-Type": "application/json"})
        answer = client.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        client.close()


def crowd(port: int, clients: int, seconds: float, right: list[bytes]) -> Counts:
    """So many clients for so long."""
    counts, lock, until = Counts(), threading.Lock(), time.monotonic() + seconds
    turn = itertools.count()

    def client() -> None:
        while time.monotonic() < until:
            number = next(turn) % PATCHES
            begun = time.monotonic()
            status, answer = asked(port, body(number))
            with lock:
                counts.times.append(time.monotonic() - begun)
                counts.errors += status != 200
                counts.mixed += status == 200 and answer != right[number]

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return counts


def soak(port: int, pid: int, seconds: float) -> tuple[Counts, float, float]:
    """One new sound after another: counts, resident memory at the end in MB, its slope in kB a minute."""
    counts, begun, sizes = Counts(), time.monotonic(), []
    for number in itertools.count(PATCHES * len(FORMATS)):
        now = time.monotonic()
        if now - begun > seconds:
            break
        status, _ = asked(port, body(number))
        counts.times.append(time.monotonic() - now)
        counts.errors += status != 200
        sizes.append((time.monotonic() - begun, resident(pid)))
        time.sleep(max(PAUSE - (time.monotonic() - now), 0.0))
    at, size = np.asarray(sizes).T
    settled = at > seconds / 4
    return counts, size[-1] / 1024.0, float(np.polyfit(at[settled], size[settled], 1)[0] * 60.0)


def resident(pid: int) -> int:
    """Resident memory of a process in kB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--tree", type=Path, nargs="+", default=[ROOT])
    p.add_argument("--clients", type=int, nargs="+", default=[16, 64])
    p.add_argument("--seconds", type=float, default=30.0)
    p.add_argument("--soak", type=float, default=0.0)
    options = p.parse_args()
    print(f"{'':28} {'requests':>8} {'errors':>7} {'mixed up':>9} {'median':>9} {'p95':>9}")
    for tree in options.tree:
        with served(tree) as (port, pid):
            right = [asked(port, body(number))[1] for number in range(PATCHES)]
            for clients in options.clients:
                print(crowd(port, clients, options.seconds, right).row(f"{tree.name}, {clients} clients"), flush=True)
            if options.soak:
                counts, size, slope = soak(port, pid, options.soak)
                print(counts.row(f"{tree.name}, soak {options.soak:.0f} s"), flush=True)
                print(f"{tree.name}: {size:.0f} MB resident, {slope:+.1f} kB a minute", flush=True)


if __name__ == "__main__":
    main()
