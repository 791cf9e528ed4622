"""Takes docs/images/shape.png, the picture of the Shape page in the README, from the running page.

python -m docs.screenshot ["m=hits_scratches&c=scrape&s=1"]
"""

import sys
from pathlib import Path

from benchmarks.live import browser, served

PICTURE = Path(__file__).parent / "images" / "shape.png"


def main(query: str = "") -> None:
    with served() as address, browser() as chromium:
        page = chromium.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"{address}/?{query}")
        page.locator(".sound-picture").wait_for(timeout=120_000)
        page.wait_for_timeout(4000)  # the sound has played, the page rests
        PICTURE.parent.mkdir(exist_ok=True)
        page.screenshot(path=PICTURE)


if __name__ == "__main__":
    main(*sys.argv[1:])
