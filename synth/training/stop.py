"""A clean stop: a signal asks, and the loop ends after the step it is in."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType


@contextmanager
def stop_on_signal() -> Iterator[Event]:
    """An event that SIGTERM or SIGINT sets, for as long as the context lasts. For the main thread alone."""
    asked = Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        asked.set()

    before = {s: signal.signal(s, stop) for s in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield asked
    finally:
        for s, handler in before.items():
            signal.signal(s, handler)
