"""Pictures of the sounds in the library, made once and kept there."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from app.server.instruments import instrument
from synth.checkpoint.families import SPACE, can
from synth.errors import LibraryError, SonoformError
from synth.library.entry import Entry
from synth.library.library import library

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
