"""What verbs have in common: how one is added, kinds of numbers, what it prints."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any


def verb(verbs: Any, name: str, run: Any, text: str, *, report: bool = False) -> argparse.ArgumentParser:
    p: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)
    p.set_defaults(run=run)
    if report:
        p.add_argument("--json", action="store_true", help="print the report as JSON")
    return p


def count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 up, not {text}")
    return value


def positive(text: str) -> float:
    value = float(text)
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number above 0, not {text}")
    return value


def weight(text: str) -> float:
    value = float(text)
    if not 0.0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number from 0 up, not {text}")
    return value


def share(text: str) -> float:
    value = float(text)
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"must lie in 0..1, not {text}")
    return value


def steps(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"must be a whole number from 0 up, not {text}")
    return value


def show(options: argparse.Namespace, report: Any, lines: list[str]) -> None:
    print(json.dumps(report) if options.json else "\n".join(lines))


def tell(sound: Any) -> None:
    """What a person should know of the file that a sound was read from."""
    if sound.note:
        print(f"note: {sound.note}", file=sys.stderr)
