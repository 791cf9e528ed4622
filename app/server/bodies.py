"""What a request brings: where it comes from, which model it asks for, its body as JSON or as a sound; all checked."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from streamlit import config

from app.server.fields import WISHES
from app.server.refusals import Refusal
from synth.sound.pieces import read_recording
from synth.sound.sound import Sound

MAX_BODY = 1 << 21  # a latent of the greatest size, spelled out
MAX_NAME = 60
MAX_SOUND, SHORTER = 1 << 26, "send a shorter part, or a compressed file"


def check_origin(request: Request) -> None:
    """A page of another site must not drive this one; programs send no Origin."""
    origin = request.headers.get("origin")
    if origin is not None and origin in config.get_option("server.corsAllowedOrigins"):
        return
    elsewhere = request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
    if elsewhere if origin is None else _place(origin) != request.headers.get("host"):
        raise Refusal(403, "Origin", "requests from pages of another site are refused; call from the same host")


def _place(origin: str) -> str | None:
    """Host and port of an origin; None where it is none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:  # brackets around no address
        return None


async def json_object(request: Request) -> dict[str, Any]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refusal(415, "Content-Type", "must be application/json; send the patch as JSON")
    body = await _body(request)
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise Refusal(400, "body", "is not JSON; send a patch as a JSON object") from None
    if not isinstance(fields, dict):
        raise Refusal(400, "body", "must be a JSON object with the fields of a patch")
    return fields


async def _body(request: Request, longest: int = MAX_BODY, advice: str = "send a patch, not a sound") -> bytes:
    """The body, counted while it comes in: Content-Length may be missing or wrong."""
    too_long = Refusal(413, "body", f"is longer than {longest} bytes; {advice}")
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > longest:
        raise too_long
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > longest:
                raise too_long
    except ClientDisconnect:
        raise Refusal(400, "body", "ended before it was complete") from None
    return bytes(body)


async def upload(request: Request) -> tuple[str, bytes, dict[str, str]]:
    """A sound's name and bytes, and what a form says beside it."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _form(request, await _body(request, MAX_SOUND, SHORTER))
    if not (kind.startswith("audio/") or kind == "application/octet-stream"):
        raise Refusal(415, "Content-Type", "must be audio/*, application/octet-stream or multipart/form-data")
    return "The body", await _body(request, MAX_SOUND, SHORTER), {}


def brought(name: str, data: bytes) -> Sound:
    """The sound of a file that a person brings, mono; raises AudioError as `read_recording`, with the file's name in
    quotes."""
    return read_recording(f'"{" ".join(name.split())[:MAX_NAME]}"', data)


async def _form(request: Request, body: bytes) -> tuple[str, bytes, dict[str, str]]:
    async def whole() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        form = await MultiPartParser(request.headers, whole(), max_files=1, max_fields=len(WISHES)).parse()
    except (MultiPartException, KeyError, UnicodeDecodeError):
        raise Refusal(400, "body", "is no form with one file; send the sound as its only file") from None
    files = [value for value in form.values() if isinstance(value, UploadFile)]
    sounds = [(file.filename or "The file", await file.read()) for file in files]
    texts = {key: value for key, value in form.items() if isinstance(value, str)}
    await form.close()
    if not sounds:
        raise Refusal(400, "body", "has no file; send the sound as the form's file")
    return *sounds[0], texts
