"""Refusals of the servers: every error as one short line of JSON, {"error": sentence, "field": what it is about}."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from synth.errors import AudioError, CheckpointError, PatchError, SonoformError, UnknownModel
from synth.paths import home, shell

# Of JSON, in bytes: a line is at most the sum of both and some 40 more.
LONGEST_SENTENCE, LONGEST_FIELD = 1600, 240
# Folders whose places are nobody's business but the machine's own.
PLACES = ("SONOFORM_CHECKPOINTS", "SONOFORM_OUTPUTS", "SONOFORM_RUNS", "SONOFORM_LIBRARY", "SONOFORM_LISTENING")
UNFORESEEN = "this could not be done; the server's log says why"

Handler = Callable[[Request], Awaitable[Response]]

log = logging.getLogger(__name__)


class Refusal(Exception):
    """A request that cannot be answered: the status, the field it is about, one sentence, headers beside it."""

    def __init__(self, status: int, field: str | None, message: str, headers: Mapping[str, str] | None = None):
        super().__init__(f"{field}: {message}" if field else message)
        self.status = status
        self.field = field
        self.headers = headers


class Endpoint:
    """A route's handlers by method, with every error as one JSON line. It takes all methods: one that the router does
    not find would get the page."""

    def __init__(self, handlers: Mapping[str, Handler]):
        self.handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        try:
            if request.method not in self.handlers:
                allowed = {"Allow": ", ".join(self.handlers)}
                raise Refusal(405, None, f"use {' or '.join(self.handlers)} on this address", allowed)
            return await self.handlers[request.method](request)
        except Exception as error:
            return refused(error)


def refused(error: Exception) -> Response:
    """The answer to an error; what nobody foresaw goes to the log and is not told."""
    status, field = _about(error)
    headers = error.headers if isinstance(error, Refusal) else None
    if isinstance(error, (Refusal, SonoformError)):
        return line(status, field, without_places(str(error)), headers)
    log.error("a request failed", exc_info=error)
    return line(status, field, UNFORESEEN, headers)


def line(status: int, field: str | None, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """One line of JSON, whatever a client wrote into field and message, and never longer than 2 kB."""
    about = None if field is None else _short(field, LONGEST_FIELD)
    body = json.dumps({"error": _short(message, LONGEST_SENTENCE), "field": about}, ensure_ascii=False)
    return Response(body, status, headers, "application/json")


async def unrouted(_request: Request, error: Exception) -> Response:
    """What the router refuses: an address or a method that there is not."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    return line(status, None, phrase(status), headers)


def phrase(status: int) -> str:
    """A sentence for a bare status."""
    known = {404: "there is no such address", 405: "this method is not known here"}
    return known.get(status) or HTTPStatus(status).phrase.lower()


def without_places(text: str) -> str:
    """A sentence without the absolute paths of this machine's own folders."""
    roots = {Path(os.environ[name]).absolute() for name in PLACES if os.environ.get(name)}
    for root in sorted({*roots, home(), shell()}, key=lambda root: -len(str(root))):
        text = text.replace(f"{root}{os.sep}", "").replace(str(root), root.name)
    return text


def _about(error: Exception) -> tuple[int, str | None]:
    """The status of an error and the field that it is about."""
    if isinstance(error, Refusal):
        return error.status, error.field
    if isinstance(error, PatchError):
        return 400, error.field
    if isinstance(error, UnknownModel):
        return 404, "model"
    if isinstance(error, CheckpointError):
        return 500, "model"
    return 500, "output_file" if isinstance(error, AudioError) else None


def _short(text: str, room: int) -> str:
    """Printable text whose JSON has no more bytes than there is room for."""
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[: room + 1])
    if _size(text) <= room:
        return text
    while _size(text) > room - 3:
        text = text[: min(len(text) - 1, len(text) * room // _size(text))]
    return f"{text}..."


def _size(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode()) - 2
