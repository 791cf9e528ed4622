"""From slider to sound: how long after a slider is let go until the new sound can play, in a real Chromium.

    python -m benchmarks.latency [--count 40] [--model hits_scratches]

Each trial moves one slider of the page's classic widgets to a new value, by pointer or by key, and waits for the
`canplay` event of the audio element with its new source, and for the new picture. Times are taken inside the page, from
the event of the hand (pointerup, keydown). "render" is the server's own time for one new sound. Target: 250 ms at the
median.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import urllib.request
from collections.abc import Callable

from playwright.sync_api import Locator, Page

from tests.harness.serving import browser, opened, served

SETTLE_MS = 150

WATCH = """
const since = () => performance.now() - window.trial.began;
for (const hand of ["pointerup", "keydown"])
  document.addEventListener(hand, () => {
    window.trial = { began: performance.now(), old: document.querySelector("audio")?.currentSrc };
  }, true);
document.addEventListener("canplay", (event) => {
  if (window.trial && event.target.currentSrc !== window.trial.old) window.trial.heard ??= since();
}, true);
document.addEventListener("load", (event) => {
  if (window.trial && event.target.matches?.(".heat")) window.trial.seen ??= since();
}, true);
"""


def by_key(page: Page, slider: Locator, trial: int) -> None:
    slider.focus()
    page.keyboard.press("ArrowRight" if trial % 20 < 10 else "ArrowLeft")


def by_pointer(page: Page, slider: Locator, trial: int) -> None:
    """Drags the thumb to another place, a new one in each of some hundred trials."""
    track = slider.locator("xpath=ancestor::*[@role='group']").bounding_box()
    thumb = slider.locator("xpath=../..").bounding_box()
    assert track and thumb
    y = thumb["y"] + thumb["height"] / 2
    page.mouse.move(thumb["x"] + thumb["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(track["x"] + track["width"] * (0.1 + 0.8 * (trial * 0.381966 % 1.0)), y, steps=5)
    page.wait_for_timeout(30)
    page.mouse.up()


def measure(page: Page, move: Callable[[Page, Locator, int], None], count: int) -> list[dict[str, float]]:
    """One dictionary a trial: heard and seen, ms."""
    sliders = page.locator(".st-key-directions").get_by_role("slider")
    trials = []
    for trial in range(count):
        move(page, sliders.nth(trial % sliders.count()), trial)
        page.wait_for_function("window.trial?.heard && window.trial?.seen")
        trials.append(page.evaluate("window.trial"))
        page.wait_for_timeout(SETTLE_MS)
    return trials


def renders(address: str, model: str, count: int) -> list[float]:
    """The server's own time for new sounds, ms."""
    spent = []
    for seed in range(count):
        patch = json.dumps({"model": model, "seed": 2**31 + seed}).encode()
        request = urllib.request.Request(f"{address}/infer", patch, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            spent.append(float(re.findall(r"dur=([0-9.]+)", answer.headers["Server-Timing"])[0]))
    return spent


def row(name: str, times: list[float]) -> str:
    ordered = sorted(times)
    p90 = ordered[min(len(ordered) - 1, round(0.9 * len(ordered)))]
    return f"| {name} | {statistics.median(ordered):.0f} | {p90:.0f} | {len(ordered)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description="Latency from slider to sound, in Chromium.")
    parser.add_argument("--count", type=int, default=40, help="trials by pointer, and as many by key")
    parser.add_argument("--model", default="hits_scratches")
    options = parser.parse_args()
    with served() as address, browser() as chromium:
        page = opened(chromium, f"{address}/?classic=1&m={options.model}", WATCH, "audio")
        measure(page, by_key, 3)  # the first ones warm the page up
        print("| from the hand to | median, ms | p90, ms | n |\n|---|---|---|---|")
        for name, move in (("pointer", by_pointer), ("key", by_key)):
            trials = measure(page, move, options.count)
            print(row(f"sound, {name}", [trial["heard"] for trial in trials]))
            print(row(f"picture, {name}", [trial["seen"] for trial in trials]))
        print(row("(render alone)", renders(address, options.model, options.count)))


if __name__ == "__main__":
    main()
