"""What every request passes before a route sees it: the name it asks for, how much is taken in, how long that may take.

The same for the web app and the small API. It bounds requests; app/server/connections.py bounds the connections below
them. Uploads of pages are held by Streamlit, under a bound of its own.

| bound | value |
|---|---|
| requests at once | MAX_REQUESTS; the next get 503 |
| websockets at once (one a page) | MAX_SOCKETS; the next are closed |
| bytes of bodies that are held at once, all requests together | MAX_HELD; who is over gets 503 |
| time for a body | GRACE seconds, and one more for each SLOWEST bytes that came; then 408 |
"""

from __future__ import annotations

import asyncio
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.server.door import REFUSED, Door
from app.server.refusals import Refusal, refused

MAX_REQUESTS, MAX_SOCKETS = 256, 256
MAX_HELD = 256 << 20
GRACE, SLOWEST = 15.0, 16_384
UPLOADS = "/_stcore/upload_file/"
BUSY = {"Retry-After": "5"}


class Gate:
    """ASGI middleware, the outermost."""

    def __init__(self, app: ASGIApp, door: Door):
        self.app, self.door = app, door
        self.requests = self.sockets = self.held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(self.door.seen(scope), receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(self.door.seen(scope), receive, send)
        else:
            await self.app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        watched = _Watched(self, receive, send, holds=UPLOADS not in scope["path"])
        self.requests += 1
        try:
            if not self.door.admits(scope):
                raise Refusal(403, "Host", REFUSED)
            if self.requests > MAX_REQUESTS:
                raise Refusal(503, None, "the server has as many requests as it can serve; ask again in a moment", BUSY)
            await self.app(scope, watched.receive, watched.send)
        except Refusal as refusal:
            if not watched.answering:
                await refused(refusal)(scope, receive, send)
        finally:
            self.requests -= 1
            self.held -= watched.held

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.door.admits(scope) or self.sockets >= MAX_SOCKETS:
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
            return
        self.sockets += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self.sockets -= 1


class _Watched:
    """The two ends of one request, with their bounds."""

    def __init__(self, gate: Gate, receive: Receive, send: Send, holds: bool):
        self.gate, self._receive, self._send, self._holds = gate, receive, send, holds
        self.came, self.held, self.answering = 0, 0, False
        self._begun: float | None = None
        self._whole = False

    async def receive(self) -> Message:
        """The next piece of the body; raises Refusal."""
        if self._whole:  # what is waited for now is that the client leaves
            return await self._receive()
        now = time.monotonic()
        self._begun = self._begun or now  # a route that is waited for itself has no slow client
        try:
            async with asyncio.timeout(self._begun + GRACE + self.came / SLOWEST - now):
                message = await self._receive()
        except TimeoutError:
            raise Refusal(408, "body", "comes in too slowly; send it at once, or a shorter one") from None
        self._count(len(message.get("body", b"")))
        self._whole = not message.get("more_body", False)
        return message

    def _count(self, size: int) -> None:
        self.came += size
        if not self._holds:
            return
        self.held += size
        self.gate.held += size
        if self.gate.held > MAX_HELD:
            raise Refusal(503, "body", "cannot be taken in beside all the others; send it again in a moment", BUSY)

    async def send(self, message: Message) -> None:
        self.answering = True
        await self._send(message)
