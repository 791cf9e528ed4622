"""What the verbs `infer`, `api` and `report` do. Heavy modules are imported by the verb that needs them."""

from __future__ import annotations

import argparse
import os
import secrets
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

from synth.errors import SonoformError

ROOT = Path(__file__).resolve().parent.parent
Told = tuple[dict[str, Any], list[str]]  # a report, and the same in lines


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


def infer_options(p: argparse.ArgumentParser) -> None:
    p.add_argument("--output-file", type=Path, default=Path("output.wav"), help="file to write (default output.wav)")
    p.add_argument("--seed", type=int, help="0..2^32 - 1 (default: another one each time)")
    p.add_argument("--category", help="category, of models that have them (default: the model's first)")
    p.add_argument("--preview", action=argparse.BooleanOptionalAction, help="a picture beside the file, output.png")
    config_options(
        p,
        model="model id (default soundgan)",
        phase="pghi+gl (default), pghi, griffin-lim or griffin-lim-256",
        normalise="peak (default: true peak at -1 dBTP) or loudness (-18 LUFS)",
        device="auto, cpu or cuda",
    )


def infer(options: argparse.Namespace) -> Told:
    """One sound into a file, 16 bits where that is a WAV."""
    from synth.checkpoint import find
    from synth.patch import Patch
    from synth.preview import write_preview

    preview = None if options.preview is None else str(options.preview).lower()
    config = configured(options, preview=preview).config
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    patch = Patch.from_json(config.patch() | {"seed": seed, "category": options.category})
    folder = find(config.model, config.checkpoints)

    from synth.loading import load  # torch comes with it: not before all is known to be well

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
    return report, [line + (f", preview {report['preview']}" if config.preview else "")]


def api_options(p: argparse.ArgumentParser) -> None:
    config_options(
        p,
        port="port (default 5050)",
        host="address to listen on (default 127.0.0.1)",
        model="model of requests that name none (default soundgan)",
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
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "app.service"]
    sys.stdout.flush()
    os.execve(sys.executable, command, os.environ | given | {"PYTHONPATH": path})


def check_port(address: str, port: int) -> None:
    """Raises SonoformError where a server cannot listen."""
    try:
        family, kind, _, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except (OSError, OverflowError) as error:
        raise SonoformError(f"port {port} on {address} cannot be used: stop what uses it or add --port N") from error


def report(options: argparse.Namespace) -> Told:
    from synth.training.report import write_report

    path = str(write_report(options.run_folder))
    return {"file": path}, [path]
