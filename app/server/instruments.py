"""Instruments shared by every page and route: cached by model, one render at a time, warm before the first sound."""

from __future__ import annotations

import gc
import logging
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import streamlit as st

from app.server.connections import bounded
from app.server.fair_lock import Turns
from app.server.memory import trimmed
from synth.chart.chart import Chart
from synth.checkpoint import named_directions
from synth.checkpoint.families import SPACE, can
from synth.checkpoint.fit import default_patch, direction_names, rows
from synth.checkpoint.store import CARD, catalogue, find
from synth.directions.attribute import Attribute, Search, give
from synth.errors import PatchError, SonoformError
from synth.latents.budget import Budget, spend
from synth.patch.factors import Layers
from synth.patch.morph import Morph, Way
from synth.patch.patch import Patch
from synth.patch.place import Place
from synth.patch.strokes import Stroke
from synth.sound.sound import Sound

if TYPE_CHECKING:  # torch comes with it
    from synth.directions.examples import Example, Trial
    from synth.instruments.charted import Track
    from synth.instruments.style import StyleInstrument
    from synth.latents.glide import Stretch

# Read when torch is loaded: its threads wait asleep. Spinning ones make a sound several times slower to come whenever
# another program (the browser, a training run) wants the same cores.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

MAX_LOADED = 3  # the one that is played, and two that are compared
KEPT_SOUNDS, KEPT_PICTURES = 64, 64  # of sounds, two pages full
SETTLES_AFTER = 1.0  # s

log = logging.getLogger(__name__)


