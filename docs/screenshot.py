"""Takes docs/images/NAME.png, a picture of the README, from the running page that the query opens.

python -m docs.screenshot shape "m=hits_scratches&c=cymbal_bell&s=27&p=0.9"
python -m docs.screenshot query "app=algo-1"
python -m docs.screenshot keys "m=hits_scratches&c=cymbal_bell&s=27" m    # keys are pressed before
"""

import sys
from pathlib import Path

from tests.harness.serving import browser, served

IMAGES = Path(__file__).parent / "images"
REST_MS = 4000  # the sound has played, the page rests
PICTURE = ".instrument .stage, .sound-picture"  # of a sound, by the live instrument or by plain widgets


def main(name: str, query: str = "", keys: str = "") -> None:
    with served() as address, browser() as chromium:
        page = chromium.new_page(viewport={"width": 1280, "height": 900}, color_scheme="dark")
        page.goto(f"{address}/?{query}")
        page.locator(PICTURE).first.wait_for(timeout=120_000)
        page.wait_for_timeout(REST_MS)
        for key in keys:
            page.keyboard.press(key)
            page.wait_for_timeout(REST_MS)
        page.screenshot(path=IMAGES / f"{name}.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
