"""Files that never change under their address are read once and then answered from memory.

Streamlit's page is some sixty scripts, each named after its content and sent as `immutable`; read and packed anew for
each visitor they take most of what a first page costs the server.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST = 1 << 21  # bytes of an answer that is kept
ROOM = 1 << 25  # bytes of all

# Headers of a request that change its answer; one with another of these than the first is not answered from memory.
SHORTER = ("range", "if-range", "if-none-match", "if-modified-since")


class Immutable:
    """ASGI middleware: keeps whole answers to GET that say `immutable`."""

    def __init__(self, app: ASGIApp):
        self.app = app
        self.kept: dict[tuple[str, str, str], list[Message]] = {}
        self.size = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        if scope["type"] != "http" or scope["method"] != "GET" or any(name in headers for name in SHORTER):
            await self.app(scope, receive, send)
            return
        key = (scope["path"], scope["query_string"].decode("latin-1"), headers.get("accept-encoding", ""))
        if key not in self.kept:
            recorder = _Recorder(send)
            await self.app(scope, receive, recorder.send)
            self._keep(key, recorder)
            return
        for message in self.kept[key]:
            await send(message)

    def _keep(self, key: tuple[str, str, str], recorder: _Recorder) -> None:
        if recorder.whole and self.size + recorder.size <= ROOM:
            self.size += recorder.size
            self.kept[key] = recorder.messages


class _Recorder:
    """The answer to one request, passed on and remembered where it may be."""

    def __init__(self, send: Send):
        self._send = send
        self.messages: list[Message] = []
        self.size = 0
        self.whole = self._remembers = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            told = Headers(raw=message["headers"]).get("cache-control", "")
            self._remembers = message["status"] == 200 and "immutable" in told
            head = [pair for pair in message["headers"] if pair[0].lower() != b"date"]
            self.messages = [{**message, "headers": head}]
        elif message["type"] == "http.response.body" and self._remembers:
            self._add(message)
        await self._send(message)

    def _add(self, message: Message) -> None:
        self.size += len(message.get("body", b""))
        self._remembers = self.size <= LARGEST
        self.messages.append(message)
        self.whole = self._remembers and not message.get("more_body", False)
