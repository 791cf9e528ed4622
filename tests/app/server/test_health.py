"""A container's health check tells an app that answers from one that does not."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from app.server.health import PORT, main
from tests.harness.serving import free_port


@contextmanager
def answering(status: int) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize(("status", "code"), [(200, 0), (500, 1)])
def test_the_answer_is_the_exit_code(monkeypatch, status, code):
    with answering(status) as port:
        monkeypatch.setenv(PORT, str(port))
        assert main() == code


def test_nobody_there_is_unhealthy(monkeypatch):
    monkeypatch.setenv(PORT, str(free_port()))
    assert main() == 1
