"""Files and folders that appear whole or not at all, and those that several processes read, change and write."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

from filelock import FileLock

from synth.errors import DataError

PATIENCE = 60.0  # seconds that one who wants to change a file waits for others
_ASKS_AGAIN = 0.01  # seconds


# Windows opens devices under these names, whatever their case and suffix.
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}


def is_portable(name: str) -> bool:
    """Whether a plain file name can be a file's on Windows too, which reserves some and cuts off spaces and dots."""
    parts = name.split(".")
    return parts[0].rstrip().lower() not in _DEVICES and not any(part == "" or part[-1] == " " for part in parts)


# -- whole or not at all -------------------------------------------------------------------------------------------


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` that takes its place when the block ends; after an error nothing has.

    A reader sees the old file or the new one, and of two who write at once the last one stays. Raises OSError.
    """
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    os.close(handle)
    fresh = Path(name)
    try:
        yield fresh
        with fresh.open("rb") as file:
            os.fsync(file.fileno())
        fresh.chmod(0o666 & ~_umask())  # mkstemp lets in nobody but the owner
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """A temporary folder beside `folder`, to be filled and moved to its place; what is left of it goes.

    A SIGTERM in the block, which only a main thread hears of, is an error like others, and then ends the process.
    Raises OSError.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    try:
        with _ended_by_signal():
            yield part
    except _Ended:
        shutil.rmtree(part, ignore_errors=True)
        os.kill(os.getpid(), signal.SIGTERM)
        raise
    finally:
        shutil.rmtree(part, ignore_errors=True)


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A temporary folder to write into: it becomes `folder` when the block ends, or goes with an error; see `staged`.

    Raises DataError when `folder` exists and is not empty, or when it cannot be written (disk full, no permission).
    """
    folder = Path(folder).absolute()
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise DataError(f"{folder} is already in use: name a folder that is new or empty")
    try:
        with staged(folder) as part:
            yield part
            part.chmod(0o777 & ~_umask())
            part.replace(folder)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise DataError(f"{folder} cannot be written ({reason}): free some space or choose another folder") from error


def replace_folder(part: Path, folder: Path) -> None:
    """Moves a complete folder to its place, an older one out of the way first; never a half-written one.

    Its files can be read by all whom the umask lets. Whoever calls holds `alone(folder)`. Raises OSError.
    """
    part.chmod(0o777 & ~_umask())
    for path in part.iterdir():
        path.chmod(0o666 & ~_umask())
    old = folder.with_name(folder.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.replace(old)
    try:
        part.replace(folder)
    except OSError:
        if old.exists():
            old.replace(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


class _Ended(BaseException):
    """What a SIGTERM raises."""


@contextmanager
def _ended_by_signal() -> Iterator[None]:
    """Where SIGTERM would end this process at once, it ends it after what is on the way has been cleared away."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return

    def end(_signal: int, _frame: FrameType | None) -> None:
        raise _Ended

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def write_text(path: Path, text: str) -> None:
    """Whole or not at all; raises OSError."""
    with whole_file(path) as fresh:
        fresh.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """As `write_text`."""
    write_text(path, json.dumps(value, indent=2) + "\n")


# -- several at once ------------------------------------------------------------------------------------------------


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """One at a time, of all threads and processes, for a file or folder that is read, changed and written back.

    The lock lies beside it, under a hidden name, while somebody holds it. Raises OSError where no lock can be made
    there, or when others hold it for longer than PATIENCE.
    """
    place = path.resolve()
    if not place.parent.is_dir():  # filelock would make it
        raise FileNotFoundError(f"{place.parent} is gone")
    lock = FileLock(place.with_name(f".{place.name}.lock"), timeout=PATIENCE, poll_interval=_ASKS_AGAIN)
    with lock:
        try:
            yield
        finally:
            # While it is held: those who wait for a lock that is gone by the time they get it make a new one.
            with suppress(OSError):
                Path(lock.lock_file).unlink()


def parse(text: str | bytes) -> Any:
    """JSON without NaN and infinities; raises ValueError."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no number")

    try:
        return json.loads(text, parse_constant=refuse)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The JSON objects of a file, one a line; none where there is no file. A line cut short by a kill is left out."""
    lines = []
    for text in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(line, dict):
            lines.append(line)
    return lines
