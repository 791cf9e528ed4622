"""Hearing while dragging: sound updates a second, and how long from the hand to the new sound, in a real Chromium.

    python -m benchmarks.drag [--seconds 10] [--model hits_scratches]

The pointer sweeps a slider of the live instrument, 60 moves a second. An update counts when a new sound is started in
the audio engine (AudioBufferSourceNode.start); its latency runs from the last pointer move that its request knew of to
that start, both inside the page. "render" is the server's own time for such a sound, "whole render" that for the sound
itself, which follows when the slider is let go. Target: 15 updates a second, 80 ms at the median.
"""

from __future__ import annotations

import argparse
import time

from playwright.sync_api import Page

from benchmarks.latency import renders, row
from tests.harness.serving import browser, opened, served

MOVES_PER_SECOND = 60
SWEEP_SECONDS = 2.4  # to and fro: each move is a step of the slider or more

WATCH = """
window.drag = { moved: 0, answer: null, heard: [], renders: [] };
document.addEventListener("pointermove", () => { window.drag.moved = performance.now(); }, true);
const ask = window.fetch;
window.fetch = async (...question) => {
  const moved = window.drag.moved;
  const answer = await ask(...question);
  if (String(question[0]).endsWith("/infer")) {
    window.drag.answer = moved;
    window.drag.renders.push(Number(/dur=([0-9.]+)/.exec(answer.headers.get("Server-Timing"))?.[1]));
  }
  return answer;
};
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (...when) {
  if (window.drag.answer !== null) window.drag.heard.push([performance.now(), performance.now() - window.drag.answer]);
  window.drag.answer = null;
  return start.apply(this, when);
};
"""


SLIDER = ".instrument [role=slider].track"


def sweep(page: Page, seconds: float, what: str = SLIDER) -> tuple[list[tuple[float, float]], list[float]]:
    """(time, latency) of every new sound while the hand is dragged to and fro over an element, the first slider unless
    another is named, and the server's times, ms."""
    track = page.locator(what).first.bounding_box()
    assert track
    y = track["y"] + track["height"] / 2
    page.mouse.move(track["x"] + track["width"] / 2, y)
    page.mouse.down()
    page.evaluate("Object.assign(window.drag, { heard: [], renders: [] })")
    begun = time.perf_counter()
    for step in range(round(seconds * MOVES_PER_SECOND)):
        at = step / MOVES_PER_SECOND
        time.sleep(max(0.0, begun + at - time.perf_counter()))
        page.mouse.move(track["x"] + track["width"] * (0.5 + 0.45 * _zigzag(at / SWEEP_SECONDS)), y)
    taken = page.evaluate("[window.drag.heard, window.drag.renders]")
    page.mouse.up()
    return taken[0], taken[1]


def _zigzag(turns: float) -> float:
    """-1..1 and back at one pace: where a wave turns slowly, a slider of steps stays where it was for many moves."""
    return 2.0 * abs(2.0 * (turns % 1.0) - 1.0) - 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description="Sound updates while a slider is dragged, in Chromium.")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--model", default="hits_scratches")
    options = parser.parse_args()
    with served() as address, browser() as chromium:
        page = opened(chromium, f"{address}/?m={options.model}", WATCH, ".instrument .stage")
        sweep(page, 1.0)  # the first ones warm the page up
        heard, drafts = sweep(page, options.seconds)
        lasted = (heard[-1][0] - heard[0][0]) / 1000.0
        print(f"{(len(heard) - 1) / lasted:.1f} sound updates a second\n")
        print("| while dragging | median, ms | p90, ms | n |\n|---|---|---|---|")
        print(row("pointer to new sound", [latency for _, latency in heard]))
        print(row("(render)", drafts))
        print(row("(whole render)", renders(address, options.model, 20)))


if __name__ == "__main__":
    main()
