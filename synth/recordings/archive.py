"""A zip of recordings, as a browser uploads it -> a data folder."""

from __future__ import annotations

import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO

from synth.errors import DataError
from synth.recordings.listing import TABLE, hidden, is_recording, is_table
from synth.recordings.sheets import spelled
from synth.storage import new_folder

MAX_BYTES = 4 << 30  # unpacked
MAX_FILES = 50_000
MAX_DEPTH = 16  # folders in folders
MAX_NAME = 240  # bytes of a file or folder: systems take 255
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, UnicodeDecodeError)


def unpack(source: Path | IO[bytes], folder: Path, max_bytes: int = MAX_BYTES) -> Path:
    """Unpacks the recordings and tables of a zip into `folder`, which must be new or empty; returns it.

    A single folder around all others is taken off; files in no folder at all become a category named as `folder` is.
    What is neither recording nor table, hidden, or of __MACOSX is left out. Raises DataError, and leaves nothing
    behind, when the zip is missing, damaged, encrypted, larger than `max_bytes` unpacked, nested too deeply, names a
    file outside of itself or holds no recordings, or when `folder` is in use or cannot be written.
    """
    if isinstance(source, Path) and not source.is_file():
        raise DataError(f"{source} is not there: name a zip of recordings")
    with new_folder(folder) as part:
        try:
            with zipfile.ZipFile(source) as archive:
                _extract(archive, Path(folder).absolute(), part, max_bytes)
        except _BROKEN as error:
            raise DataError("the zip cannot be read: make it anew, without a password") from error
    return Path(folder)


def _extract(archive: zipfile.ZipFile, folder: Path, part: Path, max_bytes: int) -> None:
    members = _flattened(_wanted(archive), folder.name)
    if not any(is_recording(path.name) for path in members):
        raise DataError("the zip holds no recordings: put WAV, FLAC, OGG or MP3 files into one sub-folder per category")
    if len(members) > MAX_FILES or sum(info.file_size for info in members.values()) > max_bytes:
        raise DataError(f"the zip is too large: keep it below {MAX_FILES} files and {max_bytes / (1 << 30):.3g} GiB")
    for path, info in members.items():
        target = part / path
        target.parent.mkdir(parents=True, exist_ok=True)
        # zipfile yields no more than `file_size` bytes of a member, whatever was packed.
        with archive.open(info) as packed, target.open("wb") as file:
            shutil.copyfileobj(packed, file)


def _wanted(archive: zipfile.ZipFile) -> dict[PurePosixPath, zipfile.ZipInfo]:
    """Recordings and tables by their path in the zip."""
    wanted = {}
    for info in archive.infolist():
        text = info.filename.replace("\\", "/")
        if text.count("/") > 2 * MAX_DEPTH:  # before anything looks at so many parts
            raise DataError(f"the zip has folders more than {MAX_DEPTH} deep: make it anew from the innermost ones")
        path = PurePosixPath(spelled(text))
        if path.is_absolute() or ".." in path.parts or ":" in text.split("/")[0]:
            raise DataError("the zip names a file outside of itself: make it anew from one folder")
        if info.is_dir() or stat.S_ISLNK(info.external_attr >> 16):
            continue
        if hidden(path.parts) or not (is_recording(path.name) or is_table(path.name)):
            continue
        if len(path.parts) > MAX_DEPTH:
            raise DataError(f"the zip has folders more than {MAX_DEPTH} deep: make it anew from the innermost ones")
        if any(len(part.encode()) > MAX_NAME for part in path.parts):
            raise DataError(f"the zip has names of more than {MAX_NAME} letters: shorten them and make it anew")
        wanted[path] = info
        if len(wanted) > MAX_FILES:
            break  # which is told
    return wanted


def _flattened(members: dict[PurePosixPath, zipfile.ZipInfo], category: str) -> dict[PurePosixPath, zipfile.ZipInfo]:
    """Without the folders around all others, as long as no recording is then left without its category.

    Recordings that lie in no folder at all are of the one named.
    """
    while len({path.parts[0] for path in members}) == 1 and all(len(path.parts) > 1 for path in members):
        inner = {PurePosixPath(*path.parts[1:]): info for path, info in members.items()}
        if PurePosixPath(TABLE) not in inner and any(len(path.parts) == 1 for path in inner):
            break
        members = inner
    if all(len(path.parts) == 1 for path in members) and PurePosixPath(TABLE) not in members:
        return {PurePosixPath(category) / path: info for path, info in members.items()}
    # A table deeper down belongs to another data folder.
    return {path: info for path, info in members.items() if path.name != TABLE or len(path.parts) == 1}
