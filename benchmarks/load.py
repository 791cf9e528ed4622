"""Many clients at once, and a soak: python -m benchmarks.load [--tree FOLDER ...] [--clients 16 64] [--seconds 30].

Each tree is a checkout whose web app is started in turn, for figures side by side. So many clients POST to /infer, each
the next of 24 patches in three formats as soon as it has its answer. Every answer is compared, byte for byte, with that
of one client alone.

`--mixed S`: then the first number of clients on every route for S seconds, two models, no sound asked for twice. Every
seventh question is asked again at the end, by one client alone, and its answer compared. `--soak S`: then one such
question each 0.9 s for S seconds. Both print the server's resident memory at the start, each minute and at the end.

| column | what |
|---|---|
| requests | answered in that time |
| errors | any other status than 200, and connections that broke |
| mixed up | answers that are not the ones of their question |
| median, p95 | of the time to an answer, ms |
"""

from __future__ import annotations

import argparse
import http.client
import io
import itertools
import json
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from tests.harness.serving import ROOT, free_port

MODEL, FORMATS, PATCHES, PAUSE = "hits_scratches", ("wav", "flac", "ogg"), 24, 0.9
START_SECONDS = 600.0
MODELS, RECHECKED, MINUTE = ("hits_scratches", "environmental"), 7, 60.0
RATE, SECONDS = 16000, 1.0  # of the sounds that are sent


@dataclass(frozen=True)
class Question:
    """One request. timed: whether its answer tells how long it took, so that no two are equal."""

    path: str
    body: bytes = b""
    kind: str = "application/json"
    timed: bool = False

    @property
    def route(self) -> str:
        return self.path.partition("?")[0]


@dataclass
class Counts:
    """What clients saw."""

    errors: int = 0
    mixed: int = 0
    times: list[float] = field(default_factory=list)

    def add(self, status: int, seconds: float) -> None:
        self.times.append(seconds)
        self.errors += status != 200

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
        while asked(port, one_of_few(0))[0] != 200:
            if time.monotonic() > deadline or server.poll() is not None:
                raise RuntimeError(f"the app of {tree} did not answer")
            time.sleep(1.0)
        yield port, server.pid
    finally:
        server.terminate()
        server.wait(timeout=60)


