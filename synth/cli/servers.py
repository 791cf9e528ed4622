"""`infer`, `api`, `serve`: sounds for other programs. Heavy modules are imported by the verb that needs them."""

from __future__ import annotations

import argparse
import os
import secrets
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

from synth import paths
from synth.choices import DIFFERENCE, SERVICE
from synth.cli.options import show, verb
from synth.errors import SonoformError


def config_options(p: argparse.ArgumentParser, **keys: str) -> None:
    """Options for keys of the configuration, with their help, and for its file."""
    for key, text in keys.items():
        p.add_argument(f"--{key}", help=text)
    p.add_argument("--config", type=Path, metavar="FILE", help="TOML file (default: sonoform.toml where there is one)")
    p.set_defaults(config_keys=tuple(keys))


def configured(options: argparse.Namespace, **more: str | None) -> Any:
    """The configuration under the options that were given; raises ConfigError."""
    from synth.config import read

    flags = {key: getattr(options, key) for key in options.config_keys} | more
    return read(options.config, {key: text for key, text in flags.items() if text is not None})


# -- infer ------------------------------------------------------------------------------------------------------------


def add_infer(verbs: Any) -> None:
    p = verb(verbs, "infer", run_infer, "Make one sound, of a new seed each time.", report=True)
    p.epilog = DIFFERENCE
    p.add_argument("--output-file", type=Path, default=Path("output.wav"), help="file to write (default output.wav)")
    p.add_argument("--seed", type=int, help="0..2^32 - 1 (default: another one each time)")
    p.add_argument("--category", help="category, of models that have them (default: the model's first)")
    p.add_argument("--preview", action=argparse.BooleanOptionalAction, help="a picture beside the file, output.png")
    config_options(
        p,
        model=f"model id (default {SERVICE.model})",
        phase="texture (default), pghi, griffin-lim, griffin-lim-256 or pghi+gl",
        normalise="peak (default: true peak at -1 dBTP) or loudness (-18 LUFS)",
        device="auto, cpu or cuda",
    )


def run_infer(options: argparse.Namespace) -> None:
    """One sound into a file, 16 bits where that is a WAV."""
    from synth.checkpoint.store import find
    from synth.patch.patch import Patch
    from synth.sound.preview import write_preview

    preview = None if options.preview is None else str(options.preview).lower()
    config = configured(options, preview=preview).config
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    patch = Patch.from_json(config.patch() | {"seed": seed, "category": options.category})
    folder = find(config.model, config.checkpoints)

    from synth.instruments.loading import load  # torch comes with it: not before all is known to be well

    sound = load(folder, config.device).render(patch)
    sound.save(options.output_file)
    report = {
        "file": str(options.output_file),
        "preview": str(write_preview(sound, options.output_file)) if config.preview else None,
        "model": config.model,
        "seed": seed,
        "seconds": round(sound.seconds, 3),
        "sample_rate": sound.sample_rate,
    }
    line = f"{report['file']}: {config.model}, seed {seed}, {sound.seconds:.2f} s at {sound.sample_rate} Hz"
    show(options, report, [line + (f", preview {report['preview']}" if config.preview else "")])


# -- api, serve -------------------------------------------------------------------------------------------------------


def add_api(verbs: Any) -> None:
    p = verb(verbs, "api", run_api, "Start the web API: /infer /train /status /config.")
    p.epilog = DIFFERENCE
    config_options(
        p,
        port="port (default 5050)",
        host="address to listen on (default 127.0.0.1)",
        model=f"model of requests that name none (default {SERVICE.model})",
        outputs="folder that output_file writes into",
        device="auto, cpu or cuda",
    )


def run_api(options: argparse.Namespace) -> NoReturn:
    """Becomes the web API's process, so that a signal to this one reaches it."""
    found = configured(options)
    config = found.config
    check_port(config.host, config.port)
    # The new process reads the environment, where an option stands above the file as it does here.
    values = config.to_dict()
    given = {f"SONOFORM_{key.upper()}": str(values[key]) for key in options.config_keys if getattr(options, key)}
    if options.config:
        given["SONOFORM_CONFIG"] = str(options.config.absolute())
    command = [sys.executable, "-m", "app.server.service"]
    sys.stdout.flush()
    os.execve(sys.executable, command, paths.environment() | given)


def check_port(address: str, port: int) -> None:
    """Raises SonoformError where a server cannot listen."""
    try:
        family, kind, _, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except (OSError, OverflowError) as error:
        raise SonoformError(f"port {port} on {address} cannot be used: stop what uses it or add --port N") from error


def add_serve(verbs: Any) -> None:
    p = verb(verbs, "serve", run_serve, "Start the web app with the HTTP API.")
    p.add_argument("--port", type=int, default=8501)
    p.add_argument("--address", default="127.0.0.1")


def run_serve(options: argparse.Namespace) -> None:
    import subprocess

    check_port(options.address, options.port)
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"]
    command += ["--server.port", str(options.port), "--server.address", options.address]
    # From the folder of the web app, whose .streamlit/ is read.
    code = subprocess.run(command, check=False, cwd=paths.shell(), env=paths.environment()).returncode
    if code:
        raise SonoformError(f"the web app stopped with code {code}: see its last lines above")
