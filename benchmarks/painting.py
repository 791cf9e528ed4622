"""Hearing while painting and while a lane is drawn, beside a slider that is dragged, in one page of a real Chromium.

    python -m benchmarks.painting [--seconds 5] [--model environmental] [--rounds 3]
    python -m benchmarks.painting --data DATA [--yamnet FILE] [--count 54]

The pointer sweeps a slider, a brush on the spectrogram and a point of a lane in turn, 60 moves a second; what counts as
an update is said in benchmarks/drag.py. Target: all are heard at the rate of a slider, and 40 updates a second at
least. Then an area is filled: CPU seconds to the first four proposals.

With recordings it is measured instead what fills are: a fifth of each of so many sounds, over all frequencies, is
filled by the first proposal and by a seed at random. Hit rates before and after, and the highest flux at the two edges
as a quantile of that of the whole sound, as benchmarks/controls.py has it for loops.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from playwright.sync_api import Page

from benchmarks.drag import SLIDER, WATCH, sweep
from synth.instruments.loading import load
from synth.instruments.style import StyleInstrument
from synth.patch.patch import Patch
from synth.patch.strokes import Stroke, text
from synth.publishing.tables import table
from synth.recordings.dataset import load_clips
from synth.scoring.embedders import load_embedders
from synth.scoring.metrics import Yardstick
from tests.harness.serving import browser, opened, served

EASEL, LANE = ".instrument .easel", ".instrument .lane svg"
SPAN = Stroke("fill", ((0.4, 0.0), (0.6, 0.0), (0.6, 1.0), (0.4, 1.0)), size=(0.02, 0.02))
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


def edge_flux(samples: np.ndarray) -> float:
    """Quantile of the highest flux at the edges of SPAN among all of a sound (n,)."""
    hop, size = 128, 512
    frames = np.lib.stride_tricks.sliding_window_view(samples, size)[::hop] * np.hanning(size)
    flux = np.maximum(np.diff(np.abs(np.fft.rfft(frames)), axis=0), 0.0).sum(1)
    edges = [round(edge * len(samples) - size / 2) // hop for edge in (SPAN.points[0][0], SPAN.points[1][0])]
    return max(float((flux <= flux[at - 2 : at + 3].max()).mean()) for at in edges)


def fits(model: str, data: Path, yamnet: Path | None, count: int) -> None:
    instrument = load(model, "cpu")
    assert isinstance(instrument, StyleInstrument)
    card, codec = instrument.card, instrument.codec
    train, valid = (load_clips(data, split, codec.sample_rate, codec.samples) for split in ("train", "valid"))
    patches = [
        Patch(model, card.categories[k % len(card.categories)], seed=k, psi=0.9, start=False, lufs=None)
        for k in range(count)
    ]
    first = [instrument.fills(patch, SPAN)[0] for patch in patches]
    others = [replace(stroke, seed=1000 + k) for k, stroke in enumerate(first)]
    kinds: dict[str, Sequence[Stroke | None]] = {
        "as it was": [None] * count,
        "the first proposal": first,
        "a seed at random": others,
    }
    labels = np.array([train.categories.index(patch.category or "") for patch in patches])
    yardsticks = [Yardstick.of(e, train, valid, codec.sample_rate) for e in load_embedders(yamnet, codec.sample_rate)]
    heads = [f"of its category by {y.embedder.name}" for y in yardsticks]
    rows = []
    for name, strokes in kinds.items():
        drawn = [
            replace(patch, strokes=text([stroke]) if stroke else None)
            for patch, stroke in zip(patches, strokes, strict=True)
        ]
        sounds = np.stack([sound.samples[0][: codec.samples] for sound in instrument.renders(drawn)])
        hits = [float(yardstick.hits(yardstick.embed(sounds), labels).mean()) for yardstick in yardsticks]
        flux = float(np.median([edge_flux(samples) for samples in sounds]))
        rows.append([name, *(f"{hit:.2f}" for hit in hits), f"{flux:.2f}"])
    print("\n".join(table(["filled with", *heads, "flux at the edges, quantile"], rows)))


def main() -> None:
    parser = argparse.ArgumentParser(description="Sound updates while painting, beside a slider, in Chromium.")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--model", default="environmental")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--yamnet", type=Path)
    parser.add_argument("--count", type=int, default=54)
    options = parser.parse_args()
    if options.data:
        fits(options.model, options.data, options.yamnet, options.count)
        return
    dragged(options.model, options.seconds, options.rounds)
    filled(options.model, options.rounds)


if __name__ == "__main__":
    main()
