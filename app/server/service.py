"""The SoundGan service: a web API of its own, on port 5050, that `python -m synth api` starts.

POST /infer makes a sound as app/server/routes.py does; what a request leaves out is taken from the configuration
(synth/config.py), and the seed is drawn anew. POST /train starts a training run, GET /status tells of runs, GET and
POST /config show and change the configuration. GET /healthz and GET /models are those of app/server/routes.py.

Every refusal is one JSON line: {"error": sentence, "field": what it is about or null}.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvicorn
from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.jobs import jobs
from app.jobs.beginnings import check_disk
from app.jobs.plan import plan
from app.jobs.speed import known_speed, try_speed
from app.server import routes
from app.server.bodies import check_origin, json_object
from app.server.connections import bounded
from app.server.door import Door
from app.server.fields import MEDIA_TYPES, ordered, truth
from app.server.gate import Gate
from app.server.instruments import instrument
from app.server.memory import trimmed
from app.server.openapi import JSON, OBJECT, SOUND, Operation, Table, endpoints
from app.server.refusals import Refusal, unrouted
from app.server.routes import answer
from synth import paths
from synth.checkpoint.store import find
from synth.checks import or_null, takes
from synth.config import EXPORTED, SERVING, Config, Configured, read, save, schema
from synth.errors import ConfigError, RunError, SonoformError
from synth.patch.patch import Patch
from synth.patch.ranges import MODEL_ID
from synth.paths import outputs
from synth.recipes.recipe import RECIPES
from synth.runs.figures import is_scored, losses, scores

# Set before the service starts: where it listens, and where it reads and writes.
FIXED = ("host", "port", *EXPORTED, *SERVING)
TRAINING = ("preset", "data", "minutes", "threads", "settings")
REQUEST = "request"

log = logging.getLogger(__name__)


class Service:
    """The routes, and the configuration that they share: one value, replaced as a whole when a request changes it."""

    def __init__(self, configured: Configured):
        self.configured = configured
        self.unsaved: dict[str, Any] = {}

    @property
    def config(self) -> Config:
        return self.configured.config

    def table(self) -> Table:
        """Its routes."""
        training, changing = schema(TRAINING), schema(self._changeable())
        training["properties"]["run"] = or_null(run_name.schema)
        changing["properties"]["save"] = dict(truth.schema)
        sounds = {kind: SOUND for kind in MEDIA_TYPES.values()} | {JSON: OBJECT}
        return {
            **routes.reading(),
            "/infer": {"POST": Operation(self.infer, "A sound", body={JSON: ordered(Patch.schema())}, answers=sounds)},
            "/train": {"POST": Operation(self.train, "Starts a training run", body={JSON: training})},
            "/status": {"GET": Operation(self.status, "What runs do", {"run": {"type": "string"}})},
            "/config": {
                "GET": Operation(self.shown, "The configuration"),
                "POST": Operation(self.change, "Changes the configuration", body={JSON: changing}),
            },
        }

    def app(self) -> Starlette:
        return Starlette(
            routes=[Route(path, endpoint) for path, endpoint in endpoints("SoundGan service", self.table()).items()],
            middleware=[Middleware(Gate, door=self.door)],
            exception_handlers={HTTPException: unrouted},
            lifespan=self._lifespan,
        )

    @property
    def door(self) -> Door:
        return Door(self.config.host, self.config.hosts, self.config.proxies)

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        """Loads the model while the server starts to listen, so that the first sound waits for less."""
        bounded()
        threading.Thread(target=_warm_up, args=(self.config.model,), name="warm-up", daemon=True).start()
        async with trimmed():
            yield

    # -- sounds --------------------------------------------------------------------------------------------------------

    async def infer(self, request: Request) -> Response:
        check_origin(request)
        fields = await json_object(request)
        usual = self.config.patch() | {"seed": secrets.randbelow(2**32)}
        if "output_file" in fields:
            usual["preview"] = self.config.preview
        return await answer(usual | fields, Patch.from_json)

    # -- training ------------------------------------------------------------------------------------------------------

    async def train(self, request: Request) -> Response:
        check_origin(request)
        fields = await json_object(request)
        name = fields.pop("run", None)
        name = None if name is None else run_name("run", name)
        self._check_keys(fields, TRAINING, "run")
        self._check_data(request, fields)
        config = _changed(self.configured, fields).config
        run = await to_thread.run_sync(_start, name, config)
        return JSONResponse({"run": run, "state": "running"} | {key: config.to_dict()[key] for key in TRAINING})

    async def status(self, request: Request) -> Response:
        for key in request.query_params:
            if key != "run":
                raise Refusal(400, key[:40], "is no field of this route; there is run")
        name = request.query_params.get("run")
        folders = {folder.name: folder for folder in await to_thread.run_sync(jobs.runs)}
        if name is None:
            told = [await to_thread.run_sync(_told, folder) for folder in folders.values()]
            return JSONResponse({"runs": told})
        if name not in folders:
            raise Refusal(404, "run", f"is none of the runs there are: {', '.join(folders) or 'none'}")
        return JSONResponse(await to_thread.run_sync(_told, folders[name]))

    # -- configuration -------------------------------------------------------------------------------------------------

    async def shown(self, _request: Request) -> Response:
        return JSONResponse(self.configured.to_dict())

    async def change(self, request: Request) -> Response:
        check_origin(request)
        fields = await json_object(request)
        saved = truth("save", fields.pop("save", False))
        self._check_keys(fields, self._changeable(), "save")
        self._check_data(request, fields)
        configured = _changed(self.configured, fields)
        if "model" in fields:
            find(configured.config.model)
        if {"data", "preset", "settings"} & fields.keys():
            await to_thread.run_sync(_check_training, configured.config)
        unsaved = self.unsaved | {key: configured.config.to_dict()[key] for key in fields}
        if saved:
            save(configured.file, unsaved)
        self.configured, self.unsaved = configured, {} if saved else unsaved
        return JSONResponse(configured.to_dict() | {"saved": saved})

    def _changeable(self) -> tuple[str, ...]:
        return tuple(key for key in self.config.to_dict() if key not in FIXED)

    def _check_keys(self, fields: dict[str, Any], known: tuple[str, ...], beside: str) -> None:
        for key in fields:
            if key in FIXED:
                raise Refusal(400, key, "is fixed while the service runs: set it before the start")
            if key not in known:
                raise Refusal(400, key[:40], f"is no field of this route; there are {', '.join([beside, *known])}")

    def _check_data(self, request: Request, fields: dict[str, Any]) -> None:
        """A path lets a caller look into every folder: only where none but this machine's own people call."""
        if "data" in fields and not self.door.is_home(request.headers):
            raise Refusal(403, "data", "can be named on the service's own machine only: set it before the start")


