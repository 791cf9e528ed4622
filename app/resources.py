"""Instruments shared by every page and route: cached by model, one render at a time, warm before the first sound."""

from __future__ import annotations

import gc
import logging
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from app.session import default_patch, direction_names
from synth import own
from synth.checkpoint import CARD, catalogue, find
from synth.errors import SonoformError
from synth.factors import Layers
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

        self._instrument = Instrument.load(folder, device)
        self.card = self._instrument.card
        self._folder = folder
        self._own = _changed(folder / own.FILE)
        self._lock = threading.Lock()
        self._render = lru_cache(KEPT_SOUNDS)(self._instrument.render)

    def render(self, patch: Patch) -> Sound:
        """The sound of a patch; callers must not write to its samples. Raises PatchError."""
        with self._lock:
            return self._render(patch)

    def draft(self, patch: Patch) -> Sound:
        """The sound of a control that still moves, sooner and less fine; not kept. Raises PatchError."""
        with self._lock:
            return self._instrument.draft(patch)

    # -- directions that the model has by itself, and those that a person named ----------------------------------------

    def factors(self, method: str, layers: Layers | None, count: int) -> list[dict[str, Any]]:
        """The `count` strongest directions by `method`, described as a card does, each with
        its `strength`; see synth/factors.py."""
        with self._lock:
            found = self._instrument.factors(method, layers, count)
            return [d.describe() | {"strength": d.strength} for d in found]

    def keep(self, name: str, source: str) -> None:
        """Saves the direction `source` under a name of its own; raises PatchError or CheckpointError."""
        with self._lock:
            found = self._instrument.direction(source)
            kept = own.Own(name, tuple(found.vector.tolist()), found.scale, found.layers, found.provenance)
            own.add(self._folder, self._generator, kept, self._taken())

    def rename(self, old: str, new: str) -> None:
        """Raises as `keep`."""
        with self._lock:
            own.rename(self._folder, self._generator, old, new, self._taken())

    def remove(self, name: str) -> None:
        """Raises CheckpointError."""
        with self._lock:
            own.remove(self._folder, self._generator, name)

    @property
    def _generator(self) -> str:
        return self.card.files.get("generator.safetensors", "")

    def _taken(self) -> tuple[str, ...]:
        named = own.read(self._folder, self._generator)
        return (*direction_names(self.card), *(direction.name for direction in named))

    def refresh(self) -> None:
        """Takes up what was named, renamed or removed since, here or by another process; raises CheckpointError."""
        changed = _changed(self._folder / own.FILE)
        if changed != self._own:
            with self._lock:
                self._instrument.read_own()
                self._render.cache_clear()
                self._own = changed

    # -- sounds that are given -----------------------------------------------------------------------------------------

    def encode(self, sound: Sound) -> tuple[float, ...]:
        """The latent of a patch that makes about this sound; raises AudioError or CheckpointError."""
        with self._lock:
            return self._instrument.encode(sound)

    def refine(self, patch: Patch, sound: Sound, steps: int, report: Callable[[float], None]) -> Patch:
        """The patch that is nearest to a sound after so many steps; `report` hears the share that is done.

        Others have their turns between two steps. Raises as `encode`, and PatchError.
        """
        run = self._instrument.refine(patch, sound, steps)
        for done in range(steps + 1):
            with self._lock:
                nearest = next(run)
            report(done / steps)
        return replace(patch, latent=tuple(nearest.ws.flatten().tolist()))


def _changed(path: Path) -> int:
    """When a file changed last, 0 where there is none."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def instrument(model: str) -> SharedInstrument:
    """The instrument of a model id, loaded once and again after its checkpoint changed; raises CheckpointError."""
    folder = find(model)
    shared = _load(str(folder), (folder / CARD).stat().st_mtime_ns)
    shared.refresh()
    return shared


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
