"""How long a test waits for what must happen: only what hangs takes so long, whatever else the machine is doing."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 900.0  # s
PATIENCE_MS = 1000.0 * PATIENCE


def until(true: Callable[[], object], what: str = "") -> None:
    """Waits until something is true."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)
