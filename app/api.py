"""HTTP routes: GET /healthz, GET /models, POST /infer, POST /morph, POST /encode, bare and under server.baseUrlPath.

Streamlit's own guards (XSRF, CORS, upload size) do not cover these routes, so method, origin, content type, size and
schema are checked here. Every refusal is one JSON line: {"error": sentence, "field": what it is about or null}.

POST /infer takes the fields of a patch, and
- "format": wav (default), flac, ogg, or frame (see app/frames.py);
- "sequence": a number that comes back in the frame;
- "draft": true for a sound at once, while a control still moves: the phase is found by PGHI alone. Frames only;
- "output_file": a plain file name. The sound is written to the outputs folder ($SONOFORM_OUTPUTS, or outputs/ of the
  repository) under this name, whole or not at all, and the answer is a JSON confirmation. A file that was there is
  replaced, and the confirmation says so;
- "preview": true for a picture (PNG) of the sound beside that file.
The seed is in the confirmation, and in the header Sonoform-Seed of a sound.

POST /morph takes the fields of a morph (synth/morph.py), and the same beside them.

POST /encode takes an audio file, as the body itself (audio/* or application/octet-stream) or as the one file of a form
(multipart/form-data), and answers the patch that makes about the same sound, to be sent to /infer as it is. In the
address, or as fields of the form:
- "model": default hits_scratches, or the first that is installed;
- "category": default the one that fits best;
- "start": where the part to encode begins, in seconds; default where the sound is loudest;
- "steps": of the search that begins where the encoder ends, 0..MAX_STEPS, default USUAL_STEPS; 0 is the encoder alone.
"""

from __future__ import annotations

import json
import logging
import os
import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from anyio import CapacityLimiter, to_thread
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from streamlit import config

from app import frames, recording
from app.resources import instrument
from app.session import default_patch, unplayable
from synth.audio.part import chosen
from synth.checkpoint import catalogue
from synth.control.budget import USUAL_STEPS, Budget
from synth.errors import AudioError, CheckpointError, PatchError, SonoformError
from synth.morph import Morph
from synth.patch import Patch
from synth.preview import write_preview
from synth.sound import Sound

MAX_BODY = 1 << 21  # a latent of the greatest size, spelled out
MAX_SOUND, SHORTER = 1 << 26, "send a shorter part, or a compressed file"
MAX_STEPS = 300
WISHES = ("model", "category", "start", "steps")
MEDIA_TYPES = {"wav": "audio/wav", "flac": "audio/flac", "ogg": "audio/ogg", "frame": frames.MEDIA_TYPE}
# A page of the same address: what asks for it goes on to the web app.
PAGES = {"/morph": ("GET", "HEAD")}
ALL_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+() -]{0,119}\.(wav|flac|ogg)")

Handler = Callable[[Request], Awaitable[Response]]

log = logging.getLogger(__name__)
# Renders take turns anyway; a few waiting ones must not use up the threads that serve the pages.
_renders = CapacityLimiter(4)
_searches = CapacityLimiter(2)


@dataclass(frozen=True)
class Wish:
    """What a request to encode says beside the sound; None is the route's own choice."""

    model: str | None
    category: str | None
    start: float | None
    steps: int


class Refusal(Exception):
    """A request that cannot be answered: the status, the field it is about, and one sentence."""

    def __init__(self, status: int, field: str | None, message: str):
        super().__init__(f"{field}: {message}" if field else message)
        self.status = status
        self.field = field


def routes() -> list[Route]:
    read, write = ("GET", "HEAD"), ("POST",)
    handlers = {
        "/healthz": (read, healthz),
        "/models": (read, models),
        "/infer": (write, infer),
        "/morph": (write, morph),
        "/encode": (write, encode),
    }
    base = str(config.get_option("server.baseUrlPath")).strip("/")
    return [
        Route(
            prefix + path, guarded(methods, handler), methods=[m for m in ALL_METHODS if m not in PAGES.get(path, ())]
        )
        for prefix in dict.fromkeys(("", f"/{base}" if base else ""))
        for path, (methods, handler) in handlers.items()
    ]


async def healthz(_request: Request) -> Response:
    return JSONResponse({"status": "ok", "models": len(await to_thread.run_sync(catalogue))})


