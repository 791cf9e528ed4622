"""The bundle of the live instrument, which web/ builds, and its address."""

from functools import cache
from hashlib import sha256
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "static" / "instrument.js"


@cache
def address() -> str:
    """Relative to the page's own address, under which Streamlit serves the folder of static files; a new bundle has a
    new one."""
    return f"app/static/{FILE.name}?{sha256(FILE.read_bytes()).hexdigest()[:12]}"
