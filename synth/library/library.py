"""The library: sounds that a person keeps, and the last ones that were heard, over sessions and processes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from hashlib import blake2b
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import numpy as np

from synth import paths
from synth.errors import LibraryError
from synth.library import finding, lexicon, likeness, thumbnails, ucs
from synth.library.database import Database
from synth.library.entry import CHANGES, Entry, several_tags
from synth.library.finding import Wanted
from synth.library.likeness import Nearest
from synth.patch.naming import title
from synth.patch.patch import Patch

HISTORY = 100  # sounds that were heard, the last ones
BENT_WITHIN = 20.0  # s, in which a sound that is bent further is one sound of the last ones
GONE_AFTER = 30 * 86400.0  # s
_FIELDS = "id, query, model, category, name, ucs, tags, notes, stars, kept, heard, deleted"
_AT_ONCE = 500  # ids of one statement


class Library:
    """All that is kept in one file. Each method is one transaction, and raises LibraryError as `database` says."""

    def __init__(self, path: Path):
        self.database = Database(Path(path).absolute())
        self._nearest, self._opening = Nearest(), 0

    # -- keeping -------------------------------------------------------------------------------------------------------

    def keep(self, patch: Patch, name: str | None = None, **said: Any) -> Entry:
        """Keeps a sound, under a name of its own unless one is given; one that is there already stays what it is.

        said: more of it, by the names of `entry.CHANGES`, and `kept`, when that was.
        """
        now = said.pop("kept", None) or time.time()
        values = _checked(said | ({} if name is None else {"name": name}))
        with self.database.writing() as connection:
            at = _row(connection, patch)
            when = "iif(kept IS NULL OR deleted IS NOT NULL, ?, kept)"
            connection.execute(f"UPDATE sounds SET kept = {when}, deleted = NULL WHERE id = ?", (now, at))
            _change(connection, [at], values)
            return _entries(connection, [at])[0]

    def hear(self, patch: Patch) -> None:
        """Puts a sound at the head of the last ones, in the place of what it was bent from within BENT_WITHIN; the
        oldest beyond HISTORY goes, unless it is kept."""
        now = time.time()
        with self.database.writing() as connection:
            at = _row(connection, patch)
            for earlier in _bent_from(connection, patch, now - BENT_WITHIN):
                connection.execute("UPDATE sounds SET heard = NULL WHERE id = ?", (earlier,))
            seen = "iif(kept IS NULL, NULL, deleted)"
            connection.execute(f"UPDATE sounds SET heard = ?, deleted = {seen} WHERE id = ?", (now, at))
            beyond = "SELECT id FROM sounds WHERE heard IS NOT NULL ORDER BY heard DESC, id DESC LIMIT -1 OFFSET ?"
            connection.execute(f"UPDATE sounds SET heard = NULL WHERE id IN ({beyond})", (HISTORY,))
            _forget(connection, "heard IS NULL AND kept IS NULL")

    def change(self, at: int, **said: Any) -> Entry:
        """Changes what is said of a sound, by the names of `entry.CHANGES`."""
        values = _checked(said)
        with self.database.writing() as connection:
            _change(connection, [at], values)
            return _there(connection, at)

    def rename(self, names: Mapping[int, str]) -> None:
        """Gives sounds other names, by id: all of them or none."""
        checked = {at: _checked({"name": name}) for at, name in names.items()}
        with self.database.writing() as connection:
            for at, values in checked.items():
                _change(connection, [at], values)

    def tag(self, ids: Sequence[int], tags: str) -> None:
        """Adds tags to sounds: to all of them or to none."""
        more = several_tags(tags)
        with self.database.writing() as connection:
            for entry in _entries(connection, ids):
                _change(connection, [entry.id], _checked({"tags": (*entry.tags, *more)}))

    def delete(self, ids: Sequence[int]) -> None:
        """Takes sounds out of sight; `restore` brings them back, until they were out of it for GONE_AFTER."""
        with self.database.writing() as connection:
            _forget(connection, "deleted < ?", time.time() - GONE_AFTER)
            for some in _parts(ids):
                connection.execute(f"UPDATE sounds SET deleted = ? WHERE id IN {_places(some)}", (time.time(), *some))

    def restore(self, ids: Sequence[int]) -> None:
        with self.database.writing() as connection:
            for some in _parts(ids):
                connection.execute(f"UPDATE sounds SET deleted = NULL WHERE id IN {_places(some)}", some)

    # -- finding -------------------------------------------------------------------------------------------------------

    def find(self, wanted: Wanted, limit: int = -1, offset: int = 0) -> list[Entry]:
        """Sounds that have every word; where there are none, those that have any of them."""
        with self.database.reading() as connection:
            ids = _ordered(connection, wanted, limit, offset)
            if not ids and wanted.words and not (offset and _count(connection, wanted, 1)):
                ids = _ordered(connection, wanted, limit, offset, "OR")
            return _entries(connection, ids)

    def count(self, wanted: Wanted, most: int = -1) -> int:
        """How many `find` finds, counted up to `most`."""
        with self.database.reading() as connection:
            found = _count(connection, wanted, most)
            return found if found or not wanted.words else _count(connection, wanted, most, "OR")

    def entries(self, ids: Sequence[int]) -> list[Entry]:
        """In the order of the ids; those that are gone are left out."""
        with self.database.reading() as connection:
            return _entries(connection, ids)

    def of_patch(self, patch: Patch) -> Entry | None:
        """What is kept or heard of a patch."""
        with self.database.reading() as connection:
            row = connection.execute("SELECT id FROM sounds WHERE digest = ?", (_digest(_query(patch)),)).fetchone()
            return _entries(connection, row)[0] if row else None

    # -- what sounds look like and are like ----------------------------------------------------------------------------

    def pictures(self, ids: Sequence[int]) -> dict[int, np.ndarray]:
        """Levels uint8 (bins, frames) of the sounds that have a picture, by id."""
        found: dict[int, np.ndarray] = {}
        with self.database.reading() as connection:
            for some in _parts(ids):
                rows = connection.execute(f"SELECT sound, picture FROM looks WHERE sound IN {_places(some)}", some)
                found |= {at: thumbnails.unpacked(data) for at, data in rows if data}
        return found

    def draw(self, levels: Mapping[int, np.ndarray]) -> None:
        """Keeps pictures of sounds, by id."""
        packed = [(thumbnails.packed(picture), at) for at, picture in levels.items()]
        with self.database.writing() as connection:
            there = "SELECT id, ? FROM sounds WHERE id = ?"
            connection.executemany(f"INSERT OR REPLACE INTO looks (sound, picture) {there}", packed)

    def unheard(self, limit: int) -> list[Entry]:
        """Kept sounds that nobody has listened to yet, the newest first: `listened` is told what they are like."""
        with self.database.reading() as connection:
            unknown = "NOT EXISTS (SELECT 1 FROM directions WHERE sound = sounds.id)"
            condition = f"{finding.SCOPES['kept']} AND {unknown}"
            query = f"SELECT {_FIELDS} FROM sounds WHERE {condition} ORDER BY kept DESC LIMIT ?"
            rows = connection.execute(query, (limit,))
            return [_entry(row) for row in rows]

    def listened(self, directions: Mapping[int, np.ndarray]) -> None:
        """Keeps what sounds are like, unit vectors by id, as `ear.direction` has them."""
        rows = [(likeness.packed(direction), at) for at, direction in directions.items()]
        with self.database.writing() as connection:
            there = "SELECT ?, id FROM sounds WHERE id = ?"
            connection.executemany(f"INSERT OR REPLACE INTO directions (direction, sound) {there}", rows)

    def alike(self, direction: np.ndarray, wanted: Wanted, limit: int) -> list[tuple[Entry, float]]:
        """Sounds that were listened to, the most alike first, with the cosine of their direction to this one."""
        with self.database.reading() as connection:
            if self._opening != self.database.openings:
                self._nearest, self._opening = Nearest(), self.database.openings
            self._nearest.refresh(connection)
            ids, cosines = self._nearest.order(direction)
            if wanted.narrows:
                there = np.isin(ids, _ids(connection, wanted))
                ids, cosines = ids[there], cosines[there]
            return _first(connection, wanted, ids, cosines, limit)

    def sliders(self) -> list[str]:
        """Names of the sliders that sounds here have moved."""
        with self.database.reading() as connection:
            return [name for (name,) in connection.execute("SELECT DISTINCT name FROM sliders ORDER BY name")]


@cache
def of_file(path: Path) -> Library:
    """One of each file for the whole process."""
    return Library(path)


def library() -> Library:
    """That of `paths.library`."""
    return of_file(paths.library().absolute())


# -- rows --------------------------------------------------------------------------------------------------------------


def _query(patch: Patch) -> str:
    """A patch as its link has it, with its model."""
    linked = patch.linked()
    return linked.to_query() or f"m={linked.model}"


def _digest(query: str) -> bytes:
    return blake2b(query.encode(), digest_size=16).digest()


def _row(connection: Connection, patch: Patch) -> int:
    """The id of a patch's row, which is made where there is none."""
    query = _query(patch)
    digest = _digest(query)
    there = connection.execute("SELECT id FROM sounds WHERE digest = ?", (digest,)).fetchone()
    if there:
        return int(there[0])
    said = (title(patch), ucs.category(patch)[0], "", "", lexicon.words(patch), 0)
    made = connection.execute(
        "INSERT INTO sounds (digest, query, model, category, name, ucs, tags, notes, words, stars)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (digest, query, patch.model, patch.category or "", *said),
    )
    at = int(made.lastrowid or 0)
    moved = [(at, name, value) for name, value in patch.sliders.items()]
    connection.executemany("INSERT INTO sliders (sound, name, value) VALUES (?, ?, ?)", moved)
    return at


