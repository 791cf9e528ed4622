"""The SoundGan service: a web API of its own, on port 5050, that `python -m synth api` starts.

POST /infer makes a sound as app/api.py does; what a request leaves out is taken from the configuration
(synth/config.py), and the seed is drawn anew. POST /train starts a training run, GET /status tells of runs, GET and
POST /config show and change the configuration. GET /healthz and GET /models are those of app/api.py.

Every refusal is one JSON line: {"error": sentence, "field": what it is about or null}.
"""

from __future__ import annotations

import ipaddress
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
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app import api, jobs
from app.api import Refusal, answer, check_origin, guarded, installed, json_object
from app.plan import SCRATCH, check_disk, known_speed, plan, try_speed
from app.resources import instrument
from synth.config import EXPORTED, Config, Configured, read, save
from synth.errors import ConfigError, RunError, SonoformError
from synth.patch import MODEL_ID, Patch
from synth.runs import is_scored, losses, scores

# Set before the service starts: where it listens, and where it reads and writes.
FIXED = ("host", "port", *EXPORTED)
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

    def app(self) -> Starlette:
        read, write = ("GET", "HEAD"), ("POST",)
        handlers = {
            "/healthz": (read, api.healthz),
            "/models": (read, api.models),
            "/infer": (write, self.infer),
            "/train": (write, self.train),
            "/status": (read, self.status),
            "/config": (read + write, self.settings),
        }
        routes = [Route(path, guarded(*of), methods=list(api.ALL_METHODS)) for path, of in handlers.items()]
        return Starlette(routes=routes, exception_handlers={HTTPException: _unknown}, lifespan=self._lifespan)

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        """Loads the model while the server starts to listen, so that the first sound waits for less."""
        threading.Thread(target=_warm_up, args=(self.config.model,), name="warm-up", daemon=True).start()
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
        name = _run_name(fields.pop("run", None))
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

    async def settings(self, request: Request) -> Response:
        if request.method == "POST":
            return await self._change(request)
        return JSONResponse(self.configured.to_dict())

    async def _change(self, request: Request) -> Response:
        check_origin(request)
        fields = await json_object(request)
        saved = fields.pop("save", False)
        if not isinstance(saved, bool):
            raise Refusal(400, "save", "must be true or false")
        self._check_keys(fields, [key for key in self.config.to_dict() if key not in FIXED], "save")
        self._check_data(request, fields)
        configured = _changed(self.configured, fields)
        if "model" in fields:
            installed(configured.config.model)
        unsaved = self.unsaved | {key: configured.config.to_dict()[key] for key in fields}
        if saved:
            save(configured.file, unsaved)
        self.configured, self.unsaved = configured, {} if saved else unsaved
        return JSONResponse(configured.to_dict() | {"saved": saved})

    def _check_keys(self, fields: dict[str, Any], known: tuple[str, ...] | list[str], beside: str) -> None:
        for key in fields:
            if key in FIXED:
                raise Refusal(400, key, "is fixed while the service runs: set it before the start")
            if key not in known:
                raise Refusal(400, key[:40], f"is no field of this route; there are {', '.join([beside, *known])}")

    def _check_data(self, request: Request, fields: dict[str, Any]) -> None:
        """A path lets a caller look into every folder: only where none but this machine's own people call."""
        if "data" in fields and not (_is_loopback(self.config.host) and "x-forwarded-for" not in request.headers):
            raise Refusal(403, "data", "can be named on the service's own machine only: set it before the start")


def _warm_up(model: str) -> None:
    try:
        instrument(model)
    except SonoformError as error:
        log.warning("%s", error)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:  # the name of a machine
        return False


def _changed(configured: Configured, fields: dict[str, Any]) -> Configured:
    try:
        return configured.changed(fields, REQUEST)
    except ConfigError as error:
        raise Refusal(400, error.key, error.reason) from error


async def _unknown(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    sentence = "there is no such address" if status == 404 else "this method is not known here"
    return JSONResponse({"error": sentence, "field": None}, status)


# -- runs ----------------------------------------------------------------------------------------------------------


def _run_name(asked: object) -> str | None:
    if asked is not None and not (isinstance(asked, str) and MODEL_ID.fullmatch(asked)):
        raise Refusal(400, "run", "must be a name of letters, digits, _ . -, 64 at most, with none of the last first")
    return asked


def _start(name: str | None, config: Config) -> str:
    """Starts a trainer as the page Train does, and gives the name of its run."""
    if config.data is None or not config.data.is_dir():
        named = "is needed" if config.data is None else f"{config.data} is not a folder on the service's machine"
        raise Refusal(400, "data", f"{named}: name a folder of recordings, one sub-folder a category")
    name = name or f"{config.preset}-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
    if (jobs.root() / name).exists():
        raise Refusal(409, "run", f"{name} is there already: choose another name, or leave it out")
    threads = config.threads or max((os.cpu_count() or 1) - 1, 1)
    machine = ["--threads", str(threads), "--device", config.device]
    try:
        settings = [*_planned(config, config.data, machine), *config.settings]
        arguments = ["--preset", config.preset, "--data", str(config.data)]
        return jobs.start(name, [*arguments, *(["--set", *settings] if settings else [])], config.minutes, machine).name
    except RunError as error:
        raise Refusal(409, None, str(error)) from error


def _planned(config: Config, data: Path, machine: list[str]) -> tuple[str, ...]:
    """Settings that fit the preset into its minutes. Where it has a warm start, which must not take them all, this
    machine is tried first, for some seconds."""
    recipe = next(recipe for recipe in SCRATCH if recipe.preset == config.preset)
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
        f"SoundGan service on http://{config.host}:{config.port}, sounds to {api.outputs()} (Ctrl-C stops it)",
        flush=True,
    )
    app = Service(replace(configured, file=configured.file.absolute())).app()
    uvicorn.run(app, host=config.host, port=config.port, log_level="warning", server_header=False)


if __name__ == "__main__":
    main()