def _warm_up(model: str) -> None:
    try:
        instrument(model)
        from synth.audio import decoder  # here, so that the server listens before torch is imported

        decoder.warm_up()
    except SonoformError as error:
        log.warning("%s", error)


def _changed(configured: Configured, fields: dict[str, Any]) -> Configured:
    try:
        return configured.changed(fields, REQUEST)
    except ConfigError as error:
        raise Refusal(400, error.key, error.reason) from error


# -- runs ----------------------------------------------------------------------------------------------------------


@takes(type="string", pattern=f"^{MODEL_ID.pattern}$")
def run_name(name: str, value: object) -> str:
    if not (isinstance(value, str) and jobs.can_name(value)):
        allowed = "letters, digits, _ . -, 64 at most, with none of the last first"
        raise Refusal(400, name, f"must be a name of {allowed}, that no system keeps for itself")
    return value


def _start(name: str | None, config: Config) -> str:
    """Starts a trainer as the page Train does, and gives the name of its run."""
    if config.data is None:
        raise Refusal(400, "data", "is needed: name a folder of recordings, one sub-folder a category")
    _check_training(config)
    name = name or f"{config.preset}-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
    if (paths.runs() / name).exists():
        raise Refusal(409, "run", f"{name} is there already: choose another name, or leave it out")
    threads = config.threads or max((os.cpu_count() or 1) - 1, 1)
    machine = ["--threads", str(threads), "--device", config.device]
    try:
        settings = [*_planned(config, config.data, machine), *config.settings]
        arguments = ["--preset", config.preset, "--data", str(config.data)]
        return jobs.start(name, [*arguments, *(["--set", *settings] if settings else [])], config.minutes, machine).name
    except RunError as error:
        raise Refusal(409, None, str(error)) from error


def _check_training(config: Config) -> None:
    """Refuses data and settings with which a run would end at its start: the trainer itself is asked."""
    if config.data is not None and not _is_folder(config.data):
        raise Refusal(400, "data", "is not a folder on the service's machine: name one of recordings, with categories")
    data = [] if config.data is None else ["--data", str(config.data)]
    settings = ["--set", *config.settings] if config.settings else []
    try:
        jobs.call(["synth", "train", "--check", "--out", "unused", "--preset", config.preset, *data, *settings])
    except RunError as error:
        # The trainer's complaint of a folder begins with its path.
        field = "data" if data and data[1] in str(error) else "settings"
        raise Refusal(400, field, str(error).replace(str(config.data), "the folder")) from error


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # longer than a name may be
        return False


def _planned(config: Config, data: Path, machine: list[str]) -> tuple[str, ...]:
    """Settings that fit the preset into its minutes. Where it has stages before the last, which must not take them all,
    this machine is tried first, for some seconds."""
    recipe = RECIPES[config.preset]
    check_disk(recipe)
    speed = known_speed(recipe, machine)
    if speed is None and not recipe.plain:
        speed = try_speed(recipe, data, machine)
    return plan(recipe, speed, config.minutes).settings if speed else ()


def _told(folder: Path) -> dict[str, Any]:
    """What a run does now, as the page Train shows it; seconds are of this session."""
    job = jobs.status(folder)
    tick: dict[str, Any] = next((line for line in reversed(job.lines) if not is_scored(line)), {})
    scored: dict[str, Any] = next((line for line in reversed(job.lines) if is_scored(line)), {})
    running = job.state == "running"
    return {
        "run": job.name,
        "state": job.state,
        "asked": job.asked,
        "phase": job.last.get("phase"),
        "images": job.last.get("seen", 0),
        "images_per_second": tick.get("images_per_second"),
        "losses": losses(tick),
        "scores": {"space": scored["space"], "images": scored["seen"], **scores(scored)} if scored else None,
        "seconds": round(job.seconds, 1),
        "seconds_left": round(job.left, 1) if running and job.budget else None,
        "models": jobs.published(folder),
        "complaint": job.complaint if job.state == "crashed" else None,
    }


# -- the process -----------------------------------------------------------------------------------------------------


def main() -> None:
    """Serves until it is told to stop; the configuration is the environment's and the file's."""
    configured = read()
    os.environ.update(configured.config.environment())
    config = configured.config
    print(
        f"SoundGan service on http://{config.host}:{config.port}, sounds to {outputs()} (Ctrl-C stops it)",
        flush=True,
    )
    app = Service(replace(configured, file=configured.file.absolute())).app()
    uvicorn.run(app, host=config.host, port=config.port, log_level="warning", server_header=False)


if __name__ == "__main__":
    main()