async def models(_request: Request) -> Response:
    cards = await to_thread.run_sync(catalogue)
    return JSONResponse({"models": [card.to_dict() for card in cards.values()]})


async def infer(request: Request) -> Response:
    return await _answered(request, Patch.from_json)


async def morph(request: Request) -> Response:
    return await _answered(request, Morph.from_dict)


async def _answered(request: Request, read: Callable[[dict[str, Any]], Patch | Morph]) -> Response:
    check_origin(request)
    return await answer(await json_object(request), read)


async def answer(fields: dict[str, Any], read: Callable[[dict[str, Any]], Patch | Morph]) -> Response:
    """The sound that fields ask for; `read` takes those that are left when the route's own are out."""
    output = _output_file(fields.pop("output_file", None))
    format = _format(fields.pop("format", None), output)
    sequence = _sequence(fields.pop("sequence", 0))
    draft = _draft(fields.pop("draft", False), format)
    preview = _preview(fields.pop("preview", False), output)
    asked = read(fields)
    return await to_thread.run_sync(_answer, asked, format, sequence, output, draft, preview, limiter=_renders)


def _answer(
    asked: Patch | Morph, format: str, sequence: int, output: str | None, draft: bool, preview: bool
) -> Response:
    installed(asked.model)
    shared = instrument(asked.model)
    begun = time.perf_counter()
    patch = shared.morphed(asked) if isinstance(asked, Morph) else asked
    sound = shared.draft(patch) if draft else shared.render(patch)
    spent = (time.perf_counter() - begun) * 1000.0
    if output is not None:
        return JSONResponse(_write(sound, output, preview) | _confirmed(sound, patch))
    body = frames.pack(sound, sequence, spent) if format == "frame" else sound.to_bytes(format)
    headers = {
        "Cache-Control": "no-store",
        "Server-Timing": f"render;dur={spent:.1f}",
        "Sonoform-Seed": str(patch.seed),
    }
    return Response(body, media_type=MEDIA_TYPES[format], headers=headers)


async def encode(request: Request) -> Response:
    check_origin(request)
    name, data, fields = await _upload(request)
    wish = _wish(dict(request.query_params) | fields)
    patch = await to_thread.run_sync(_encoded, name, data, wish, limiter=_searches)
    return JSONResponse(patch.to_dict(), headers={"Cache-Control": "no-store"})


def _encoded(name: str, data: bytes, wish: Wish) -> Patch:
    cards = catalogue()
    model = wish.model[:64] if wish.model else (default_patch(cards).model if cards else Patch().model)
    installed(model)
    shared = instrument(model)
    try:
        part = chosen(recording.read(name, data), wish.start, shared.card.duration)
        patch = shared.match(part, wish.category)
    except AudioError as error:
        raise Refusal(400, "body", str(error)) from error
    return shared.refine(patch, part, Budget(steps=wish.steps), lambda share: None) if wish.steps else patch


def installed(model: str) -> None:
    """Refuses a model that there is not."""
    cards = catalogue()
    if model not in cards:
        raise Refusal(404, "model", unplayable(model, cards))


# -- what a request may say ----------------------------------------------------------------------------------------


def check_origin(request: Request) -> None:
    """A page of another site must not drive this one; programs send no Origin."""
    origin = request.headers.get("origin")
    if origin is None or origin in config.get_option("server.corsAllowedOrigins"):
        return
    if urlsplit(origin).netloc != request.headers.get("host"):
        raise Refusal(403, "Origin", "requests from pages of another site are refused; call from the same host")


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


