"""Bounds of connections and requests, on a real server."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.server import connections, gate
from app.server.door import Door
from app.server.gate import Gate
from app.server.refusals import Endpoint, unrouted
from tests.harness.listening import running
from tests.harness.patience import PATIENCE, until
from tests.harness.serving import free_port

ROOT = Path(__file__).resolve().parents[3]


async def size(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


class Slow:
    """A route that answers when it is let, and knows how many have come."""

    def __init__(self) -> None:
        self.come, self.go_on = 0, False

    async def __call__(self, _request: Request) -> Response:
        self.come += 1
        while not self.go_on:
            await asyncio.sleep(0.01)
        return PlainTextResponse("at last")


async def big(_request: Request) -> Response:
    return Response(b"x" * (1 << 26))


async def page(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("in")
    await socket.receive_text()


def application(slow: Slow | None = None) -> Starlette:
    routes = {"/size": size, "/slow": (slow or Slow()).__call__, "/big": big, "/_stcore/upload_file/a/b": size}
    return Starlette(
        routes=[
            *(Route(path, Endpoint({"GET": handler, "POST": handler})) for path, handler in routes.items()),
            WebSocketRoute("/page", page),
        ],
        middleware=[Middleware(Gate, door=Door("127.0.0.1"))],
        exception_handlers={HTTPException: unrouted},
    )


@contextmanager
def served(slow: Slow) -> Iterator[uvicorn.Server]:
    config = uvicorn.Config(application(slow), port=free_port(), http=connections.Patient, log_level="critical")
    server = uvicorn.Server(config)
    yield from running(server)


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def server(slow: Slow) -> Iterator[uvicorn.Server]:
    with served(slow) as running:
        yield running


@pytest.fixture
def port(server: uvicorn.Server) -> int:
    found: int = server.config.port
    return found


@pytest.fixture
def given_up(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long those were waited for who were let go."""
    found: list[float] = []
    give_up = connections.Patient._give_up
    monkeypatch.setattr(
        connections.Patient, "_give_up", lambda self, after: found.append(after) or give_up(self, after)
    )
    return found


def opened(port: int, data: bytes = b"") -> socket.socket:
    plug = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    plug.sendall(data)
    return plug


def head(path: str, *more: str, method: str = "POST") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *more, "", ""]).encode()


def rest(plug: socket.socket) -> bytes:
    """All that comes until the server closes, which it must do soon."""
    parts = []
    try:
        while part := plug.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def told(answer: bytes) -> tuple[int, dict]:
    top, _, body = answer.partition(b"\r\n\r\n")
    return int(top.split()[1]), json.loads(body)


def test_what_is_written_is_sent_at_once(slow: Slow) -> None:
    """On a socket that was opened as Streamlit opens its own, without a word of TCP."""
    own = socket.socket()
    own.bind(("127.0.0.1", 0))
    accepted: list[int] = []

    class Looked(connections.Patient):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            plug = transport.get_extra_info("socket")
            accepted.append(plug.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    server = uvicorn.Server(uvicorn.Config(application(slow), http=Looked, log_level="critical"))
    server.run = lambda: asyncio.run(server.serve([own]))  # type: ignore[method-assign]
    for _ in running(server):
        with opened(own.getsockname()[1], head("/unknown", method="GET")) as plug:
            assert plug.recv(12) == b"HTTP/1.1 404"
    assert accepted == [1]


def test_half_a_head_is_not_waited_for(port, given_up, monkeypatch):
    monkeypatch.setattr(connections, "HEAD", 0.3)
    plugs = [opened(port), opened(port, b"POST /si"), opened(port, head("/size")[:-2])]
    assert [rest(plug) for plug in plugs] == [b"", b"", b""]
    assert given_up == [0.3, 0.3, 0.3]


def test_half_a_second_request_is_not_waited_for(port, given_up, monkeypatch):
    plug = opened(port)
    monkeypatch.setattr(connections, "HEAD", 0.3)
    plug.sendall(head("/size", method="GET") + b"GET /si")
    assert rest(plug).endswith(b"0") and given_up == [0.3]


def test_an_answer_that_takes_its_time_is_waited_for(server, port, slow):
    plug = opened(port, head("/slow", "Connection: close", method="GET"))
    until(lambda: slow.come == 1)
    (connection,) = server.server_state.connections
    assert connection._alarm is None, "nothing ends it"
    slow.go_on = True
    assert rest(plug).endswith(b"at last")


def test_connections_are_counted(server, port, monkeypatch):
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 3)
    plugs = [opened(port) for _ in range(3)]
    until(lambda: len(server.server_state.connections) == 3)
    assert rest(opened(port, head("/size", method="GET"))) == b""
    plugs.pop().close()
    until(lambda: len(server.server_state.connections) == 2)
    assert rest(opened(port, head("/size", "Connection: close", method="GET"))).endswith(b"0")


def test_one_who_reads_nothing_is_let_go(server, port, monkeypatch):
    monkeypatch.setattr(connections, "STALLED", 0.3)
    plug = opened(port, head("/big", method="GET"))
    plug.recv(1, socket.MSG_PEEK)  # the answer has begun
    monkeypatch.setattr(connections, "HEAD", 0.3)
    until(lambda: not server.server_state.connections)
    assert len(rest(plug)) < 1 << 26
    monkeypatch.setattr(connections, "STALLED", 5.0)  # one who reads may be held up by a busy machine
    monkeypatch.setattr(connections, "HEAD", 5.0)
    quick = rest(opened(port, head("/big", "Connection: close", method="GET")))
    assert len(quick) > 1 << 26


