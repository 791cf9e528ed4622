"""Frames a second of the page Map while a hand moves and zooms it, in a real Chromium without a GPU.

    python -m benchmarks.frames [--model environmental] [--seconds 5]

The map of a model, about 5,000 points, is moved by the pointer, then zoomed by the wheel, once a frame, by events of
the page's own: those of a driver come at its pace. A frame counts when all points were painted; "painting" is the time
that the page's script takes for it. Beside it stand the frames of a page that paints nothing: what the machine gives at
most.
"""

from __future__ import annotations

import argparse
import statistics

from playwright.sync_api import Page

from tests.harness.serving import browser, opened, served

WATCH = """
window.painted = [];
const put = CanvasRenderingContext2D.prototype.putImageData;
const request = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (act) => request((now) => {
  const begun = performance.now();
  act(now);
  if (window.whole) window.painted.push([begun, performance.now() - begun]);
  window.whole = false;
});
CanvasRenderingContext2D.prototype.putImageData = function (...what) {
  window.whole = true;
  return put.apply(this, what);
};
"""
IDLE = """
(seconds) => new Promise((done) => {
  const begun = performance.now();
  let count = 0;
  const tick = () => {
    if (performance.now() - begun > 1000 * seconds) return done(count / seconds);
    count++;
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
})
"""

HANDS = """
([hand, seconds]) => new Promise((done) => {
  const begun = performance.now();
  const roots = [...document.querySelectorAll("*")].map((one) => one.shadowRoot).filter(Boolean);
  const canvas = roots.map((root) => root.querySelector(".map canvas:last-of-type")).find(Boolean);
  const box = canvas.getBoundingClientRect(), x = box.left + box.width / 2, y = box.top + box.height / 2;
  let step = 0;
  window.painted = [];
  const tick = () => {
    if (performance.now() - begun > 1000 * seconds) return done(window.painted);
    step++;
    const place = { bubbles: true, pointerId: 1, clientX: x + (step % 120), clientY: y + (step % 90) };
    if (hand === "move") canvas.dispatchEvent(new PointerEvent("pointermove", place));
    else canvas.dispatchEvent(new WheelEvent("wheel", { ...place, deltaY: step % 120 < 60 ? -20 : 20 }));
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
})
"""


def measured(page: Page, seconds: float, hand: str) -> tuple[float, float]:
    """Frames a second and the median time of painting one, ms."""
    painted = page.evaluate(HANDS, [hand, seconds])
    return len(painted) / seconds, statistics.median(one for _, one in painted)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="environmental")
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    with served() as address, browser() as chromium:
        page = opened(chromium, f"{address}/map?m={options.model}", WATCH, ".map[data-points]")
        points = page.locator(".map").get_attribute("data-points")
        page.get_by_role("button", name="Move the map").click()
        box = page.locator(".map canvas").last.bounding_box()
        assert box
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        idle = page.evaluate(IDLE, options.seconds)
        page.mouse.move(x, y)
        page.mouse.down()
        moved = measured(page, options.seconds, "move")
        page.mouse.up()
        zoomed = measured(page, options.seconds, "zoom")
    print(f"{points} points; a page that paints nothing: {idle:.1f} frames/s\n")
    print("| hand | frames/s | painting, ms |\n|---|---|---|")
    for name, (frames, painting) in (("moves", moved), ("zooms", zoomed)):
        print(f"| {name} | {frames:.1f} | {painting:.1f} |")


if __name__ == "__main__":
    main()
