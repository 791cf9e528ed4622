"""What a folder of recordings holds: the one list for the trainer, the survey, zips and `prepare`.

Every recording gets a category and a split, or is told of as left out. A `metadata.csv` at the top (columns file,
class, split) rules; else folders do, one a category, with folders of splits (train, Val, test, fold3) wherever they
stand; else a table of another data set that names these files (ESC-50, FSD50K, UrbanSound8K). Without splits, one clip
in ten is held out for validation.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from synth.errors import DataError
from synth.recordings import sheets
from synth.recordings.labels import by_others, by_table
from synth.recordings.layout import MAX_NAME, Item, by_folders
from synth.recordings.sheets import read_sheet, spelled
from synth.recordings.splits import TEST, TRAIN, USED, VALID, settled

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif")
TABLE = "metadata.csv"
_SYSTEM = {"__macosx", "@eadir", "$recycle.bin", "system volume information", "lost+found", "thumbs.db", "desktop.ini"}
_NAMED = 3
_BEGIN = 1 << 20


@dataclass(frozen=True)
class Entry:
    """One recording: path relative to the data folder, category name, split, and its metadata row."""

    file: str
    category: str
    split: str
    row: dict[str, str]


@dataclass(frozen=True)
class Listing:
    """entries: the recordings that count; held: those of them that a folder or a table calls valid; loose: those beside
    all folders; ignored: files that are neither recordings nor tables; notes: sentences on what is used nowhere and on
    how the folder was understood."""

    entries: tuple[Entry, ...]
    held: frozenset[str] = frozenset()
    loose: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def hidden(parts: Iterable[str]) -> bool:
    """Whether a path is a system's own: hidden, or what a Mac, Windows or a server leaves beside other files."""
    return any(part.startswith(".") or part.casefold() in _SYSTEM or part == "Icon\r" for part in parts)


def is_recording(name: str) -> bool:
    return name.lower().endswith(SUFFIXES)


def is_table(name: str) -> bool:
    return name.lower().endswith(sheets.SUFFIXES)


def listing(folder: Path, table_needs_splits: bool = True) -> Listing:
    """Lists a folder; raises DataError where there is none, or where its metadata.csv contradicts it.

    table_needs_splits: whether a metadata.csv without classes and splits is an error; else it says nothing of them.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder: name a folder with one sub-folder of recordings per category")
    files, notes = _walked(folder)
    ordered = sorted(files, key=lambda file: tuple(spelled(part) for part in file.split("/")))
    recordings = {file: tuple(spelled(file).split("/")) for file in ordered if is_recording(file)}
    tables = [file for file in ordered if is_table(file)]
    ignored = tuple(file for file in ordered if file not in recordings and file not in tables)
    if TABLE in tables:
        sheet = read_sheet(folder / TABLE)
        if table_needs_splits or not sheet.lacking:
            found = by_table(folder / TABLE, sheet, recordings)
            return _checked(folder, _settled(found, ignored, notes, ruled=True))
    found = by_folders(recordings, folder)
    if len({item.category for item in found if item.category}) <= 1:
        found, told = by_others(folder, [table for table in tables if table != TABLE], found)
        notes += told
    return _checked(folder, _settled(found, ignored, notes, ruled=False))


def digest(folder: Path, entries: Sequence[Entry]) -> str:
    """A name for what a model learns from, the same wherever the folder lies: of each recording, in their order, its
    name, label, split, size and first MiB. The category is told by its number, as one alone may be named as the folder
    is. Raises DataError for a file that cannot be read."""
    found = hashlib.sha256()
    labels = {name: i for i, name in enumerate(sorted({entry.category for entry in entries}))}
    for entry in entries:
        path = folder / entry.file
        try:
            with path.open("rb") as file:
                begins = hashlib.sha256(file.read(_BEGIN)).hexdigest()
            size = path.stat().st_size
        except OSError as error:
            raise DataError(f"{path} cannot be read: restore it") from error
        told = [spelled(entry.file), labels[entry.category], entry.split, size, begins]
        found.update(json.dumps(told).encode())
    return found.hexdigest()


# -- files ----------------------------------------------------------------------------------------------------------


def _walked(folder: Path) -> tuple[list[str], list[str]]:
    """Paths of all files below a folder but a system's own, links followed; and sentences on what is no file."""
    files: list[str] = []
    broken: list[str] = []
    unreadable: list[str] = []

    def walk(path: str, relative: str, above: tuple[tuple[int, int], ...]) -> None:
        try:
            here = os.stat(path)
            inside = list(os.scandir(path))
        except OSError:
            unreadable.append(relative)
            return
        if (here.st_dev, here.st_ino) in above:
            return  # a link that leads back up
        for entry in inside:
            name = f"{relative}{entry.name}"
            if hidden((entry.name,)):
                continue
            if not entry.name.isascii() and not _is_text(entry.name):
                broken.append(name)
            elif entry.is_dir():
                walk(entry.path, f"{name}/", (*above, (here.st_dev, here.st_ino)))
            elif entry.is_file():
                files.append(name)
            elif entry.is_symlink():
                broken.append(name)

    walk(str(folder), "", ())
    notes = []
    if broken:
        named = count(sorted(broken))
        notes.append(f"links to nothing, or names that are no text, so left out: {named}; mend or remove")
    if unreadable:
        notes.append(f"folders that cannot be read, so left out: {count(sorted(unreadable))}; allow it, or remove")
    return files, notes


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def count(files: Sequence[str]) -> str:
    """How many files, and the first, in words."""
    first = files[0].encode("utf-8", "backslashreplace").decode()
    return f"{len(files)} files, first {first}" if len(files) > 1 else first


