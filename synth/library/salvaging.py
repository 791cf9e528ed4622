"""What can still be read of a damaged library."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from synth.errors import PatchError
from synth.patch.patch import Patch

# What is the rows' own; the rest is made of it again.
COLUMNS = "digest, query, model, category, name, ucs, tags, notes, words, stars, kept, heard, deleted"


def salvage(damaged: Path, into: sqlite3.Connection) -> int:
    """Copies the sounds of a damaged file, from both ends of their table up to where it breaks off; how many."""
    into.execute("BEGIN IMMEDIATE")
    for order in ("ASC", "DESC"):
        with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(f"{damaged.as_uri()}?mode=ro", uri=True)) as old:
            _copy(old, into, order)
    _move_sliders(into)
    into.execute("COMMIT")
    found: int = into.execute("SELECT count(*) FROM sounds").fetchone()[0]
    return found


def _copy(old: sqlite3.Connection, new: sqlite3.Connection, order: str) -> None:
    places = ", ".join("?" * len(COLUMNS.split(",")))
    for row in old.execute(f"SELECT {COLUMNS} FROM sounds NOT INDEXED ORDER BY id {order}"):
        with suppress(sqlite3.IntegrityError):  # there already, or no sound any more
            new.execute(f"INSERT INTO sounds ({COLUMNS}) VALUES ({places})", row)


def _move_sliders(new: sqlite3.Connection) -> None:
    for at, query in new.execute("SELECT id, query FROM sounds").fetchall():
        with suppress(PatchError):
            moved = [(at, name, value) for name, value in Patch.from_query(query).sliders.items()]
            new.executemany("INSERT INTO sliders (sound, name, value) VALUES (?, ?, ?)", moved)
