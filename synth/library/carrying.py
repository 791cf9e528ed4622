"""Sounds out of the library, as a zip of a list and of files, and into it again."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from synth.errors import LibraryError, SonoformError
from synth.library import ucs
from synth.library.entry import CHANGES, Entry
from synth.library.library import Library
from synth.patch.patch import Patch
from synth.sound import broadcast
from synth.sound.patch_file import read_patch
from synth.sound.sound import Sound
from synth.storage import parse

LIST = "library.jsonl"
LARGEST = 1 << 30  # bytes of a list
SUFFIXES = (".json", ".wav", ".flac", ".ogg", ".mp3")
SUBTYPES = {"wav": "PCM_24", "flac": "PCM_24"}

Files = Iterator[tuple[str, bytes]]


class Source(Protocol):
    """What makes sounds of a model's patches, as an instrument does."""

    def renders(self, patches: Iterable[Patch], threads: int = 1) -> Iterator[Sound]: ...


# -- out ---------------------------------------------------------------------------------------------------------------


def files(
    entries: Sequence[Entry], source: Callable[[str], Source], format: str | None = None, rate: int | None = None
) -> Files:
    """The files of a zip: the list of the sounds, which `take` reads, and, in a format, each under its UCS name.

    rate: Hz of the files, None for the sounds' own. Raises SonoformError for a sound whose model is not here.
    """
    yield LIST, "".join(json.dumps(described(entry)) + "\n" for entry in entries).encode()
    if format is None:
        return
    names = file_names(entries)
    for model in dict.fromkeys(entry.model for entry in entries):
        some = [(entry, name) for entry, name in zip(entries, names, strict=True) if entry.model == model]
        sounds = source(model).renders([entry.patch for entry, _ in some])
        for (entry, name), sound in zip(some, sounds, strict=True):
            data = sound.to_bytes(format, SUBTYPES.get(format), rate)
            yield f"{name}.{format}", broadcast.described(data, told(entry)) if format == "wav" else data


def told(entry: Entry) -> broadcast.Told:
    """What a WAV says of a sound."""
    category, subcategory = ucs.words(entry.ucs)
    notes = ". ".join(filter(None, (", ".join(entry.tags), entry.notes)))
    return broadcast.Told(
        ucs.fx_name(entry.name),
        entry.ucs,
        category,
        subcategory,
        ucs.CREATOR,
        ucs.source_id(entry.model),
        notes,
        entry.kept or entry.heard,
    )


def described(entry: Entry) -> dict[str, Any]:
    """A sound in plain JSON types, as the list has it."""
    said = {"name": entry.name, "ucs": entry.ucs, "tags": list(entry.tags), "notes": entry.notes, "stars": entry.stars}
    return said | {"kept": entry.kept, "patch": entry.patch.to_dict(short=True)}


def file_names(entries: Sequence[Entry]) -> list[str]:
    """A UCS name for each, without its suffix; those of one name are numbered."""
    taken: dict[str, None] = {}
    for entry in entries:
        numbered = (_name(entry, f" {number}" if number > 1 else "") for number in count(1))
        taken[next(name for name in numbered if name.lower() not in map(str.lower, taken))] = None
    return list(taken)


def _name(entry: Entry, number: str) -> str:
    return ucs.file_name(entry.ucs, entry.name, entry.model, number)


# -- in ----------------------------------------------------------------------------------------------------------------


def take(library: Library, path: Path) -> tuple[int, list[str]]:
    """Keeps what a file or a folder holds: a zip of `files`, a patch, a sound that Sonoform saved.

    What is kept already stays as it is. How many are new, and a sentence for each that cannot be taken. Raises
    LibraryError where there is nothing to take.
    """
    found = list(_found(path))
    taken, faults = 0, list[str]()
    for named, read in found:
        try:
            taken += _taken(library, *read())
        except LibraryError:
            raise
        except SonoformError as error:
            faults.append(f"{named}: {error}")
    if not found:
        raise LibraryError(f"{path} holds no sounds: name a zip of `sonoform library export`, patches or sounds")
    return taken, faults


def _taken(library: Library, patch: Patch, said: dict[str, Any]) -> bool:
    there = library.of_patch(patch)
    if there is not None and there.is_kept:
        return False
    library.keep(patch, **said)
    return True


Read = Callable[[], tuple[Patch, dict[str, Any]]]


def _found(path: Path) -> Iterator[tuple[str, Read]]:
    """What there is to take, by name."""
    if path.suffix.lower() == ".zip":
        lines = _lines(path)
        yield from ((f"{path.name}, line {n}", lambda line=line: _read(line)) for n, line in enumerate(lines, 1))
    elif path.is_dir():
        inside = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES)
        yield from ((str(file), lambda file=file: (read_patch(file), {})) for file in inside)
    else:
        yield str(path), lambda: (read_patch(path), {})


def _lines(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(LIST).file_size > LARGEST:
                raise LibraryError(f"{path} has a list that is too long: take it in parts")
            return archive.read(LIST).decode().splitlines()
    except (OSError, KeyError, zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise LibraryError(f"{path} is no zip of a library: name one of `sonoform library export`") from error


def _read(line: str) -> tuple[Patch, dict[str, Any]]:
    try:
        said = parse(line)
        kept = float(said.get("kept") or 0.0) or None
        patch = Patch.from_json(said["patch"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SonoformError("is no sound of a library: export it again") from error
    known = {name: said[name] for name in CHANGES if name in said}
    return patch, known | {"kept": kept}
