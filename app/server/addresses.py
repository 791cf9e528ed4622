"""The web app's own addresses: where it listens, and which addresses show a page.

Streamlit answers every address that it does not know with the page, and 200. Here an address that is no page's gets
404: with the page for a browser, which then says so itself, with one line of JSON for any other program.
"""

from __future__ import annotations

import streamlit as st
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.server.door import Door
from app.server.refusals import line, phrase
from synth.config import serving
from synth.paths import shell

PAGES = {
    "",
    "index.html",
    *(path.stem for path in (shell() / "pages").glob("*.py")),
}
FRAMES = "component/"  # pages inside a page


def own_door() -> Door:
    """The web app's door, as Streamlit and the environment have it configured."""
    settings = serving()
    hosts = (*settings.hosts, *st.get_option("server.allowedHosts"))
    return Door(st.get_option("server.address") or "", hosts, settings.proxies)


def base_path() -> str:
    """The path that the app is served under, without a slash at its ends."""
    return str(st.get_option("server.baseUrlPath")).strip("/")


class Addresses:
    """ASGI middleware around Streamlit."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _has_page(scope["path"]):
            await self.app(scope, receive, send)
            return
        answer = _Answer(Headers(scope=scope), send)
        await self.app(scope, receive, answer.send)
        if answer.status:
            await line(answer.status, None, phrase(answer.status))(scope, receive, send)


class _Answer:
    """An answer at an address that has no page. status: that of the line which takes its place, else None."""

    def __init__(self, asked: Headers, send: Send):
        self.browses = "text/html" in asked.get("accept", "")
        self._send = send
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            kind = Headers(raw=message["headers"]).get("content-type", "")
            if kind.startswith("text/html") and message["status"] == 200:
                message["status"] = 404
                self.status = None if self.browses else 404
            elif kind.partition(";")[0] in ("", "text/plain") and message["status"] >= 400:
                self.status = message["status"]
        if self.status is None:
            await self._send(message)


def _has_page(path: str) -> bool:
    inside = path.strip("/").removeprefix(base_path()).strip("/")
    return inside in PAGES or inside.startswith(FRAMES)
