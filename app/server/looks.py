"""Pictures of the sounds in the library and what they are like, made once and kept there."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cache

import numpy as np

from app.server.instruments import instrument
from synth.checkpoint.families import SPACE, can
from synth.errors import CheckpointError, LibraryError, PatchError, SonoformError
from synth.library.entry import Entry
from synth.library.library import Library, library
from synth.sound.sound import Sound

log = logging.getLogger(__name__)
NOTHING = np.zeros((8, 16), np.uint8)  # of a sound that cannot be made here


def pictures(entries: Sequence[Entry]) -> list[np.ndarray]:
    """Levels uint8 (bins, frames) of each; raises LibraryError."""
    known = library().pictures([entry.id for entry in entries])
    made = {entry.id: drawn(entry) for entry in entries if entry.id not in known}
    fresh = {at: levels for at, levels in made.items() if levels is not NOTHING}
    if fresh:
        with suppress(LibraryError):  # a library that cannot be written can be looked at
            library().draw(fresh)
    return [known[entry.id] if entry.id in known else made[entry.id] for entry in entries]


def drawn(entry: Entry) -> np.ndarray:
    try:
        patch, shared = entry.patch, instrument(entry.model)
        return shared.picture(patch) if can(shared.card.family, SPACE) else shared.render(patch).spectrogram()
    except SonoformError:
        return NOTHING


# -- what sounds are like ------------------------------------------------------------------------------------------

AT_ONCE = 16
_BEGINS_AFTER = 2.0  # s: who has just kept a sound goes on with it first
_wanted = threading.Event()


def listen() -> None:
    """Has kept sounds listened to that nobody has listened to, by one thread of the process, in a moment."""
    _wanted.set()
    _listener()


@cache
def _listener() -> threading.Thread:
    thread = threading.Thread(target=_listen_on, name="listen", daemon=True)
    thread.start()
    return thread


def _listen_on() -> None:
    while _wanted.wait():
        time.sleep(_BEGINS_AFTER)
        _wanted.clear()
        try:
            _listen(library())
        except SonoformError as error:
            log.warning("%s", error)


def _listen(to: Library) -> None:
    """Goes on while this is the library that is used."""
    unable: set[int] = set()
    while library() is to and (entries := _unheard(to, unable)):
        for entry in entries:
            found = _direction(entry)
            if found is None:
                unable.add(entry.id)
            else:
                to.listened({entry.id: found})


def _unheard(to: Library, unable: set[int]) -> list[Entry]:
    return [entry for entry in to.unheard(AT_ONCE + len(unable)) if entry.id not in unable]


def _direction(entry: Entry) -> np.ndarray | None:
    """None for a sound that cannot be made here."""
    try:
        return like(instrument(entry.model).render(entry.patch))
    except (CheckpointError, PatchError):
        return None


def like(sound: Sound) -> np.ndarray:
    """What a sound is like, as `ear.direction` says; raises CheckpointError."""
    from synth.library.ear import direction  # torch comes with it

    return direction(sound)
