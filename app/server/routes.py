"""HTTP routes of the web app, bare and under server.baseUrlPath: GET /healthz, GET /models, POST and GET
/infer, POST /morph, POST /place, GET /chart, POST /encode, GET /stream (app/server/streaming.py), and GET
/openapi.json, which tells of all.

Streamlit's own guards (XSRF, CORS, upload size) do not cover these routes, so method, origin, content type, size and
schema are checked here. Every refusal is one JSON line: {"error": sentence, "field": what it is about or null}.

POST /infer takes the fields of a patch, and
- "format": wav (default), flac, ogg, mp3, or frame (see app/server/frames.py);
- "rate": of the samples, 16000, 22050, 32000, 44100, 48000 or 96000 Hz; default the model's own;
- "sequence": a number that comes back in the frame;
- "draft": true for a sound at once, while a control still moves: the phase is found by PGHI alone. Frames only;
- "output_file": a plain file name. The sound is written to the outputs folder ($SONOFORM_OUTPUTS, or outputs/ of the
  repository) under this name, whole or not at all, and the answer is a JSON confirmation. A file that was there is
  replaced, and the confirmation says so;
- "replace": false for 409 instead, where a file of that name is there;
- "preview": true for a picture (PNG) of the sound beside that file.
The seed is in the confirmation, and in the header Sonoform-Seed of a sound.

GET /infer is the sound of a patch that is spelled in the address, as in a link of the web app, with "format" (wav,
flac, ogg, mp3) and "rate" beside it: a file, named after what is in it.

POST /morph takes the fields of a morph (synth/patch/morph.py), and the same beside them.

POST /fill takes the fields of a patch and "area", a stroke (synth/patch/strokes.py) whose points are the corners of an
area; its tool is fill. The answer is {"strokes": [...]}, the area filled anew in up to four ways, the best first: each
is the text of one stroke, to be put at the end of the patch's strokes.

POST /place takes a place on the map of a model (synth/patch/place.py), and the same beside them. GET /chart answers
what lies on the map of "model": points, categories, descriptors, credits of training clips.

POST /encode takes an audio file, as the body itself (audio/* or application/octet-stream) or as the one file of a form
(multipart/form-data), and answers the patch that makes about the same sound, to be sent to /infer as it is; its latent
is the text that links have. In the address, or as fields of the form:
- "model": default that of choices.INSTRUMENT, or the first that is installed;
- "category": default the one that fits best;
- "start": where the part to encode begins, in seconds; default where the sound is loudest;
- "steps": of the search that begins where the encoder ends, 0..MAX_STEPS, default USUAL_STEPS; 0 is the encoder alone;
- "keep": true for what the model cannot make of the sound too, as the patch's residual.
What is to be known of the file, such as that it breaks off, is in the header Sonoform-Note, percent-encoded.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route
from starlette.types import Scope
from streamlit import config

from app.server import frames
from app.server.bodies import brought, check_origin, json_object, upload
from app.server.fields import AREA, FILE, MEDIA_TYPES, WISHES, Order, Wish, addressed, area_of, ordered, patch_query
from app.server.instruments import SharedInstrument, instrument
from app.server.openapi import JSON, OBJECT, SOUND, Operation, Table, endpoints
from app.server.refusals import Refusal
from app.server.streaming import STREAM
from synth.checkpoint.fit import default_patch
from synth.checkpoint.store import catalogue
from synth.choices import SUBTYPES
from synth.errors import AudioError
from synth.latents.budget import Budget
from synth.patch.morph import Morph
from synth.patch.naming import file_stem
from synth.patch.patch import Patch
from synth.patch.place import Place
from synth.patch.ranges import CHECKS
from synth.patch.strokes import text
from synth.paths import outputs
from synth.sound.excerpt import chosen
from synth.sound.formats import sound_file
from synth.sound.preview import write_preview
from synth.sound.sound import Sound

Asked = Patch | Morph | Place

PAGES = ("/morph",)  # addresses of pages too

# Renders take turns anyway; a few waiting ones must not use up the threads that serve the pages.
_renders = CapacityLimiter(4)
_searches = CapacityLimiter(2)
_writes = threading.Lock()


class Beside(Route):
    """A route at the address of a page: what asks for the page goes on to it."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return (Match.NONE, {}) if scope.get("method") in ("GET", "HEAD") else super().matches(scope)


