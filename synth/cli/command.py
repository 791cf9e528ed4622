"""The command line: `python -m synth VERB`, also installed as `sonoform`.

Exit codes: 0 done, 1 stopped by something unforeseen, 2 wrong input (one line on stderr says what to do).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from synth.cli import collecting, following, judging, kits, learning, playing, preparing, releasing, servers
from synth.errors import SonoformError

VERBS = (
    playing.add_models,
    playing.add_render,
    kits.add_kit,
    collecting.add_library,
    judging.add_listen,
    playing.add_resynth,
    playing.add_encode,
    following.add_voice,
    preparing.add_prepare,
    preparing.add_survey,
    learning.add_train,
    learning.add_train_encoder,
    releasing.add_publish,
    releasing.add_evaluate,
    releasing.add_directions,
    releasing.add_presets,
    releasing.add_map,
    playing.add_bench,
    servers.add_serve,
    servers.add_infer,
    servers.add_api,
    releasing.add_report,
)


class Parser(argparse.ArgumentParser):
    """Its complaints are one line, like all others."""

    def error(self, message: str) -> NoReturn:
        raise SonoformError(f"{message} (see {self.prog} --help)")


def main(arguments: Sequence[str] | None = None) -> int:
    # Beside other programs, threads that wait by spinning take each other's turns. Read when torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        options = parser().parse_args(arguments)
        options.run(options)
    except SonoformError as error:
        print(f"sonoform: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("sonoform: stopped", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"sonoform: {error.strerror or error}: {error.filename or 'check disk space'}", file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    root = Parser(prog="sonoform", description="GANs of sound: render, train, publish, serve.")
    verbs = root.add_subparsers(metavar="VERB", required=True)
    for add in VERBS:
        add(verbs)
    return root
