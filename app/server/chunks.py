"""Pieces of Streamlit's own script that it asks for late, though every page here needs them at once.

Streamlit (1.67) loads the code of a kind of element when it first draws one, and what that imports after it: two round
trips between the first message and the first sound. Named in <head>, they come while the rest does.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import streamlit

FOLDER = Path(streamlit.__file__).parent / "static" / "static" / "js"
ELEMENTS = ("BidiComponent",)  # what the live instrument is, to Streamlit
IMPORTED = re.compile(r'(?:from|import)"\./([\w.-]+\.js)"')


@cache
def late(page: str) -> tuple[str, ...]:
    """Addresses, relative to the app's, of what the elements need and `page`, Streamlit's own HTML, does not name."""
    found: dict[str, None] = {}
    wanted = [path.name for element in ELEMENTS for path in FOLDER.glob(f"{element}.*.js")]
    while wanted:
        name = wanted.pop()
        if name not in found and name not in page:
            found[name] = None
            wanted += IMPORTED.findall((FOLDER / name).read_text(encoding="utf-8"))
    return tuple(f"static/js/{name}" for name in found)