def table() -> Table:
    """The routes of the web app."""
    sounds = dict.fromkeys(MEDIA_TYPES.values(), SOUND) | {JSON: OBJECT}
    query = {name: dict(check.schema) for name, check in WISHES.items()}
    form = {"type": "object", "properties": {"sound": {"type": "string", "format": "binary"}, **query}}
    brought = {"audio/wav": SOUND, "application/octet-stream": SOUND, "multipart/form-data": form}
    patch = Patch.schema()
    with_area = patch | {"properties": patch["properties"] | {"area": AREA}, "required": ["area"]}
    files = {media: SOUND for name, media in MEDIA_TYPES.items() if name in SUBTYPES}
    address = patch_query() | {name: dict(check.schema) for name, check in FILE.items()}
    return {
        **reading(),
        "/infer": {
            "POST": Operation(infer, "A sound", body={JSON: ordered(Patch.schema())}, answers=sounds),
            "GET": Operation(infer_file, "A sound as a file", address, answers=files),
        },
        "/morph": {"POST": Operation(morph, "A sound between", body={JSON: ordered(Morph.schema())}, answers=sounds)},
        "/fill": {"POST": Operation(fill, "An area filled anew", body={JSON: with_area})},
        "/place": {"POST": Operation(place, "A sound of a map", body={JSON: ordered(Place.schema())}, answers=sounds)},
        "/chart": {"GET": Operation(charted, "A model's map", {"model": dict(CHECKS["model"].schema)})},
        "/encode": {"POST": Operation(encode, "The patch of a sound", query, brought, {JSON: Patch.schema()})},
        "/stream": STREAM,
    }


def reading() -> Table:
    """Routes that both servers have."""
    return {
        "/healthz": {"GET": Operation(healthz, "Whether the server answers")},
        "/models": {"GET": Operation(models, "The cards of all models")},
    }


def routes() -> list[Route]:
    base = str(config.get_option("server.baseUrlPath")).strip("/")
    return [
        (Beside if path in PAGES else Route)(prefix + path, endpoint)
        for prefix in dict.fromkeys(("", f"/{base}" if base else ""))
        for path, endpoint in endpoints("Sonoform", table(), prefix).items()
    ]


async def healthz(_request: Request) -> Response:
    return JSONResponse({"status": "ok", "models": len(await to_thread.run_sync(catalogue))})


async def models(_request: Request) -> Response:
    cards = await to_thread.run_sync(catalogue)
    return JSONResponse({"models": [card.to_dict() for card in cards.values()]})


async def infer(request: Request) -> Response:
    return await _answered(request, Patch.from_json)


async def infer_file(request: Request) -> Response:
    check_origin(request)
    own, patch = addressed(request.query_params.multi_items(), FILE)
    order = Order(**{name: FILE[name](name, text) for name, text in own.items()})
    answer = await to_thread.run_sync(_answer, patch, order, limiter=_renders)
    answer.headers["Content-Disposition"] = f'attachment; filename="{file_stem(patch)}.{order.format}"'
    return answer


async def morph(request: Request) -> Response:
    return await _answered(request, Morph.from_dict)


async def place(request: Request) -> Response:
    return await _answered(request, Place.from_dict)


async def charted(request: Request) -> Response:
    model = CHECKS["model"]("model", request.query_params.get("model", Patch().model))
    told = await to_thread.run_sync(lambda: instrument(model).chart().told(), limiter=_renders)
    return JSONResponse(told, headers={"Cache-Control": "no-cache"})


async def _answered(request: Request, read: Callable[[dict[str, Any]], Asked]) -> Response:
    check_origin(request)
    return await answer(await json_object(request), read)


async def answer(fields: dict[str, Any], read: Callable[[dict[str, Any]], Asked]) -> Response:
    """The sound that fields ask for; `read` takes those that are left when the route's own are out."""
    order = Order.taken(fields)
    return await to_thread.run_sync(_answer, read(fields), order, limiter=_renders)


