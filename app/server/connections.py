"""Bounds of connections, below the requests: how many there are, how long each step may take, how soon all end.

`bounded` sets them on the uvicorn that serves this process, from within an app's lifespan: `streamlit run` starts its
server by itself and passes none of these on. Connections that come after that are under them.

| bound | value |
|---|---|
| connections at once | MAX_CONNECTIONS; the next are closed |
| time for the head of a request | HEAD seconds from the connection, or from the last answer, on |
| time at which a client reads less than SLOWEST bytes a second | STALLED seconds; then it counts as gone |
| time to end after SIGTERM | FAREWELL seconds for what is being answered; then it is dropped |

Beside that, what is written is sent at once. asyncio (3.11) turns Nagle's algorithm off for sockets that say
IPPROTO_TCP alone, and Streamlit (1.67) opens its own without: then the body of an answer, written after its head, waits
for the client's delayed acknowledgement, 40 ms on Linux (findings/streamlit_nagle.sh).
"""

from __future__ import annotations

import asyncio
import signal
import socket
from typing import Any

import h11
import uvicorn
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.h11_impl import H11Protocol

from app.server.refusals import line

MAX_CONNECTIONS = 512
HEAD, STALLED, LINGER = 15.0, 60.0, 1.0
SLOWEST = 1024  # bytes a second
FAREWELL = 5


class Patient(H11Protocol):
    """HTTP of one connection, with an end to its patience."""

    _alarm: asyncio.TimerHandle | None = None
    _is_deaf = False
    _unread = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        _send_at_once(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            transport.abort()
        else:
            self._wait(HEAD)

    def data_received(self, data: bytes) -> None:
        if self._is_deaf:
            return
        super().data_received(data)
        if self._is_answering and not self.flow.write_paused:
            self._wait_no_more()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._is_answering:  # else the next request has begun in the same moment
            self._wait(HEAD)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._wait(STALLED)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._is_answering:
            self._wait_no_more()
        else:
            self._wait(HEAD)

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._wait_no_more()
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP, or has a head that is too long for h11 (16 kB), is refused as all else is."""
        if self.conn.our_state is not h11.IDLE:  # an answer is on its way
            self.transport.close()
            return
        answer = line(400, None, "this is no HTTP request, or its address and headers are too long")
        head = h11.Response(status_code=400, headers=[*answer.raw_headers, (b"connection", b"close")])
        for event in (head, h11.Data(data=bytes(answer.body)), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event))
        # A client that is still sending would not see the answer if the connection was closed on it.
        self._is_deaf = True
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._wait(LINGER)

    def _wait(self, seconds: float) -> None:
        self._wait_no_more()
        self._unread = self.transport.get_write_buffer_size()
        self._alarm = self.loop.call_later(seconds, self._give_up, seconds)

    def _wait_no_more(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _give_up(self, seconds: float) -> None:
        """A client that reads what it was sent gets more time for it."""
        if self._unread - self.transport.get_write_buffer_size() >= SLOWEST * seconds:
            self._wait(seconds)
        else:
            self.transport.abort()


def _send_at_once(transport: asyncio.Transport) -> None:
    own = transport.get_extra_info("socket")
    if own is not None and own.family in (socket.AF_INET, socket.AF_INET6):
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def bounded() -> uvicorn.Server | None:
    """Sets the bounds on the server that this process is; None where that is another one than uvicorn's."""
    server = _server()
    if server is not None:
        config = server.config
        config.http_protocol_class = Patient
        config.timeout_graceful_shutdown = FAREWELL
        if isinstance(config.loaded_app, ProxyHeadersMiddleware):  # app/server/door.py knows which proxies to believe
            config.loaded_app = config.loaded_app.app
    return server


def _server() -> uvicorn.Server | None:
    """The server whose method is what a SIGTERM calls."""
    handler: Any = signal.getsignal(signal.SIGTERM)
    owner = getattr(handler, "__self__", None)
    return owner if isinstance(owner, uvicorn.Server) else None
