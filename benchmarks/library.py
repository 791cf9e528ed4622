"""A library of many sounds: how long words, likeness and the page take.

    python -m benchmarks.library [--entries 100000] [--rounds 20] [--page]

Entries are made as the app makes them: patches of the shipped categories with sliders, names, tags, stars; their
pictures are noise and their directions are random, which is the slowest that they can be. Words are asked in a process
that has the file open, the first time left out, as the page asks: the first page of what is found, and how many there
are. "alone" is the first question of a new process, with what it reads from the disk. The page is opened in a real
Chromium, from the address to the pictures of the first page, after one visit.

Goals: words 50 ms, likeness 100 ms, the page 1 s.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from synth.library import lexicon
from synth.library.finding import Wanted
from synth.library.library import Library
from synth.patch.patch import Patch
from synth.publishing.tables import table
from tests.harness.serving import browser, served

WORDS = ("wooden", "short dull wooden knock", "door 4242", "rain bright", "trumpet", "do")
A_PAGE, COUNTED = 24, 1000  # as pages/library.py asks
D = 512


def patches(count: int) -> list[Patch]:
    rng, names = np.random.default_rng(0), list(lexicon.CATEGORIES)
    moved = rng.uniform(-5.0, 5.0, (count, 2)).round(1)
    return [
        Patch(
            "hits_scratches",
            names[i % len(names)],
            i,
            sliders={"Brightness": float(moved[i, 0]), "Rate": float(moved[i, 1])},
            length=0.4 if i % 3 == 0 else None,
        )
        for i in range(count)
    ]


def fill(library: Library, count: int) -> float:
    """Seconds that it takes."""
    rng, begun = np.random.default_rng(1), time.perf_counter()
    for i, patch in enumerate(patches(count)):
        library.keep(patch, f"Door {i}" if i % 2 else None, tags="oak, dry" if i % 5 == 0 else "", stars=i % 6)
    taken = time.perf_counter() - begun
    ids = [entry.id for entry in library.find(Wanted())]
    for some in (ids[i : i + 5000] for i in range(0, len(ids), 5000)):
        directions = rng.standard_normal((len(some), D)).astype(np.float32)
        library.listened(dict(zip(some, directions / np.linalg.norm(directions, axis=1, keepdims=True), strict=True)))
        library.draw({at: rng.integers(0, 256, (48, 96), np.uint8) for at in some})
    return taken


def timed(ask: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median and slowest, ms."""
    ask()
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        ask()
        taken.append(1000.0 * (time.perf_counter() - begun))
    return statistics.median(taken), max(taken)


def asked(library: Library, wanted: Wanted) -> int:
    library.find(wanted, A_PAGE)
    return library.count(wanted, COUNTED)


def questions(library: Library) -> dict[str, Callable[[], object]]:
    direction = np.random.default_rng(2).standard_normal(D)
    found: dict[str, Callable[[], object]] = {f'words "{w}"': partial(asked, library, Wanted(w)) for w in WORDS}
    found["all, by stars"] = lambda: asked(library, Wanted(sort="stars"))
    found["Brightness 2 to 5"] = lambda: asked(library, Wanted(slider="Brightness", low=2.0, high=5.0))
    found["likeness"] = lambda: library.alike(direction, Wanted(), 4 * A_PAGE)
    found["likeness, with words"] = lambda: library.alike(direction, Wanted("wooden"), 4 * A_PAGE)
    seeds = iter(range(10**7, 10**8))
    found["keep one"] = lambda: library.keep(Patch(seed=next(seeds)))
    return found


def page(path: Path, rounds: int) -> tuple[float, float]:
    """From the address to the pictures, ms: median and slowest."""
    with served({"SONOFORM_LIBRARY": str(path)}) as address, browser() as chromium:

        def open_it() -> None:
            window = chromium.new_page(viewport={"width": 1280, "height": 720})
            window.goto(f"{address}/library")
            window.locator("[class*=st-key-tile-library] button").nth(A_PAGE - 1).wait_for()
            window.close()

        return timed(open_it, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--page", action="store_true", help="open the page too, in Chromium")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sounds.sqlite"
        taken = fill(Library(path), options.entries)
        rows = [["keep each", f"{1000.0 * taken / options.entries:.2f}", ""]]
        library = Library(path)
        for name, ask in questions(library).items():
            begun = time.perf_counter()
            ask()
            first = 1000.0 * (time.perf_counter() - begun)
            median, slowest = timed(ask, options.rounds)
            rows.append([name, f"{median:.1f}", f"{slowest:.1f}", f"{first:.0f}"])
        library.database.close()
        if options.page:
            median, slowest = page(path, options.rounds)
            rows.append(["the page", f"{median:.0f}", f"{slowest:.0f}", ""])
        size = sum(file.stat().st_size for file in Path(folder).iterdir()) / 2**20
        print(f"{options.entries:,} entries, {size:.0f} MB\n")
        print("\n".join(table(["question", "median ms", "slowest", "first"], [[*row, ""][:4] for row in rows])))


if __name__ == "__main__":
    main()
