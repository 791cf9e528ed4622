"""The library's file: SQLite with full-text search, opened, begun, and set aside where it is damaged.

Writers take turns (WAL), each change is one transaction: a kill loses the one that was on its way and no other.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from synth.errors import LibraryError
from synth.library.salvaging import salvage
from synth.storage import PATIENCE, alone

VERSION = 1
APPLICATION = 0x534F4E4F  # "SONO" in the file's head
BACKUP = ".damaged-{}"
ELSEWHERE = "set SONOFORM_LIBRARY to another file"

_SCHEMA = """
CREATE TABLE sounds (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL UNIQUE,
    query TEXT NOT NULL, model TEXT NOT NULL, category TEXT NOT NULL,
    name TEXT NOT NULL, ucs TEXT NOT NULL, tags TEXT NOT NULL, notes TEXT NOT NULL, words TEXT NOT NULL,
    stars INTEGER NOT NULL, kept REAL, heard REAL, deleted REAL
);
CREATE INDEX sounds_kept ON sounds (kept) WHERE kept IS NOT NULL;
CREATE INDEX sounds_heard ON sounds (heard) WHERE heard IS NOT NULL;
CREATE INDEX sounds_deleted ON sounds (deleted) WHERE deleted IS NOT NULL;
CREATE INDEX sounds_name ON sounds (name COLLATE NOCASE);
CREATE INDEX sounds_stars ON sounds (stars, kept);
CREATE INDEX sounds_category ON sounds (category, kept);
CREATE TABLE sliders (
    sound INTEGER NOT NULL REFERENCES sounds ON DELETE CASCADE, name TEXT NOT NULL, value REAL NOT NULL,
    PRIMARY KEY (sound, name)
) WITHOUT ROWID;
CREATE INDEX sliders_value ON sliders (name, value);
CREATE TABLE looks (
    sound INTEGER PRIMARY KEY REFERENCES sounds ON DELETE CASCADE, picture BLOB
);
CREATE TABLE directions (
    number INTEGER PRIMARY KEY AUTOINCREMENT, direction BLOB NOT NULL,
    sound INTEGER NOT NULL UNIQUE REFERENCES sounds ON DELETE CASCADE
);
CREATE VIRTUAL TABLE found USING fts5(
    name, tags, category, ucs, notes, words,
    content='sounds', content_rowid='id', tokenize='unicode61 remove_diacritics 2', prefix='2 3'
);
CREATE TRIGGER sounds_in AFTER INSERT ON sounds BEGIN
    INSERT INTO found (rowid, name, tags, category, ucs, notes, words)
    VALUES (new.id, new.name, new.tags, new.category, new.ucs, new.notes, new.words);
END;
CREATE TRIGGER sounds_out AFTER DELETE ON sounds BEGIN
    INSERT INTO found (found, rowid, name, tags, category, ucs, notes, words)
    VALUES ('delete', old.id, old.name, old.tags, old.category, old.ucs, old.notes, old.words);
END;
CREATE TRIGGER sounds_changed AFTER UPDATE OF name, tags, category, ucs, notes, words ON sounds BEGIN
    INSERT INTO found (found, rowid, name, tags, category, ucs, notes, words)
    VALUES ('delete', old.id, old.name, old.tags, old.category, old.ucs, old.notes, old.words);
    INSERT INTO found (rowid, name, tags, category, ucs, notes, words)
    VALUES (new.id, new.name, new.tags, new.category, new.ucs, new.notes, new.words);
END;
"""


class Database:
    """One file, shared by the threads of a process, beside other processes."""

    def __init__(self, path: Path):
        self.path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._inode: tuple[int, int] | None = None
        self.openings = 0  # how often a file was opened: what is held of one in memory is that of its opening

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Raises LibraryError: for a file that is no library, is of a newer version or cannot be read, and for a
        damaged one, which is set aside: who asks again begins with what could be saved."""
        with self._lock, self._told():
            yield self._opened()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is kept when the block ends, and nothing with an error. Raises as `reading`, and
        LibraryError for a file that cannot be written and for a full disk."""
        with self.reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = self._inode = None

    def check(self) -> None:
        """Reads every page of the file; raises as `reading`."""
        with self.reading() as connection:
            faults = [text for (text,) in connection.execute("PRAGMA integrity_check")]
            connection.execute("INSERT INTO found (found, rank) VALUES ('integrity-check', 1)")
            if faults != ["ok"]:
                raise _Damaged(faults[0])

    # -- opening -------------------------------------------------------------------------------------------------------

    def _opened(self) -> sqlite3.Connection:
        """The connection to the file that lies there now."""
        if self._connection is None or _inode(self.path) != self._inode:
            self.close()
            self._connection = self._begun()
            self._inode = _inode(self.path)
            self.openings += 1
        return self._connection

    def _begun(self) -> sqlite3.Connection:
        if _is_empty(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with alone(self.path):
                if _is_empty(self.path):
                    begin(self.path)
        return _checked(_connected(self.path), self.path)

    # -- what goes wrong -----------------------------------------------------------------------------------------------

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What SQLite says, in a sentence."""
        try:
            yield
        except (_Damaged, sqlite3.DatabaseError) as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if isinstance(error, _Damaged) or code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                raise LibraryError(self._set_aside()) from error
            raise LibraryError(_sentence(self.path, code, str(error))) from error
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            raise LibraryError(f"{self.path} cannot be used ({reason}): {ELSEWHERE}") from error

    def _set_aside(self) -> str:
        """Moves the damaged file away and begins a new one with what can still be read; what is said of that."""
        damaged = self._inode or _inode(self.path)
        self.close()
        with alone(self.path):
            if _inode(self.path) != damaged:  # another process has done it
                return f"{self.path} was damaged and was moved aside; a new library is there now"
            backup = self.path.with_name(self.path.name + BACKUP.format(time.strftime("%Y%m%d-%H%M%S")))
            for suffix in ("-wal", "-shm", ""):
                with suppress(FileNotFoundError):
                    Path(f"{self.path}{suffix}").replace(f"{backup}{suffix}")
            saved = begin(self.path, backup)
        return f"{self.path} is damaged: it was moved to {backup.name}, and {saved} sounds of it are in the new library"


class _Damaged(Exception):
    """A file that opens, and does not hold what it should."""


def begin(path: Path, damaged: Path | None = None) -> int:
    """Puts a new library in place of what is there, with what can be read of a damaged one; how many sounds."""
    fresh = path.with_name(f".{path.name}.part")
    fresh.unlink(missing_ok=True)
    with closing(_connected(fresh)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(
            f"BEGIN; {_SCHEMA} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; COMMIT;"
        )
        saved = salvage(damaged, connection) if damaged else 0
    fresh.replace(path)
    return saved


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _checked(connection: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """The connection, if it is to a library that this version knows."""
    try:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if application != APPLICATION:
            raise LibraryError(f"{path} is no library of sounds: {ELSEWHERE}")
        if version > VERSION:
            raise LibraryError(f"{path} is of a newer version of Sonoform: update this one, or {ELSEWHERE}")
    except BaseException:
        connection.close()
        raise
    return connection


def _sentence(path: Path, code: int, told: str) -> str:
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return f"{path} has no room on its disk: free some space, and do it again"
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return f"{path} cannot be written: allow it, or {ELSEWHERE}"
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return f"{path} has been held by another program for {PATIENCE:g} s: close that, and do it again"
    return f"{path} cannot be used ({told}): {ELSEWHERE}"


def _is_empty(path: Path) -> bool:
    return not path.exists() or path.stat().st_size == 0


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
