"""A person's own sounds: taken in from the browser, and looked at before anything is trained on them. No Streamlit.

Unpacking and looking is the trainer's business, and is done in a process of its own: a hostile archive or a broken
recording stops that one, never the app.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
import time
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from app.jobs import jobs
from synth import paths
from synth.errors import RunError

KEPT, PACKED = ".sounds", "upload.zip"
DAY = 86400.0  # seconds


@dataclass(frozen=True)
class Found:
    """What was understood of a folder of sounds. categories: clips by name; rates: in Hz, that files were sampled at;
    sentences: what forbids training on them, and what should be mended first."""

    folder: Path
    clips: int
    seconds: float
    categories: dict[str, int]
    blocking: tuple[str, ...]
    warnings: tuple[str, ...]
    rates: tuple[int, ...] = ()

    @property
    def typical(self) -> float:
        """Mean length of a clip in seconds."""
        return self.seconds / max(self.clips, 1)


def look(folder: Path, preset: str) -> Found:
    """Surveys a folder of sounds for a model of this preset, and unpacks it first where it was uploaded just now.

    Raises RunError with one sentence.
    """
    packed = folder.parent / PACKED
    waiting = not folder.exists() and packed.is_file()
    if not waiting and not folder.is_dir():
        raise RunError(f"{folder} is not a folder on the machine that Sonoform runs on: check its path")
    source = [str(packed), "--unpack", str(folder)] if waiting else [str(folder)]
    found = json.loads(jobs.call(["synth", "survey", *source, "--preset", preset, "--json"]))
    if waiting:
        packed.unlink(missing_ok=True)
    return Found(
        folder=folder,
        clips=found["clips"],
        seconds=found["seconds"],
        categories={name: of["clips"] for name, of in found["categories"].items()},
        blocking=tuple(found["blocking"]),
        warnings=tuple(found["warnings"]),
        rates=tuple(map(int, found["rates"])),
    )


def take_zip(name: str, file: BinaryIO) -> Path:
    """The folder that an uploaded zip becomes when it is looked at; the same zip again is the same folder.

    Raises RunError where there is no room for it, and then nothing of it is left.
    """
    packed = file.read()
    place = paths.runs() / KEPT / hashlib.sha256(packed).hexdigest()[:16]
    folder = place / (plain(Path(name).stem) or "sounds")
    if not folder.is_dir():
        _sweep()
        with jobs.writing(place.parent):
            _keep(place, packed)
    return folder


def _keep(place: Path, packed: bytes) -> None:
    """Writes an upload, or nothing at all."""
    try:
        place.mkdir(parents=True, exist_ok=True)
        (place / PACKED).write_bytes(packed)
    except OSError:
        (place / PACKED).unlink(missing_ok=True)
        for folder in (place, place.parent):
            with suppress(OSError):  # others are in it
                folder.rmdir()
        raise


def take_files(files: Sequence[tuple[str, BinaryIO]]) -> Path:
    """Takes in the files of a folder, named by their paths in it, by the same door as a zip."""
    top = files[0][0].split("/")[0] if files and "/" in files[0][0] else "sounds"
    with jobs.writing(Path(tempfile.gettempdir())), tempfile.TemporaryFile() as packed:
        with zipfile.ZipFile(packed, "w") as archive:
            for name, file in files:
                # A fixed date: the same files are the same archive, and so the same folder.
                archive.writestr(zipfile.ZipInfo(name), file.read())
        packed.seek(0)
        return take_zip(f"{top}.zip", packed)


def _sweep() -> None:
    """Throws away uploads of yesterday and before that no run was started on."""
    used = "".join(f"{jobs.read_json(run / name)}" for run in jobs.runs() for name in (jobs.JOB, "config.json"))
    for place in (paths.runs() / KEPT).glob("*"):
        if str(place) not in used and time.time() - place.stat().st_mtime > DAY:
            shutil.rmtree(place, ignore_errors=True)


def plain(name: str) -> str:
    """A name as a folder and as a run may have it."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_-")[:40]
