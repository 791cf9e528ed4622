"""The state folder of a run: written atomically, the last good state always kept.

`latest.pt` is the newest state, `previous.pt` the one before it. A state is written beside them under a temporary name,
flushed to the disk, and renamed only when it is whole, so a kill or a full disk at any moment leaves a readable one.
A state is a zip, as torch writes it, whose comment is the sha256 of all that stands before: a single bit that a disk or
a copy changed makes it unreadable, instead of another state.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path
from typing import IO, Any

import torch

from synth.errors import RunError

LATEST, PREVIOUS = "latest.pt", "previous.pt"
_END = b"PK\x05\x06"  # how the end record of a zip begins, whose last two bytes are the length of the comment
_PLAIN, _DIGEST = 22, 64  # bytes of an end record without comment; of a sha256 in hexadecimal digits
_READ = 1 << 20


def save_state(folder: Path, state: dict[str, Any]) -> None:
    """Writes `state` as the latest; raises RunError when the disk is full, with the last good state untouched."""
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / "new.tmp"
    try:
        with fresh.open("w+b") as f:
            torch.save(state, f)
            _seal(f)
            f.flush()
            os.fsync(f.fileno())
    except (OSError, RuntimeError) as error:  # torch reports a short write as a RuntimeError
        fresh.unlink(missing_ok=True)
        raise RunError(
            f"the state could not be written to {folder} ({error}): free some disk space and resume; "
            "the last good state is kept"
        ) from error
    if (folder / LATEST).exists():
        (folder / LATEST).replace(folder / PREVIOUS)
    fresh.replace(folder / LATEST)


def has_state(folder: Path) -> bool:
    return any((folder / name).exists() for name in (LATEST, PREVIOUS))


def load_state(folder: Path, device: torch.device) -> dict[str, Any] | None:
    """The newest readable state, or None where there is none yet; raises RunError if none can be read."""
    kept = [p for p in (folder / LATEST, folder / PREVIOUS) if p.exists()]
    for path in kept:
        try:
            _check(path)
            # weights_only: tensors and plain values, no code is ever unpickled.
            state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
            return state
        except Exception:  # whatever a damaged file raises, the one before it may be whole
            continue
    if kept:
        raise RunError(f"no state in {folder} can be read: start the run anew under another name")
    return None


def _seal(file: IO[bytes]) -> None:
    """Gives a zip without comment its sha256 as one."""
    file.seek(-2, os.SEEK_END)
    file.write(_DIGEST.to_bytes(2, "little"))
    size = file.tell()
    file.seek(0)
    digest = _digest(file, size)
    file.seek(size)
    file.write(digest)


def _check(path: Path) -> None:
    """Raises ValueError for a state that is not as it was written. Those of older versions, which have no comment, are
    held to the checksums of their parts."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(size - _PLAIN, 0))
        end = file.read()
        file.seek(0)
        if end.startswith(_END) and end.endswith(b"\0\0"):
            with zipfile.ZipFile(file) as parts:
                if parts.testzip() is not None:
                    raise ValueError("a part is damaged")
        elif _digest(file, size - _DIGEST) != file.read():
            raise ValueError("not what was written")


def _digest(file: IO[bytes], size: int) -> bytes:
    """The sha256 of the next `size` bytes of a file, as hexadecimal digits."""
    found = hashlib.sha256()
    while size > 0 and (part := file.read(min(size, _READ))):
        found.update(part)
        size -= len(part)
    return found.hexdigest().encode()
