"""Hearing while painting and while a lane is drawn, beside a slider that is dragged, in one page of a real Chromium.

    python -m benchmarks.painting [--seconds 5] [--model environmental] [--rounds 3]

The pointer sweeps a slider, a brush on the spectrogram and a point of a lane in turn, 60 moves a second; what counts as
an update is said in benchmarks/drag.py. Target: all are heard at the rate of a slider, and 40 updates a second at
least. Then an area is filled: CPU seconds to the first four proposals.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict

from playwright.sync_api import Page

from benchmarks.drag import SLIDER, WATCH, sweep
from synth.instruments.loading import load
from synth.instruments.style import StyleInstrument
from synth.patch.patch import Patch
from synth.patch.strokes import Stroke
from tests.harness.serving import browser, opened, served

EASEL, LANE = ".instrument .easel", ".instrument .lane svg"
AREA = Stroke("fill", ((0.3, 0.2), (0.6, 0.2), (0.6, 0.8), (0.3, 0.8)), size=(0.02, 0.02))


def measured(page: Page, what: str, seconds: float) -> tuple[float, float]:
    """Updates a second, and ms from the pointer to the sound at the median."""
    heard, _ = sweep(page, seconds, what)
    lasted = (heard[-1][0] - heard[0][0]) / 1000.0
    return (len(heard) - 1) / lasted, statistics.median(latency for _, latency in heard)


def dragged(model: str, seconds: float, rounds: int) -> None:
    found = defaultdict(list)
    with served() as address, browser() as chromium:
        page = opened(chromium, f"{address}/?m={model}", WATCH, ".instrument .stage")
        for key, what in (("p", EASEL), ("c", LANE)):
            page.keyboard.press(key)
            page.locator(what).wait_for()
        for what in (SLIDER, EASEL, LANE):
            sweep(page, 1.0, what)  # the first ones warm the page up
        for _ in range(rounds):
            for name, what in (("slider", SLIDER), ("brush", EASEL), ("lane", LANE)):
                found[name].append(measured(page, what, seconds))
    print("| what is dragged | sounds a second | pointer to sound, ms |\n|---|---|---|")
    for name, rows in found.items():
        rate, latency = (statistics.median(of) for of in zip(*rows, strict=True))
        print(f"| {name} | {rate:.1f} | {latency:.1f} |")


def filled(model: str, rounds: int) -> None:
    instrument = load(model, "cpu")
    assert isinstance(instrument, StyleInstrument)
    patch, spent = Patch(model, seed=1), []
    for _ in range(rounds + 1):
        begun = time.process_time()
        instrument.fills(patch, AREA)
        spent.append(time.process_time() - begun)
    print(f"\nFill: {spent[0]:.2f} s of CPU the first time, then {statistics.median(spent[1:]):.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Sound updates while painting, beside a slider, in Chromium.")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--model", default="environmental")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    dragged(options.model, options.seconds, options.rounds)
    filled(options.model, options.rounds)


if __name__ == "__main__":
    main()