LONG_ADDRESS = head("/" + "x" * 60_000, "Connection: close")
LONG_HEADER = head("/", "X: " + "x" * 300_000, "Connection: close")


@pytest.mark.parametrize("data", [b"no http\r\n\r\n", LONG_ADDRESS, LONG_HEADER], ids=["text", "address", "header"])
def test_what_is_no_request_is_one_line(port, data):
    status, body = told(rest(opened(port, data)))
    # h11 takes a head of any length that comes at once.
    assert status in (400, 404) and ("HTTP" in body["error"] or "address" in body["error"]) and body["field"] is None


def test_a_body_must_come_in_time(port, monkeypatch):
    monkeypatch.setattr(gate, "GRACE", 0.3)
    plug = opened(port, head("/size", "Content-Length: 9", "Connection: close") + b"half")
    status, body = told(rest(plug))
    assert status == 408 and body["field"] == "body"


def test_a_body_may_take_as_long_as_its_size_allows(port, monkeypatch):
    monkeypatch.setattr(gate, "GRACE", 0.4)
    monkeypatch.setattr(gate, "SLOWEST", 10)
    plug = opened(port, head("/size", "Content-Length: 3000", "Connection: close"))
    for _ in range(6):
        time.sleep(0.15)
        plug.sendall(b"x" * 500)
    assert rest(plug).endswith(b"3000")


def test_bodies_have_so_much_room_together(port, monkeypatch):
    monkeypatch.setattr(gate, "MAX_HELD", 1000)
    counted, held = gate._Watched._count, []
    monkeypatch.setattr(gate._Watched, "_count", lambda self, size: held.append(size) or counted(self, size))
    waiting = opened(port, head("/size", "Content-Length: 900", "Connection: close") + b"x" * 800)
    until(lambda: sum(held) == 800)
    status, body = told(rest(opened(port, head("/size", "Content-Length: 300", "Connection: close") + b"x" * 300)))
    assert status == 503 and body["field"] == "body"
    waiting.sendall(b"x" * 100)
    assert rest(waiting).endswith(b"900")
    assert rest(opened(port, head("/size", "Content-Length: 900", "Connection: close") + b"x" * 900)).endswith(b"900")


def test_uploads_of_pages_are_bounded_by_streamlit(port, monkeypatch):
    monkeypatch.setattr(gate, "MAX_HELD", 1000)
    asked = head("/_stcore/upload_file/a/b", "Content-Length: 5000", "Connection: close") + b"x" * 5000
    assert rest(opened(port, asked)).endswith(b"5000")


def test_requests_are_counted(port, slow, monkeypatch):
    monkeypatch.setattr(gate, "MAX_REQUESTS", 2)
    plugs = [opened(port, head("/slow", "Connection: close", method="GET")) for _ in range(2)]
    until(lambda: slow.come == 2)
    answer = rest(opened(port, head("/size", "Connection: close", method="GET")))
    assert told(answer)[0] == 503 and b"retry-after: 5" in answer
    slow.go_on = True
    assert all(rest(plug).endswith(b"at last") for plug in plugs)
    assert rest(opened(port, head("/size", "Connection: close", method="GET"))).endswith(b"0")


def test_pages_of_another_name_get_no_websocket(monkeypatch):
    client = TestClient(application(), base_url="http://127.0.0.1:8501")
    own, foreign = ({"Host": host, "Origin": f"http://{host}"} for host in ("127.0.0.1:8501", "evil.example"))
    with client.websocket_connect("/page", headers=own) as socket:
        assert socket.receive_text() == "in"
        socket.send_text("bye")
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/page", headers=foreign):
        pass
    monkeypatch.setattr(gate, "MAX_SOCKETS", 0)
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/page", headers=own):
        pass
    assert client.get("/size", headers={"Host": "evil.example"}).json()["field"] == "Host"


# -- the end ---------------------------------------------------------------------------------------------------------


def commands(port: int) -> dict[str, list[str]]:
    return {
        "api": ["-m", "synth", "api", "--port", str(port)],
        "web": ["-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port), "--server.headless", "true"],
    }


@pytest.mark.parametrize("name", ["api", "web"])
def test_a_server_ends_whatever_its_clients_do(name, published):
    port = free_port()
    environment = {**os.environ, "SONOFORM_CHECKPOINTS": str(published), "SONOFORM_MODEL": "tiny"}
    command = [sys.executable, *commands(port)[name]]
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    try:
        _until_it_answers(port, server)
        kind = "Content-Type: application/json"
        plugs = [
            opened(port),
            opened(port, b"POST /infer HTTP/1.1\r\nHost:"),
            opened(port, head("/infer", kind, "Content-Length: 99") + b"{"),
            opened(port, head("/infer", kind, "Transfer-Encoding: chunked") + b"1\r\n{\r\n"),
            opened(port, head("/encode", "Content-Type: audio/wav", "Content-Length: 9999") + b"RIFF"),
            opened(port, head("/models", method="GET")),
        ]
        time.sleep(0.5)
        server.send_signal(signal.SIGTERM)
        assert connections.FAREWELL <= 10  # s, of the server's own clock: what a busy machine adds is not the server's
        server.wait(timeout=PATIENCE)  # which it would not do while they are there: only that bound ends it
        del plugs
    finally:
        server.kill()


def _until_it_answers(port: int, server: subprocess.Popen) -> None:
    def answers() -> bool:
        assert server.poll() is None
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE).close()
        except OSError:
            return False
        return True

    until(answers, "the server did not answer")
