"""A listening test on the disk: which sets are compared how, and the sounds of every trial.

A folder of `paths.listening()`: `test.json`, `sounds/`, and `answers/`, one file a listener (answering.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path

from synth import paths
from synth.errors import DataError, ListeningError
from synth.judging.levelling import anchor, levelled
from synth.judging.sets import Item, Set
from synth.sound.sound import Sound
from synth.storage import new_folder, parse, write_json

AB, ABX, MUSHRA = "ab", "abx", "mushra"
KINDS = {AB: "A or B", ABX: "ABX", MUSHRA: "Ratings"}
REFERENCE, ANCHOR = "reference", "anchor"  # sets of a rating that nobody named
QUESTIONS = {
    AB: "Which of the two sounds better?",
    ABX: "Is X the same as A or as B?",
    MUSHRA: "How good is each sound?",
}
BESIDE = "How good is each sound, beside the reference?"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
MAX_SETS, MAX_TRIALS = 8, 200
TEST = "test.json"


@dataclass(frozen=True)
class Trial:
    """What is heard at once. item: its name; sounds: files by the name of their set."""

    item: str
    sounds: Mapping[str, str]


@dataclass(frozen=True)
class ListeningTest:
    """name: of its folder; kind: one of KINDS; sets: their names, in the order they were given; seed: of all orders."""

    name: str
    title: str
    kind: str
    question: str
    sets: tuple[str, ...]
    trials: tuple[Trial, ...]
    seed: int

    @property
    def folder(self) -> Path:
        return paths.listening() / self.name


def create(
    name: str,
    kind: str,
    sets: Sequence[Set],
    *,
    title: str = "",
    question: str = "",
    reference: Set | None = None,
    seed: int = 0,
) -> ListeningTest:
    """Writes a test, whole or not at all; raises ListeningError for what is none."""
    _check(name, kind, sets, reference)
    named = {of.name: of for of in (*sets, *([Set(REFERENCE, reference.items)] if reference else []))}
    trials: list[Trial] = []
    try:
        with new_folder(paths.listening() / name) as part:
            (part / "sounds").mkdir()
            for item, heard in _trials(kind, named):
                trials.append(_written(part, len(trials), item, heard, kind == MUSHRA and reference is not None))
            known = tuple(trials[0].sounds) if kind == MUSHRA else tuple(of.name for of in sets)
            asked = question.strip() or (BESIDE if reference else QUESTIONS[kind])
            made = ListeningTest(name, title.strip() or name, kind, asked, known, tuple(trials), seed)
            write_json(part / TEST, asdict(made))
    except DataError as error:
        raise ListeningError(str(error)) from error
    return made


def find(name: str) -> ListeningTest:
    """A test by its name; raises ListeningError where it is gone or damaged."""
    path = paths.listening() / name / TEST
    if not NAME.fullmatch(name) or not path.is_file():
        raise ListeningError(f"there is no listening test {name[:60]!r}: ask who sent the link for another one")
    try:
        values = parse(path.read_bytes())
        trials = tuple(Trial(str(one["item"]), dict(one["sounds"])) for one in values.pop("trials"))
        found = ListeningTest(**{**values, "sets": tuple(values["sets"]), "trials": trials, "name": name})
        _check_read(found)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ListeningError(f"{path} is damaged: restore it, or make the test anew") from error
    return found


def every() -> list[ListeningTest]:
    """All that can be read, by name."""
    found = []
    for path in sorted(paths.listening().glob(f"*/{TEST}")):
        try:
            found.append(find(path.parent.name))
        except ListeningError:
            continue
    return found


def sound_of(test: ListeningTest, trial: int, name: str) -> bytes:
    """The WAV of a set in a trial; raises ListeningError where it is gone."""
    file = test.trials[trial].sounds[name]
    try:
        return (test.folder / "sounds" / Path(file).name).read_bytes()
    except OSError as error:
        raise ListeningError(f"the sound {file} of {test.name} is gone: restore it, or make the test anew") from error


def _check(name: str, kind: str, sets: Sequence[Set], reference: Set | None) -> None:
    names = [of.name for of in sets]
    if not NAME.fullmatch(name):
        raise ListeningError(f"{name[:60]!r} is no name for a test: use small letters, digits, - and _, at most 60")
    if kind not in KINDS:
        raise ListeningError(f"{kind!r} is no kind of test: use {', '.join(KINDS)}")
    if len(sets) < 2 and not (kind == MUSHRA and reference and sets):
        raise ListeningError("a test compares two sets or more: name another one")
    if kind == ABX and len(sets) > 2:
        raise ListeningError("ABX compares two sets: make a test for each pair")
    if len(sets) > MAX_SETS or len(set(names)) < len(names) or {REFERENCE, ANCHOR} & set(names):
        raise ListeningError(f"sets need names of their own, at most {MAX_SETS}, and none is reference or anchor")


def _check_read(test: ListeningTest) -> None:
    """Raises ValueError for what was never written."""
    texts = [test.title, test.question, *test.sets, *(file for trial in test.trials for file in trial.sounds.values())]
    groups = [set(trial.sounds) for trial in test.trials]
    whole = test.kind == MUSHRA or all(len(group) == 2 for group in groups)
    if test.kind not in KINDS or type(test.seed) is not int or test.seed < 0 or not whole:
        raise ValueError("no kind, or no seed")
    if not groups or not all(group and group <= set(test.sets) for group in groups):
        raise ValueError("no trials")
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("no text")


def _trials(kind: str, sets: Mapping[str, Set]) -> list[tuple[str, dict[str, Sound]]]:
    """Items of the sets side by side: all sets at once to be rated, else each two of them."""
    items = _paired(list(sets.values()))
    groups = [tuple(sets)] if kind == MUSHRA else list(combinations(sets, 2))
    found = [(item, {name: sounds[name] for name in group}) for item, sounds in items for group in groups]
    return found[:MAX_TRIALS]


def _paired(sets: Sequence[Set]) -> list[tuple[str, dict[str, Sound]]]:
    """By the names that all sets have, else by their order, as many as the smallest set has."""
    by_name: list[dict[str, Item]] = [{item.name: item for item in of.items} for of in sets]
    common = [name for name in by_name[0] if all(name in others for others in by_name)]
    if common:
        return [
            (name, {of.name: items[name].sound for of, items in zip(sets, by_name, strict=True)}) for name in common
        ]
    rows = zip(*(of.items for of in sets), strict=False)
    return [(row[0].name, {of.name: one.sound for of, one in zip(sets, row, strict=True)}) for row in rows]


def _written(part: Path, number: int, item: str, heard: dict[str, Sound], anchored: bool) -> Trial:
    """Sounds of a trial as files whose names say nothing of their set."""
    if anchored:
        heard = heard | {ANCHOR: anchor(heard[REFERENCE])}
    files = {}
    for at, (name, sound) in enumerate(zip(heard, levelled(list(heard.values())), strict=True)):
        files[name] = f"{number:03}-{at}.wav"
        (part / "sounds" / files[name]).write_bytes(sound.to_bytes("wav", "PCM_24"))
    return Trial(item, files)
