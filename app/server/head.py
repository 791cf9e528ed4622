"""What the browser is told before Streamlit runs: the app's style, so that nothing moves when it comes; the bundle of
the live instrument and what Streamlit draws it by, so that both are there when the first page asks; what keeps the
browser's history; and where the server is, which Streamlit else looks for below every page first.

Streamlit has one index.html for all apps, so this is put into it on its way out.
"""

from __future__ import annotations

from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.server.bundle import address
from app.server.chunks import late

STYLE, ENTRIES = (Path(__file__).resolve().parent.parent / name for name in ("style.css", "entries.js"))
# Without them Streamlit answers with the whole page as it is, and not with a packed one, or that nothing changed.
_SHORTER = (b"accept-encoding", b"if-none-match", b"if-modified-since")


def head(base: str, page: str = "") -> str:
    """The lines for <head> of a page. base: path that the app is served under, without a slash at its ends.

    Streamlit's own rules come after these. Inside `:root` each of these counts for more than one of Streamlit's that
    says the same of the same element.
    """
    prefix = f"/{base}" if base else ""
    style, entries = (path.read_text(encoding="utf-8") for path in (STYLE, ENTRIES))
    scripts = "\n".join(f'<link rel="modulepreload" href="{prefix}/{path}">' for path in (address(), *late(page)))
    server = f'window.__streamlit = {{ BACKEND_BASE_URL: new URL("{prefix}/", location.href).href }};'
    return f"{scripts}\n<style>:root {{\n{style}}}</style>\n<script>\n{server}\n{entries}</script>\n"


class Head:
    """ASGI middleware: puts `head` into every page of HTML."""

    def __init__(self, app: ASGIApp, base: str):
        self.app, self.base = app, base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "text/html" not in Headers(scope=scope).get("accept", ""):
            await self.app(scope, receive, send)
            return
        whole = [pair for pair in scope["headers"] if pair[0] not in _SHORTER]
        await self.app({**scope, "headers": whole}, receive, _Page(send, self.base).send)


class _Page:
    """The answer to one request, kept until all of it is there."""

    def __init__(self, send: Send, base: str):
        self._send, self._base = send, base
        self._start: Message = {}
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
        if self._start and "text/html" not in Headers(raw=self._start["headers"]).get("content-type", ""):
            await self._send(message)
            return
        if message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._finish()

    async def _finish(self) -> None:
        lines = head(self._base, self._body.decode("utf-8", "replace")).encode()
        page = self._body.replace(b"</head>", lines + b"</head>", 1)
        MutableHeaders(raw=self._start["headers"])["content-length"] = str(len(page))
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": page})
