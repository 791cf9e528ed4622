"""From a key to its sound, in a real Chromium: `python -m benchmarks.keys [--model hits_scratches] [--count 100]`.

A virtual MIDI device plays notes whose sounds were made before, in chords of up to four. Told are the milliseconds from
the message to the start of the sound in the audio engine, and what the engine says that it adds. Target: at most 20 ms
together.
"""

from __future__ import annotations

import argparse
import random
import statistics

from benchmarks.latency import row
from tests.harness.midi import VIRTUAL
from tests.harness.serving import browser, opened, served

LOWEST, HIGHEST = 56, 64  # made around the middle key, before the first is timed
MADE_MS = 4000
ADDED = """
() => {
  const context = window.notes.at(-1).of.context;
  return 1000 * (context.baseLatency + (context.outputLatency || 0));
}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="From a key to its sound, in Chromium.")
    parser.add_argument("--model", default="hits_scratches")
    parser.add_argument("--count", type=int, default=100)
    options = parser.parse_args()
    rng = random.Random(0)
    with served() as address, browser() as chromium:
        page = opened(chromium, f"{address}/?m={options.model}", VIRTUAL, ".instrument .stage")
        page.keyboard.press("m")
        page.evaluate("window.send(0x90, 60, 127)")
        page.wait_for_timeout(MADE_MS)
        page.evaluate("window.notes.length = 0")
        for _ in range(options.count):
            for note in rng.sample(range(LOWEST, HIGHEST), rng.choice([1, 1, 2, 4])):
                page.evaluate("note => window.send(0x90, note, 127)", note)
            page.wait_for_timeout(60)
        after, added = page.evaluate("window.notes.map(({ after }) => after)"), page.evaluate(ADDED)
        own = page.evaluate("window.notes.filter(({ cents }) => cents === 0).length")
    print("| from a key to its sound | median, ms | p90, ms | n |\n|---|---|---|---|")
    print(row("message to start", after))
    print(row("the audio engine", [added]))
    print(f"\n{own} of {len(after)} notes by a sound of their own; median {statistics.median(after) + added:.1f} ms")


if __name__ == "__main__":
    main()