class SharedInstrument:
    """An instrument behind a lock, with the last sounds kept: undo, redo and downloads need no second render."""

    def __init__(self, folder: Path, device: str):
        from synth.instruments.loading import load  # here, so that the server listens before torch is imported

        self._instrument = load(folder, device)
        self.card = self._instrument.card
        self._folder = folder
        self._own = _changed(folder / named_directions.FILE)
        self._lock = Turns()
        self._render = lru_cache(KEPT_SOUNDS)(self._instrument.render)
        self._picture = lru_cache(KEPT_PICTURES)(lambda patch: self._style.picture(patch))

    @property
    def _style(self) -> StyleInstrument:
        """The instrument as one that has a latent space W; raises PatchError for others."""
        if not can(self.card.family, SPACE):
            raise PatchError("model", f"{self.card.id} has no latent space W, which this needs: choose another model")
        return cast("StyleInstrument", self._instrument)

    def render(self, patch: Patch) -> Sound:
        """The sound of a patch; callers must not write to its samples. Raises PatchError."""
        with self._lock:
            return self._render(patch)

    def renders(self, patches: Iterable[Patch], threads: int = 1) -> Iterator[Sound]:
        """The sounds of many patches, several at once, not kept; others have their turns between. Raises PatchError."""
        yield from self._in_turns(self._instrument.renders(patches, threads))

    def endless(self, patch: Patch) -> Iterator[Sound]:
        """The sound of a patch going on, block after block; others have their turns between two. Raises PatchError."""
        yield from self._in_turns(self._instrument.endless(patch))

    def _in_turns(self, sounds: Iterator[Sound]) -> Iterator[Sound]:
        while True:
            with self._lock:
                sound = next(sounds, None)
            if sound is None:
                return
            yield sound

    def draft(self, patch: Patch) -> Sound:
        """The sound of a control that still moves, sooner and less fine; not kept. Raises PatchError."""
        with self._lock:
            return self._instrument.draft(patch)

    # -- directions that the model has by itself, and those that a person named ----------------------------------------

    def factors(self, method: str, layers: Layers | None, count: int) -> list[dict[str, Any]]:
        """The `count` strongest directions by `method`, described as a card does, each with
        its `strength`; see synth/patch/factors.py."""
        with self._lock:
            found = self._style.factors(method, layers, count)
            return [d.describe() | {"strength": d.strength} for d in found]

    def keep(self, name: str, source: str) -> None:
        """Saves the direction `source` under a name of its own; raises PatchError or CheckpointError."""
        with self._lock:
            found = self._style.direction(source)
            kept = named_directions.Own(name, tuple(found.vector.tolist()), found.scale, found.layers, found.provenance)
            named_directions.add(self._folder, self._generator, kept, self._taken())

    def rename(self, old: str, new: str) -> None:
        """Raises as `keep`."""
        with self._lock:
            named_directions.rename(self._folder, self._generator, old, new, self._taken())

    def remove(self, name: str) -> None:
        """Raises CheckpointError."""
        with self._lock:
            named_directions.remove(self._folder, self._generator, name)

    def named(self) -> tuple[named_directions.Own, ...]:
        """Directions that a person named, with how straight they are; raises CheckpointError."""
        return named_directions.read(self._folder, self._generator)

    def tell_apart(self, name: str, more: Sequence[Example], less: Sequence[Example]) -> Trial:
        """A direction of sounds, to be measured by `hear` and then kept; raises PatchError for a name that cannot be
        its own, and as `StyleInstrument.tell_apart`."""
        named_directions.allowed(name, self.named(), self._taken())
        with self._lock:
            return self._style.tell_apart(name.strip(), more, less)

    def describe(self, sound: Sound) -> dict[str, float]:
        """Descriptors of a sound by name; see `StyleInstrument.describe`."""
        return self._style.describe(sound)

    def give(self, patch: Patch, attribute: Attribute, other: Sound, strength: float) -> Iterator[Search]:
        """Gives a patch an attribute of a sound; see synth/directions/attribute.py. Others have their turns between two
        sounds, which are kept as those of `render`. Raises PatchError."""
        return give(self.render, self.describe, patch, attribute, other, strength)

    def trial(self, name: str) -> Trial:
        """A direction of this model, to be measured; raises PatchError."""
        with self._lock:
            return self._style.trial(name)

    def hear(self, trial: Trial, seed: int, position: float) -> None:
        """Measures one sound more; others have their turns between two."""
        with self._lock:
            trial.note(seed, position, self._style.hear(trial.direction, seed, position))

    def keep_trial(self, trial: Trial) -> None:
        """Saves a direction that was measured, or what was measured of one that is saved; raises as `keep`, and
        PatchError where that one is gone by now."""
        found, report = trial.direction, trial.report()
        with self._lock:
            if trial.contrast is None:
                named_directions.measure(self._folder, self._generator, found.name, report)
                return
            kept = named_directions.Own(
                found.name, tuple(found.vector.tolist()), found.scale, found.layers, found.provenance, report
            )
            named_directions.add(self._folder, self._generator, kept, self._taken())

    def pack(self, name: str) -> bytes:
        """A direction that a person named, as a file to share; raises PatchError where it is gone."""
        found = next((direction for direction in self.named() if direction.name == name), None)
        if found is None:
            raise PatchError("name", f"{name!r} is gone: reload the page")
        return named_directions.pack(found, self.card.id, self._generator)

    def unpack(self, data: bytes) -> str:
        """Takes in a shared file; its name, numbered where that is taken. Raises PatchError or CheckpointError."""
        network = self.card.network
        found = named_directions.unpack(data, self.card.id, self._generator, int(network["w_dim"]), rows(self.card))
        with self._lock:
            name = named_directions.unused(found.name, self._taken())
            named_directions.add(self._folder, self._generator, replace(found, name=name), self._taken())
        return name

    @property
    def _generator(self) -> str:
        return self.card.files.get("generator.safetensors", "")

    def _taken(self) -> tuple[str, ...]:
        named = named_directions.read(self._folder, self._generator)
        return (*direction_names(self.card), *(direction.name for direction in named))

    def refresh(self) -> None:
        """Takes up what was named, renamed or removed since, here or by another process; raises CheckpointError."""
        changed = _changed(self._folder / named_directions.FILE)
        if changed != self._own:
            with self._lock:
                self._style.read_own()
                self._render.cache_clear()
                self._picture.cache_clear()
                self._own = changed

    # -- places between sounds, and around them ------------------------------------------------------------------------

    def varied(self, patch: Patch, scale: float, count: int, seed: int) -> list[Patch]:
        """Patches around the z of a patch; see `Instrument.varied`. Raises PatchError."""
        with self._lock:
            return self._instrument.varied(patch, scale, count, seed)

    def between(self, a: Patch, b: Patch, steps: int) -> list[Patch]:
        """Patches from the z of one to that of another; raises PatchError."""
        with self._lock:
            return self._instrument.between(a, b, steps)

    def morphed(self, morph: Morph) -> Patch:
        """The patch of a morph's place; raises PatchError."""
        with self._lock:
            return self._style.morphed(morph)

    def glide(self, way: Way, report: Callable[[float], object]) -> Sound:
        """A way as one sound; `report` hears the share that is done, and ends it by raising.

        Others have their turns between two stretches. Raises PatchError.
        """
        return self._along(self._style.glide(way), way.morph.corners[0], report)

    def _along(self, run: Iterator[Stretch], patch: Patch, report: Callable[[float], object]) -> Sound:
        share = 0.0
        while share < 1.0:
            with self._lock:
                stretch = next(run)
            share = stretch.share
            report(share)
        with self._lock:
            return self._style.sounded(stretch, patch)

    # -- the map of the model ------------------------------------------------------------------------------------------

    def chart(self) -> Chart:
        """Raises CheckpointError where the model has none, as all of these do."""
        with self._lock:
            return self._style.chart

    def point(self, number: int) -> Patch:
        """The patch of a point; raises PatchError."""
        with self._lock:
            return self._style.point(number)

    def placed(self, place: Place) -> Patch:
        """The patch of a place."""
        with self._lock:
            return self._style.placed(place)

    def found(self, patch: Patch) -> tuple[float, float]:
        """The place of a sound; raises PatchError."""
        with self._lock:
            return self._style.found(patch)

    def travelled(self, track: Track, seconds: float, report: Callable[[float], object]) -> Sound:
        """A journey as one sound; `report` as in `glide`. Raises PatchError."""
        return self._along(self._style.travelled(track, seconds), Patch(self.card.id), report)

    def settled(self, patch: Patch) -> Patch:
        """The patch with its sliders in its latent; see `Instrument.settled`. Raises PatchError."""
        with self._lock:
            return self._instrument.settled(patch)

    def around(self, patch: Patch, distance: float, count: int, seed: int) -> list[Patch]:
        """Patches around a patch; see `Instrument.around`. Raises PatchError."""
        with self._lock:
            return self._instrument.around(patch, distance, count, seed)

    def neighbours(self, patch: Patch, distance: float, count: int, seed: int, space: str) -> list[Patch]:
        """Patches around a patch; raises PatchError."""
        with self._lock:
            return self._style.neighbours(patch, distance, count, seed, space)

    def fills(self, patch: Patch, area: Stroke) -> list[Stroke]:
        """What could stand in an area of a sound, best first; see `StyleInstrument.fills`. Raises PatchError."""
        with self._lock:
            return self._style.fills(patch, area)

    def picture(self, patch: Patch) -> np.ndarray:
        """Levels of a patch's sound, uint8 (F, T), sooner than the sound; not to be written to. Raises PatchError."""
        with self._lock:
            return self._picture(patch)

    # -- sounds that are given -----------------------------------------------------------------------------------------

    def encode(self, sound: Sound) -> tuple[float, ...]:
        """The latent of a patch that makes about this sound; raises AudioError or CheckpointError."""
        with self._lock:
            return self._style.encode(sound)

    def heard(self, sound: Sound, patch: Patch) -> Sound:
        """A given sound as the model would make it at best, as loud as the patch says."""
        with self._lock:
            return self._style.heard(sound, patch)

    def match(self, sound: Sound, category: str | None = None, seed: int = 0) -> Patch:
        """The patch that the encoder finds for a sound, in the category that fits best unless one is named, with the
        noise of a seed.

        Raises as `encode`, and PatchError.
        """
        with self._lock:
            return self._style.match(sound, category, seed)

    def refine(self, patch: Patch, sound: Sound, budget: Budget, report: Callable[[float], object]) -> Patch:
        """The patch that is nearest to a sound when the budget is spent; `report` hears the share that is.

        Others have their turns between two steps. Raises as `encode`, PatchError, and whatever `report` does, which
        ends the search.
        """
        nearest = spend(budget, self._style.refine(patch, sound), report, self._lock)
        return replace(patch, latent=tuple(nearest.ws.flatten().tolist()))

    def completed(self, patch: Patch, sound: Sound) -> Patch:
        """The patch with what its latent lacks of a sound, as its residual; raises as `encode`."""
        with self._lock:
            return self._style.completed(patch, sound)


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


@st.cache_resource(max_entries=MAX_LOADED, show_spinner=False, on_release=lambda _: _settle_soon())
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


def _settle_soon() -> None:
    """`_settle` in a moment: an instrument that the cache lets go of is still in its hands, and would stay."""
    later = threading.Timer(SETTLES_AFTER, _settle)
    later.daemon = True
    later.start()


def warm_up() -> None:
    """Loads the model that a first visit opens, and what morphs and matches listen with; what is amiss is told by the
    page, not here."""
    try:
        if cards := catalogue():
            instrument(default_patch(cards).model)
            from synth.audio import decoder  # here, so that the server listens before torch is imported
            from synth.latents.match import perceptual

            decoder.warm_up()
            perceptual()
    except SonoformError as error:
        log.warning("%s", error)


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Begins to load the first model while the server starts to listen."""
    bounded()
    threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
    async with trimmed():
        yield
