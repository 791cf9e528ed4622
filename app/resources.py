"""Instruments shared by every page and route: cached by model, one render at a time, warm before the first sound."""

from __future__ import annotations

import gc
import logging
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path

import streamlit as st

from app.session import default_patch
from synth.checkpoint import CARD, catalogue, find
from synth.errors import SonoformError
from synth.patch import Patch
from synth.sound import Sound

# Read when torch is loaded: its threads wait asleep. Spinning ones make a sound several times slower to come whenever
# another program (the browser, a training run) wants the same cores.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

MAX_LOADED = 2
KEPT_SOUNDS = 32

log = logging.getLogger(__name__)


class SharedInstrument:
    """An instrument behind a lock, with the last sounds kept: undo, redo and downloads need no second render."""

    def __init__(self, folder: Path, device: str):
        from synth.instrument import Instrument  # here, so that the server listens before torch is imported

        instrument = Instrument.load(folder, device)
        self.card = instrument.card
        self._lock = threading.Lock()
        self._render = lru_cache(KEPT_SOUNDS)(instrument.render)

    def render(self, patch: Patch) -> Sound:
        """The sound of a patch; callers must not write to its samples. Raises PatchError."""
        with self._lock:
            return self._render(patch)


def instrument(model: str) -> SharedInstrument:
    """The instrument of a model id, loaded once and again after its checkpoint changed; raises CheckpointError."""
    folder = find(model)
    return _load(str(folder), (folder / CARD).stat().st_mtime_ns)


@st.cache_resource(max_entries=MAX_LOADED, show_spinner=False, on_release=lambda _: _settle())
def _load(folder: str, changed: int) -> SharedInstrument:
    """`changed` is part of the cache's key only."""
    shared = SharedInstrument(Path(folder), os.environ.get("SONOFORM_DEVICE", "auto"))
    shared.render(Patch(model=shared.card.id))  # compiles, allocates and caches what the first sound would wait for
    _settle()
    return shared


def _settle() -> None:
    """Takes all that is loaded out of the garbage collector's rounds, which would hold up every run of a page."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def warm_up() -> None:
    """Loads the model that a first visit opens; what is amiss is told by the page, not here."""
    try:
        if cards := catalogue():
            instrument(default_patch(cards).model)
    except SonoformError as error:
        log.warning("%s", error)


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Begins to load the first model while the server starts to listen."""
    threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
    yield
