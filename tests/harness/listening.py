"""A uvicorn server in a thread of the test's own."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import uvicorn

from tests.harness.patience import PATIENCE, until


def running(server: uvicorn.Server) -> Iterator[uvicorn.Server]:
    """The server once it listens; ended when the test is, for `yield from` in a fixture."""
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started, "the server did not start")
    yield server
    server.should_exit = True
    thread.join(PATIENCE)
    assert not thread.is_alive()
