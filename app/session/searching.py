"""A search that runs beside the page that asked for it: how far it is, what it found, and how to stop it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from synth.errors import SonoformError

Found = TypeVar("Found")
Report = Callable[[float], None]

log = logging.getLogger(__name__)


class _Cancelled(Exception):
    """Leaves the search from within its report."""


class Search(Generic[Found]):
    """`work` in a thread of its own; it is given what to report its share to, 0 to 1, and answers what it found.

    share: as far as it is; found: None until it ends well; fault: what ended it otherwise. After `cancel` it ends at
    the next report, with neither.
    """

    def __init__(self, work: Callable[[Report], Found]):
        self.share = 0.0
        self.found: Found | None = None
        self.fault: Exception | None = None
        self._asked = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(work,), name="search", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def cancel(self) -> None:
        """Returns at once; what is under way is thrown away."""
        self._asked.set()

    def wait(self, seconds: float) -> None:
        """Until it ends, but no longer than that."""
        self._thread.join(seconds)

    def _run(self, work: Callable[[Report], Found]) -> None:
        try:
            found = work(self._hear)
            self._hear(1.0)
            self.found = found
        except _Cancelled:
            return
        except SonoformError as error:
            self.fault = error
        except Exception as error:
            log.exception("a search failed", exc_info=error)
            self.fault = SonoformError("the search failed; the server's log says why")

    def _hear(self, share: float) -> None:
        if self._asked.is_set():
            raise _Cancelled
        self.share = share
