"""A lock that is given in the order in which it was asked for."""

from __future__ import annotations

import threading
from collections import deque
from types import TracebackType


class Turns:
    """As `threading.Lock` in a `with`, but fair: one who comes back at once waits until all others had their turns.

    A plain lock is mostly taken again by the thread that has just let go of it, so that a search of a thousand short
    steps would keep everyone else waiting to its end. Not re-entrant.
    """

    def __init__(self) -> None:
        self._queue: deque[threading.Event] = deque()
        self._changing = threading.Lock()

    def __enter__(self) -> None:
        mine = threading.Event()
        with self._changing:
            self._queue.append(mine)
            if self._queue[0] is mine:
                mine.set()
        try:
            mine.wait()
        except BaseException:
            self._leave(mine)
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._changing:
            first = self._queue[0]
        self._leave(first)

    def _leave(self, who: threading.Event) -> None:
        with self._changing:
            self._queue.remove(who)
            if self._queue:
                self._queue[0].set()