def _bent_from(connection: Connection, patch: Patch, since: float) -> list[int]:
    """Ids of sounds that were heard since then and began at the same seed or latent."""
    rows = connection.execute("SELECT id FROM sounds WHERE heard > ?", (since,)).fetchall()
    entries = _entries(connection, [int(at) for (at,) in rows])
    return [entry.id for entry in entries if _origin(entry.patch) == _origin(patch)]


def _origin(patch: Patch) -> tuple[Any, ...]:
    return patch.model, patch.category, patch.seed, patch.latent


def _checked(said: Mapping[str, Any]) -> dict[str, Any]:
    unknown = [name for name in said if name not in CHANGES]
    if unknown:
        raise LibraryError(f"a sound has no {unknown[0]}: change {', '.join(CHANGES)}")
    return {name: CHANGES[name](value) for name, value in said.items()}


def _change(connection: Connection, ids: Sequence[int], values: Mapping[str, Any]) -> None:
    if values:
        setting = ", ".join(f"{name} = ?" for name in values)
        connection.execute(f"UPDATE sounds SET {setting} WHERE id IN {_places(ids)}", (*values.values(), *ids))


def _forget(connection: Connection, condition: str, *values: Any) -> None:
    connection.execute(f"DELETE FROM sounds WHERE {condition}", values)


