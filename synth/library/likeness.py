"""Which kept sounds are most like one: the cosine of their directions, all of them in one matrix in memory."""

from __future__ import annotations

from sqlite3 import Connection

import numpy as np

STORED = np.float16
NOBODY = 0  # no sound has this id
_BLOCK = 8192  # rows that the matrix grows by at first


def packed(direction: np.ndarray) -> bytes:
    """A unit vector (D,) as a row of the file has it."""
    return np.asarray(direction, STORED).tobytes()


class Nearest:
    """The directions of a library: D numbers for each sound that has been listened to, float32 in memory."""

    def __init__(self) -> None:
        self._rows = np.zeros((0, 1), np.float32)
        self._ids = np.zeros(0, np.int64)
        self._places: dict[int, int] = {}
        self._count = self._last = 0

    def refresh(self, connection: Connection) -> None:
        """Takes up what was listened to since, by this process or another. Rows of sounds that are gone stay here until
        the library is opened anew: whoever asks leaves them out."""
        rows = connection.execute(
            "SELECT number, sound, direction FROM directions WHERE number > ? ORDER BY number", (self._last,)
        ).fetchall()
        if not rows:
            return
        fresh = np.frombuffer(b"".join(data for _, _, data in rows), STORED).reshape(len(rows), -1)
        self._make_room(len(rows), fresh.shape[1])
        end = self._count + len(rows)
        self._rows[self._count : end] = fresh
        for place, (_, sound, _) in enumerate(rows, self._count):
            if sound in self._places:  # listened to anew
                self._ids[self._places[sound]] = NOBODY
            self._places[sound] = place
            self._ids[place] = sound
        self._count, self._last = end, rows[-1][0]

    def order(self, direction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Ids of all sounds, the most alike first, and their cosines."""
        if not self._count:
            return self._ids[:0], np.zeros(0, np.float32)
        cosines = self._rows[: self._count] @ np.asarray(direction, np.float32)
        best = np.argsort(-cosines)
        return self._ids[best], cosines[best]

    def _make_room(self, more: int, width: int) -> None:
        if self._count + more <= len(self._rows):
            return
        size = max(self._count + more, len(self._rows) + len(self._rows) // 2, _BLOCK)
        rows, ids = np.zeros((size, width), np.float32), np.zeros(size, np.int64)
        if self._count:
            rows[: self._count], ids[: self._count] = self._rows[: self._count], self._ids[: self._count]
        self._rows, self._ids = rows, ids