def one_of_few(number: int) -> Question:
    """POST /infer of one of PATCHES patches, in one of FORMATS."""
    patch = {"model": MODEL, "seed": number // len(FORMATS), "phase": "pghi", "format": FORMATS[number % len(FORMATS)]}
    return Question("/infer", json.dumps(patch).encode())


def one_of_all(number: int) -> Question:
    """The question of that number, of all routes in turn; no two are the same."""
    model, seed = MODELS[number % len(MODELS)], 1000 + number
    patch = {"model": model, "seed": seed}
    asked = {
        "sound": Question("/infer", said(patch | {"format": FORMATS[number // 8 % len(FORMATS)]})),
        "shaped": Question("/infer", said(patch | {"pitch": 3, "length": 1.5, "width": 0.5, "sliders": {"Rate": 2.0}})),
        "frame": Question("/infer", said(patch | {"format": "frame"}), timed=True),
        "draft": Question("/infer", said(patch | {"format": "frame", "draft": True}), timed=True),
        "morph": Question("/morph", said({"corners": [patch, patch | {"seed": seed + 1}], "x": 0.4})),
        "encode": Question(f"/encode?model={model}&steps=0", burst(number), "audio/wav"),
        "stream": Question(f"/stream?m=environmental&s={seed}&seconds=2"),
        "models": Question("/models"),
    }
    return list(asked.values())[number // len(MODELS) % len(asked)]


def said(body: dict) -> bytes:
    return json.dumps(body).encode()


def burst(number: int) -> bytes:
    """A WAV of a decaying burst of noise, another one for each number."""
    n = round(SECONDS * RATE)
    noise = np.random.default_rng(number).standard_normal(n) * np.exp(-8.0 * np.arange(n) / RATE)
    file = io.BytesIO()
    soundfile.write(file, 0.2 * noise, RATE, format="WAV")
    return file.getvalue()


def asked(port: int, question: Question) -> tuple[int, bytes]:
    """Status and answer of one request; status 0 where the connection broke."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=120.0)
    try:
        method = "POST" if question.body else "GET"
        client.request(method, question.path, question.body, {"Content-Type": question.kind})
        answer = client.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        client.close()


Note = Callable[[int, Question, int, bytes, float], None]


def crowd(port: int, clients: int, seconds: float, question: Callable[[int], Question], note: Note) -> None:
    """So many clients for so long; each answer is noted: number, question, status, answer, seconds. One at a time."""
    lock, until, turn = threading.Lock(), time.monotonic() + seconds, itertools.count()

    def client() -> None:
        while time.monotonic() < until:
            with lock:
                number = next(turn)
            one = question(number)
            begun = time.monotonic()
            status, answer = asked(port, one)
            spent = time.monotonic() - begun
            with lock:
                note(number, one, status, answer, spent)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def few(port: int, clients: int, seconds: float, right: list[bytes]) -> Counts:
    """The same few patches again and again, every answer compared."""
    counts = Counts()

    def note(number: int, _question: Question, status: int, answer: bytes, spent: float) -> None:
        counts.add(status, spent)
        counts.mixed += status == 200 and answer != right[number % PATCHES]

    crowd(port, clients, seconds, lambda number: one_of_few(number % PATCHES), note)
    return counts


def mixed(port: int, clients: int, seconds: float) -> dict[str, Counts]:
    """Counts by route; some answers are compared with those of one client alone."""
    counts: dict[str, Counts] = defaultdict(Counts)
    again: list[tuple[Question, bytes]] = []

    def note(number: int, question: Question, status: int, answer: bytes, spent: float) -> None:
        counts[question.route].add(status, spent)
        if status == 200 and not question.timed and number % RECHECKED == 0:
            again.append((question, answer))

    crowd(port, clients, seconds, one_of_all, note)
    for question, answer in again:
        counts[question.route].mixed += asked(port, question)[1] != answer
    print(f"{len(again)} answers compared")
    return counts


def soak(port: int, seconds: float) -> Counts:
    """One new question after another."""
    counts, begun = Counts(), time.monotonic()
    for number in itertools.count(10**6):
        now = time.monotonic()
        if now - begun > seconds:
            break
        counts.add(asked(port, one_of_all(number))[0], time.monotonic() - now)
        time.sleep(max(PAUSE - (time.monotonic() - now), 0.0))
    return counts


@contextmanager
def remembered(name: str, pid: int) -> Iterator[None]:
    """Prints the resident memory of a process at the start, each minute and at the end, and its slope."""
    over, begun = threading.Event(), time.monotonic()
    sizes: list[tuple[float, int]] = []

    def look() -> None:
        sizes.append((time.monotonic() - begun, resident(pid)))

    def watch() -> None:
        while not over.wait(MINUTE):
            look()

    look()
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        look()
        at, size = np.asarray(sizes, float).T
        told = ", ".join(f"{round(kilobytes / 1024)}" for kilobytes in size)
        slope = np.polyfit(at[1:], size[1:], 1)[0] * MINUTE if len(sizes) > 2 else float("nan")
        print(f"{name}: {told} MB resident at the start, each minute, at the end; {slope:+.0f} kB a minute", flush=True)


def resident(pid: int) -> int:
    """Resident memory of a process in kB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--tree", type=Path, nargs="+", default=[ROOT])
    p.add_argument("--clients", type=int, nargs="+", default=[16, 64])
    p.add_argument("--seconds", type=float, default=30.0)
    p.add_argument("--mixed", type=float, default=0.0, help="seconds on all routes")
    p.add_argument("--soak", type=float, default=0.0, help="seconds of one question after another")
    options = p.parse_args()
    print(f"{'':28} {'requests':>8} {'errors':>7} {'mixed up':>9} {'median':>9} {'p95':>9}")
    for tree in options.tree:
        with served(tree) as (port, pid):
            right = [asked(port, one_of_few(number))[1] for number in range(PATCHES)] if options.seconds else []
            for clients in options.clients if options.seconds else ():
                print(few(port, clients, options.seconds, right).row(f"{tree.name}, {clients} clients"), flush=True)
            if options.mixed:
                with remembered(f"{tree.name}, all routes", pid):
                    found = mixed(port, options.clients[0], options.mixed)
                for route, counts in sorted(found.items()):
                    print(counts.row(f"{tree.name}, {route}"), flush=True)
            if options.soak:
                with remembered(f"{tree.name}, soak", pid):
                    alone = soak(port, options.soak)
                print(alone.row(f"{tree.name}, soak {options.soak:.0f} s"), flush=True)


if __name__ == "__main__":
    main()