def _ordered(connection: Connection, wanted: Wanted, limit: int, offset: int, joined: str = "AND") -> list[int]:
    """Ids alone are sorted: whole rows of all that is found would take several times as long."""
    condition, values = finding.where(wanted, joined)
    query = f"SELECT id FROM sounds WHERE {condition} ORDER BY {finding.order(wanted)} LIMIT ? OFFSET ?"
    return [at for (at,) in connection.execute(query, (*values, limit, offset))]


def _count(connection: Connection, wanted: Wanted, most: int, joined: str = "AND") -> int:
    condition, values = finding.where(wanted, joined)
    query = f"SELECT count(*) FROM (SELECT 1 FROM sounds WHERE {condition} LIMIT ?)"
    return int(connection.execute(query, (*values, most)).fetchone()[0])


def _ids(connection: Connection, wanted: Wanted) -> np.ndarray:
    """Of all sounds that are wanted."""
    joined = "AND" if _count(connection, wanted, 1) else "OR"
    condition, values = finding.where(wanted, joined)
    rows = connection.execute(f"SELECT id FROM sounds WHERE {condition}", values)
    return np.fromiter((at for (at,) in rows), np.int64)


def _first(
    connection: Connection, wanted: Wanted, ids: np.ndarray, cosines: np.ndarray, limit: int
) -> list[tuple[Entry, float]]:
    """Of sounds in their order those of the scope that is wanted, up to a limit."""
    found: dict[int, float] = {}
    for some in range(0, len(ids), _AT_ONCE):
        part = [int(at) for at in ids[some : some + _AT_ONCE]]
        scope = finding.SCOPES[wanted.scope]
        rows = connection.execute(f"SELECT id FROM sounds WHERE id IN {_places(part)} AND {scope}", part)
        there = {at for (at,) in rows}
        found |= {at: float(cosines[some + i]) for i, at in enumerate(part) if at in there}
        if len(found) >= limit:
            break
    return [(entry, found[entry.id]) for entry in _entries(connection, list(found)[:limit])]


def _there(connection: Connection, at: int) -> Entry:
    found = _entries(connection, [at])
    if not found:
        raise LibraryError("the sound is not in the library any more: reload the page")
    return found[0]


def _entries(connection: Connection, ids: Sequence[int]) -> list[Entry]:
    found: dict[int, Entry] = {}
    for some in _parts(ids):
        rows = connection.execute(f"SELECT {_FIELDS} FROM sounds WHERE id IN {_places(some)}", some)
        found |= {row[0]: _entry(row) for row in rows}
    return [found[at] for at in ids if at in found]


def _entry(row: tuple[Any, ...]) -> Entry:
    at, query, model, category, name, ucs_id, tags, *rest = row
    return Entry(at, query, model, category, name, ucs_id, several_tags(tags), *rest)


def _places(ids: Sequence[int]) -> str:
    return f"({', '.join('?' * len(ids))})"


def _parts(ids: Iterable[int]) -> list[tuple[int, ...]]:
    """Ids, as many at once as a statement takes."""
    numbers = list(ids)
    return [tuple(numbers[i : i + _AT_ONCE]) for i in range(0, len(numbers), _AT_ONCE)]
