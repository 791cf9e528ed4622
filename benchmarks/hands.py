"""What the hand waits for, in a real Chromium, beside another build: a drag, the die, a category, the first sound.

    python -m benchmarks.hands [--beside PATH] [--model hits_scratches] [--rounds 3]

PATH is a source tree of another build, such as a git worktree of commit b20b362. Both builds are served at the same
time and measured in turn, so that a busy machine is as busy for both; ratios count.

- drag: the pointer sweeps a slider, 60 moves a second; sounds started a second, and from a pointer move to the sound
  that knows of it (see benchmarks/drag.py).
- die, category: from the click to the start of a new sound. `/infer`: a sound of a new seed, asked by the same page
  in turn with them. The target is at most 1.5 times that.
- first sound: from the address typed to the start of a sound, in a fresh window, the model loaded; Play is pressed as
  soon as it is there.
"""

from __future__ import annotations

import argparse
import statistics
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Browser, Page

from benchmarks.drag import WATCH, sweep
from tests.harness.serving import ROOT, browser, opened, served

STARTS = """
window.starts = [];
const begin = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (...when) {
  window.starts.push(performance.now());
  return begin.apply(this, when);
};
"""
# Presses Play until it plays: the component stands in a shadow root.
PLAY = """
(function press() {
  for (const host of document.querySelectorAll("*")) {
    if (host.shadowRoot?.querySelector(".instrument .stage")) host.shadowRoot.querySelector(".play").click();
  }
  if (!window.starts.length) setTimeout(press, 20);
})();
"""
INFER = """
async model => {
  const begun = performance.now();
  const seed = Math.floor(2 ** 32 * Math.random());
  const answer = await fetch("/infer", {
    method: "POST", headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ model, seed, format: "frame" }),
  });
  await answer.arrayBuffer();
  return performance.now() - begun;
}
"""
# The listener of the window hears a click before the page does.
CLICKED = "window.addEventListener('click', () => { window.clicked = performance.now(); }, true);"
PAUSE_MS = 1500  # between two clicks: what Streamlit does behind them is over

Times = dict[str, list[float]]


def clicks(page: Page, model: str, times: Times) -> None:
    """The die, a category and `/infer`, each in turn with the others."""
    for category in ("Metal hit", "Scrape", "Footstep"):
        for name, target in (
            ("die", page.get_by_role("button", name="Roll")),
            ("category", page.get_by_role("radio", name=category, exact=True)),
        ):
            before = page.evaluate("window.starts.length")
            target.click()
            page.wait_for_function("before => window.starts.length > before", arg=before, timeout=60_000)
            times[name].append(page.evaluate("before => window.starts[before] - window.clicked", before))
            page.wait_for_timeout(PAUSE_MS)
            times["/infer"].append(page.evaluate(INFER, model))


def first_sound(chromium: Browser, address: str) -> float:
    """ms from the navigation's begin to the start of the first sound, in a window of its own."""
    window = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = window.new_page()
    page.add_init_script(STARTS + PLAY)
    page.goto(address, wait_until="commit")
    page.wait_for_function("window.starts.length > 0", timeout=120_000)
    begun: float = page.evaluate("window.starts[0]")
    window.close()
    return begun


def measure(chromium: Browser, address: str, model: str, seconds: float, times: Times) -> None:
    query = f"{address}/?m={model}"
    times["first sound"].append(first_sound(chromium, query))
    page = opened(chromium, query, STARTS + CLICKED + WATCH, ".instrument .stage")
    clicks(page, model, times)
    sweep(page, 1.0)
    heard, _ = sweep(page, seconds)
    times["drag, sounds a second"].append(1000.0 * (len(heard) - 1) / (heard[-1][0] - heard[0][0]))
    times["drag, pointer to sound"] += [latency for _, latency in heard]
    page.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="What the hand waits for, in Chromium, beside another build.")
    parser.add_argument("--beside", type=Path, help="source tree of another build")
    parser.add_argument("--model", default="hits_scratches")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each drag")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    trees = {"this build": ROOT} | ({"the other": options.beside.resolve()} if options.beside else {})
    times: dict[str, Times] = {name: defaultdict(list) for name in trees}
    with ExitStack() as stack:
        addresses = {name: stack.enter_context(served(root=tree)) for name, tree in trees.items()}
        chromium = stack.enter_context(browser())
        for address in addresses.values():
            first_sound(chromium, f"{address}/?m={options.model}")  # loads the model
        for _ in range(options.rounds):
            for name, address in addresses.items():
                measure(chromium, address, options.model, options.seconds, times[name])
    medians = {name: {what: statistics.median(values) for what, values in of.items()} for name, of in times.items()}
    print(f"| median, ms | {' | '.join(medians)} |{' ratio |' if options.beside else ''}")
    print(f"|---{'|---' * (len(medians) + bool(options.beside))}|")
    for what in medians["this build"]:
        values = [of[what] for of in medians.values()]
        ratio = f" {values[0] / values[1]:.2f} |" if options.beside else ""
        print(f"| {what} | {' | '.join(f'{value:.1f}' for value in values)} |{ratio}")
    for name, of in medians.items():
        print(f"\n{name}: die {of['die'] / of['/infer']:.2f}, category {of['category'] / of['/infer']:.2f} x /infer")


if __name__ == "__main__":
    main()