# -- together -------------------------------------------------------------------------------------------------------


def _settled(found: list[Item], ignored: tuple[str, ...], notes: list[str], *, ruled: bool) -> Listing:
    """Entries of those that have a category and a split that is used; sentences on the others."""
    splits = settled([item.split for item in found])
    counted = [(item, split) for item, split in zip(found, splits, strict=True) if item.category]
    left_out = Counter(split for _, split in counted if split not in (None, *USED))
    entries = []
    groups: dict[str, list[tuple[Item, str | None]]] = defaultdict(list)
    for item, split in counted:
        groups[item.category].append((item, split))
    for group in groups.values():
        told = any(split in USED for _, split in group)
        unsaid = [item.file for item, split in group if split is None]
        place = {file: i for i, file in enumerate(unsaid)}
        for item, split in group:
            chosen = split or (TRAIN if told else _held_out(place[item.file], len(unsaid)))
            if chosen in USED:
                entries.append(Entry(item.file, item.category, chosen, item.row))
    loose = tuple(item.file for item in found if item.loose and not item.category)
    unnamed = [item.file for item in found if not item.category and not item.loose]
    said = [*notes, *_left_out(left_out)]
    if ruled and (unnamed := [item.file for item in found if not item.category]):
        said.append(f"not in {TABLE}, so left out: {count(unnamed)}; add rows or delete {TABLE}")
        loose = ()
    elif unnamed:
        said.append(f"of no category, so left out: {count(unnamed)}; move into one sub-folder per category")
    order = {item.file: i for i, item in enumerate(found)}
    held = frozenset(item.file for item, split in counted if split == VALID)
    return Listing(tuple(sorted(entries, key=lambda e: order[e.file])), held, loose, ignored, tuple(said))


def _held_out(i: int, clips: int) -> str:
    return VALID if i % 10 == 9 or (clips < 10 and i == clips - 1 > 0) else TRAIN


def _left_out(splits: Counter[str]) -> list[str]:
    """What is in splits that nothing is trained or scored on."""
    said = []
    if clips := splits.pop(TEST, 0):
        said.append(f"{clips} of split {TEST} left out: a model neither learns from them nor is scored on them")
    if splits:
        named = ", ".join(f"{clips} of split {ascii(name)[:40]}" for name, clips in splits.most_common(_NAMED))
        said.append(f"{splits.total()} clips are used nowhere ({named}): call their split {TRAIN} or {VALID}")
    return said


def _checked(folder: Path, found: Listing) -> Listing:
    """Raises DataError for a category whose name no card could hold."""
    for entry in found.entries:
        name = entry.category
        if len(name) > MAX_NAME or any(c < " " or c == "\x7f" for c in name):
            raise DataError(f"{folder} has a category {ascii(name)[:60]}: name it in 1 to {MAX_NAME} characters")
    return found