def _answer(asked: Asked, order: Order) -> Response:
    if order.output_file is not None:
        check_place(order)
    shared = instrument(asked.model)
    begun = time.perf_counter()
    patch = _patch(asked, shared)
    sound = shared.draft(patch) if order.draft else shared.render(patch)
    spent = (time.perf_counter() - begun) * 1000.0
    if order.output_file is not None:
        return JSONResponse(_write(sound, order) | _confirmed(sound, patch, order.rate))
    headers = {
        "Cache-Control": "no-store",
        "Server-Timing": f"render;dur={spent:.1f}",
        "Sonoform-Seed": str(patch.seed),
    }
    return Response(_packed(sound, order, spent), media_type=MEDIA_TYPES[str(order.format)], headers=headers)


def _patch(asked: Asked, shared: SharedInstrument) -> Patch:
    match asked:
        case Morph():
            return shared.morphed(asked)
        case Place():
            return shared.placed(asked)
        case _:
            return asked


def _packed(sound: Sound, order: Order, spent: float) -> bytes:
    """A sound in the format and at the rate that were asked for."""
    if order.format == "frame":
        heard = sound.exported(order.rate) if order.rate else sound
        return frames.pack(heard, order.sequence, spent, not order.draft)
    try:
        return sound.to_bytes(str(order.format), rate=order.rate)
    except AudioError as error:  # of a rate that the format cannot hold
        raise Refusal(400, "rate", str(error)) from error


async def fill(request: Request) -> Response:
    check_origin(request)
    fields = await json_object(request)
    area, patch = area_of(fields), Patch.from_json(fields)
    found = await to_thread.run_sync(lambda: instrument(patch.model).fills(patch, area), limiter=_searches)
    return JSONResponse({"strokes": [text([stroke]) for stroke in found]}, headers={"Cache-Control": "no-store"})


async def encode(request: Request) -> Response:
    check_origin(request)
    name, data, fields = await upload(request)
    wish = Wish.read(dict(request.query_params) | fields)
    patch, note = await to_thread.run_sync(_encoded, name, data, wish, limiter=_searches)
    told = {"Sonoform-Note": quote(note, safe=" \"',.:;()")} if note else {}
    return JSONResponse(patch.to_dict(short=True), headers={"Cache-Control": "no-store", **told})


def _encoded(name: str, data: bytes, wish: Wish) -> tuple[Patch, str]:
    """The patch, and what is to be known of the file."""
    cards = catalogue()
    model = wish.model[:64] if wish.model else (default_patch(cards).model if cards else Patch().model)
    shared = instrument(model)
    try:
        sound = brought(name, data)
        part = chosen(sound, wish.start, shared.card.duration)
        patch = shared.match(part, wish.category)
    except AudioError as error:
        raise Refusal(400, "body", str(error)) from error
    if wish.steps:
        patch = shared.refine(patch, part, Budget(steps=wish.steps), lambda share: None)
    return (shared.completed(patch, part) if wish.keep else patch), sound.note


# -- files ---------------------------------------------------------------------------------------------------------


def check_place(order: Order) -> None:
    """Refuses a name that cannot be written under, before anything is made."""
    path = outputs() / str(order.output_file)
    for written in (path, path.with_suffix(".png")) if order.preview else (path,):
        if written.is_dir():
            raise Refusal(409, "output_file", f"{written.name} is a folder there; choose another name")
        if not order.replace and written.exists():
            raise Refusal(409, "output_file", f"{written.name} is there already, and replace is false")


def _write(sound: Sound, order: Order) -> dict[str, Any]:
    name = str(order.output_file)
    path = outputs() / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AudioError(f"cannot make the outputs folder ({error.strerror}); set SONOFORM_OUTPUTS") from error
    data = _packed(sound, order, 0.0)
    with _writes:  # of two at once that replace nothing, one is refused
        check_place(order)
        replaced = path.exists()
        with sound_file(path) as temporary:
            temporary.write_bytes(data)
        written = {"output_file": name, "bytes": len(data), "replaced": replaced}
        return written | {"preview": write_preview(sound, path).name} if order.preview else written


def _confirmed(sound: Sound, patch: Patch, rate: int | None) -> dict[str, Any]:
    """What was made: by whom, of which seed, how long."""
    return {
        "model": patch.model,
        "seed": patch.seed,
        "seconds": round(sound.seconds, 3),
        "sample_rate": rate or sound.sample_rate,
        "patch": patch.to_dict(),
    }
