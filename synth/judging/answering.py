"""What a listener is asked, in an order that is theirs and stays, and what they answered, kept after every trial."""

from __future__ import annotations

import re
import secrets
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from synth.errors import ListeningError
from synth.judging.listening_test import ABX, MUSHRA, REFERENCE, ListeningTest
from synth.storage import alone, parse, write_json

LISTENER = re.compile(r"[a-z0-9]{4,32}")
BEST = 100.0


@dataclass(frozen=True)
class Question:
    """A trial as a listener hears it: the sets behind its buttons, in their order, and in ABX which of them is X."""

    trial: int
    shown: tuple[str, ...]
    x: str | None = None


@dataclass(frozen=True)
class Answer:
    """chosen: the set that was chosen, in ABX the one that X was taken for; ratings: by set, 0..100, in a rating."""

    trial: int
    shown: tuple[str, ...]
    x: str | None
    chosen: str | None
    ratings: Mapping[str, float]
    at: str


def new_listener() -> str:
    return secrets.token_hex(6)


def questions(test: ListeningTest, listener: str) -> tuple[Question, ...]:
    """All trials in the order of a listener: the same each time, whatever was answered."""
    rng = np.random.default_rng([test.seed, zlib.crc32(listener.encode())])
    asked = []
    for trial in rng.permutation(len(test.trials)).tolist():
        sets = list(test.trials[trial].sounds)
        shown = tuple(sets[i] for i in rng.permutation(len(sets)))
        x = shown[int(rng.integers(2))] if test.kind == ABX else None
        asked.append(Question(trial, shown, x))
    return tuple(asked)


def answers(test: ListeningTest, listener: str) -> tuple[Answer, ...]:
    """Raises ListeningError for a damaged file, and for what is no listener."""
    path = _file(test, listener)
    if not path.exists():
        return ()
    return read(test, path)


def read(test: ListeningTest, path: Path) -> tuple[Answer, ...]:
    try:
        found = tuple(_answer(test, one) for one in parse(path.read_bytes()))
        if len({answer.trial for answer in found}) < len(found):
            raise ValueError("a trial that is answered twice")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        which = f"the file {path.name} of the test {test.name}"
        raise ListeningError(f"{which} is damaged: restore it, or take it away") from error
    return found


def answer(test: ListeningTest, listener: str, question: Question, given: Any) -> None:
    """Keeps an answer: the number of a button, or in a rating a list of numbers 0..100, one for each. The first answer
    to a trial stands. Raises ListeningError for what is none, and where it cannot be kept."""
    kept = _checked(test, question, given)
    path = _file(test, listener)
    try:
        path.parent.mkdir(exist_ok=True)
        with alone(path):
            before = answers(test, listener)
            if all(one.trial != kept.trial for one in before):
                write_json(path, [asdict(one) for one in (*before, kept)])
    except OSError as error:
        raise ListeningError(f"the answer cannot be kept ({(error.strerror or 'disk').lower()}): try again") from error


def set_aside(test: ListeningTest, listener: str) -> None:
    """Moves a listener's damaged file out of the way, so that they can go on; nothing is lost."""
    path = _file(test, listener)
    with suppress(OSError), alone(path):
        path.replace(path.with_suffix(f".{secrets.token_hex(3)}.damaged"))


def everybody(test: ListeningTest) -> tuple[dict[str, tuple[Answer, ...]], list[str]]:
    """Answers by listener, and a sentence on each file that is damaged."""
    found, faults = {}, []
    for path in sorted((test.folder / "answers").glob("*.json")):
        try:
            found[path.stem] = read(test, path)
        except ListeningError as error:
            faults.append(str(error))
    return found, faults


def _checked(test: ListeningTest, question: Question, given: Any) -> Answer:
    shown, at = question.shown, datetime.now(UTC).isoformat(timespec="seconds")
    if test.kind != MUSHRA:
        if type(given) is not int or not 0 <= given < len(shown):
            raise ListeningError("this is no answer: choose A or B")
        return Answer(question.trial, shown, question.x, shown[given], {}, at)
    right = isinstance(given, list) and len(given) == len(shown)
    if not right or not all(type(one) in (int, float) and 0.0 <= one <= BEST for one in given):
        raise ListeningError("these are no ratings: give each sound 0 to 100")
    return Answer(question.trial, shown, None, None, dict(zip(shown, map(float, given), strict=True)), at)


def _answer(test: ListeningTest, values: Mapping[str, Any]) -> Answer:
    """Raises ValueError, KeyError or TypeError."""
    found = Answer(**{**values, "shown": tuple(values["shown"])})
    known = set(test.trials[found.trial].sounds)
    if found.trial < 0 or set(found.shown) != known:
        raise ValueError("another trial")
    if test.kind == MUSHRA:
        if set(found.ratings) != known or not all(0.0 <= float(one) <= BEST for one in found.ratings.values()):
            raise ValueError("ratings")
    elif found.chosen not in known or (test.kind == ABX and found.x not in known):
        raise ValueError("chosen")
    return found


def _file(test: ListeningTest, listener: str) -> Path:
    if not LISTENER.fullmatch(listener):
        raise ListeningError("the link names no listener: open the link of the test anew")
    return test.folder / "answers" / f"{listener}.json"


def has_reference(test: ListeningTest) -> bool:
    return test.kind == MUSHRA and REFERENCE in test.sets