async def _upload(request: Request) -> tuple[str, bytes, dict[str, str]]:
    """A sound's name and bytes, and what a form says beside it."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _form(request, await _body(request, MAX_SOUND, SHORTER))
    if not (kind.startswith("audio/") or kind == "application/octet-stream"):
        raise Refusal(415, "Content-Type", "must be audio/*, application/octet-stream or multipart/form-data")
    return "The body", await _body(request, MAX_SOUND, SHORTER), {}


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


def _wish(asked: Mapping[str, str]) -> Wish:
    for name in asked:
        if name not in WISHES:
            raise Refusal(400, name[:40], f"is no field of this route; there are {', '.join(WISHES)}")
    steps = asked.get("steps", str(USUAL_STEPS))
    if not re.fullmatch(r"[0-9]{1,4}", steps) or int(steps) > MAX_STEPS:
        raise Refusal(400, "steps", f"must be a whole number, 0..{MAX_STEPS}")
    start = asked.get("start")
    if start is not None and not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{0,6})?", start):
        raise Refusal(400, "start", "must be a number of seconds from 0 up")
    return Wish(asked.get("model"), asked.get("category"), None if start is None else float(start), int(steps))


def _output_file(name: object) -> str | None:
    if name is None:
        return None
    if not isinstance(name, str) or not FILE_NAME.fullmatch(name):
        raise Refusal(
            400, "output_file", "must be a plain file name such as hit_1.wav (letters, digits, . _ - + ( ), no folders)"
        )
    return name


def _format(name: object, output: str | None) -> str:
    suffix = output.rpartition(".")[2] if output else None
    if name is None:
        return suffix or "wav"
    if not isinstance(name, str) or name not in MEDIA_TYPES:
        raise Refusal(400, "format", f"must be one of {', '.join(MEDIA_TYPES)}")
    if suffix not in (None, name):
        raise Refusal(400, "format", f"must agree with the suffix of output_file, which is {suffix}")
    return name


def _sequence(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**32:
        raise Refusal(400, "sequence", f"must be a whole number, 0..{2**32 - 1}")
    return value


def _draft(value: object, format: str) -> bool:
    if not isinstance(value, bool):
        raise Refusal(400, "draft", "must be true or false")
    if value and format != "frame":
        raise Refusal(400, "draft", "is for format frame only; leave it out to get the sound itself")
    return value


def _preview(value: object, output: str | None) -> bool:
    if not isinstance(value, bool):
        raise Refusal(400, "preview", "must be true or false")
    if value and output is None:
        raise Refusal(400, "preview", "is a file beside output_file; name that too")
    return value


# -- files ---------------------------------------------------------------------------------------------------------


def outputs() -> Path:
    named = os.environ.get("SONOFORM_OUTPUTS")
    return Path(named) if named else Path(__file__).resolve().parent.parent / "outputs"


def _write(sound: Sound, name: str, preview: bool) -> dict[str, Any]:
    path = outputs() / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AudioError(f"cannot make the outputs folder ({error.strerror}); set SONOFORM_OUTPUTS") from error
    replaced = path.exists()
    sound.save(path)
    written = {"output_file": name, "bytes": path.stat().st_size, "replaced": replaced}
    return written | {"preview": write_preview(sound, path).name} if preview else written


def _confirmed(sound: Sound, patch: Patch) -> dict[str, Any]:
    """What was made: by whom, of which seed, how long."""
    return {
        "model": patch.model,
        "seed": patch.seed,
        "seconds": round(sound.seconds, 3),
        "sample_rate": sound.sample_rate,
        "patch": patch.to_dict(),
    }


# -- refusals ------------------------------------------------------------------------------------------------------


def guarded(methods: tuple[str, ...], handler: Handler) -> Handler:
    """The handler with every error as one JSON line. All methods come here: unrouted ones would get the web page."""

    async def endpoint(request: Request) -> Response:
        try:
            if request.method not in methods:
                raise Refusal(405, None, f"use {' or '.join(methods)} on this address")
            return await handler(request)
        except Exception as error:
            return _refuse(error, methods)

    return endpoint


def _refuse(error: Exception, methods: tuple[str, ...]) -> Response:
    status, field = 500, None
    if isinstance(error, Refusal):
        status, field = error.status, error.field
    elif isinstance(error, PatchError):
        status, field = 400, error.field
    elif isinstance(error, CheckpointError):
        field = "model"
    elif isinstance(error, AudioError):
        field = "output_file"
    message = str(error)
    if not isinstance(error, (Refusal, SonoformError)):
        log.exception("a request failed", exc_info=error)
        message = "the sound could not be made; the server's log says why"
    headers = {"Allow": ", ".join(methods)} if status == 405 else None
    return JSONResponse({"error": message, "field": field}, status, headers)
