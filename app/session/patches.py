"""The patch of one browser session: how a link opens it, how a control changes it, how it is undone. No Streamlit."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Self, TypeVar

from synth.checkpoint.fit import Cards, Opened, default_patch, fit, open_patch
from synth.checkpoint.starting_points import opening
from synth.errors import PatchError
from synth.patch.patch import Patch

MAX_HISTORY = 500
SLIDERS = "sliders."
LEVELLED = "levelled"
# Keys of the address that belong to the app itself, never to a patch.
RESERVED = ("app", "classic", "reference", "morph", "vary", "batch", "test", "listener")
# What `?app=` has called the pages, and still may.
ALIASES = {"our-algo": "Shape", "algo-2": "Explore", "algo2": "Explore", "algo-1": "Query", "algo1": "Query"}
PULL = 0.7  # of a prototype that was just chosen

Value = TypeVar("Value")


@dataclass
class Timeline(Generic[Value]):
    """Values in the order they were made, and the place of the current one."""

    entries: list[Value] = field(default_factory=list)
    at: int = -1

    @classmethod
    def begin(cls, first: Value) -> Self:
        return cls([first], 0)

    @property
    def current(self) -> Value:
        return self.entries[self.at]

    @property
    def can_undo(self) -> bool:
        return self.at > 0

    @property
    def can_redo(self) -> bool:
        return self.at < len(self.entries) - 1

    def push(self, value: Value) -> None:
        """Makes a value the current one; what was undone before it is forgotten."""
        if value == self.current:
            return
        self.entries = [*self.entries[: self.at + 1], value][-MAX_HISTORY:]
        self.at = len(self.entries) - 1

    def undo(self) -> None:
        self.at = max(self.at - 1, 0)

    def redo(self) -> None:
        self.at = min(self.at + 1, len(self.entries) - 1)


class History(Timeline[Patch]):
    """The patches of a session."""

    @property
    def patch(self) -> Patch:
        return self.current


def open_link(query: Mapping[str, str], cards: Cards, installed: Collection[str] = ()) -> Opened:
    """The patch of a URL's query; what it asks for in vain is left at its default and named in the warning.

    cards: the models that the page can play; installed: all there are.
    """
    start = default_patch(cards)
    asked = {key: text for key, text in query.items() if key not in RESERVED}
    if not asked:
        return Opened(start)
    try:
        patch = Patch.from_query(asked)
    except PatchError as error:
        return Opened(start, f"The link cannot be used, so the page starts from its defaults ({error}).")
    if set(asked) == {"m"} and patch.model in cards:  # a model and no sound of it
        return Opened(opening(cards[patch.model]))
    return open_patch(patch, cards, installed)


def turn(patch: Patch, name: str, value: Any, cards: Cards) -> Patch:
    """The patch after one control moved: `name` is a field of the patch, "sliders.NAME", or LEVELLED (lufs or none)."""
    if name == "model":
        other = replace(patch, model=value, latent=None)
        if value not in cards:
            return other  # gone since the page listed it: rendering says so
        if patch.category not in cards[value].categories:
            begun = opening(cards[value])
            other = replace(other, category=begun.category, seed=begun.seed)
        return fit(other, cards[value])
    if name == "seed":
        return replace(patch, seed=value, latent=None)
    if name == "prototype":  # one that is chosen is heard at once
        return replace(patch, prototype=value, pull=(patch.pull or PULL) if value else 0.0)
    if name == LEVELLED:
        return replace(patch, lufs=Patch().lufs if value else None)
    if name.startswith(SLIDERS):
        return replace(patch, sliders={**patch.sliders, name.removeprefix(SLIDERS): value})
    return replace(patch, **{name: value})


def setting(patch: Patch, name: str) -> Any:
    """The value of a control, by the names that `turn` takes."""
    if name.startswith(SLIDERS):
        return patch.sliders.get(name.removeprefix(SLIDERS), 0.0)
    return patch.lufs is not None if name == LEVELLED else getattr(patch, name)


def cleared(patch: Patch) -> Patch:
    """The bare sound again: model, category and seed stay, everything else takes its default."""
    return Patch(model=patch.model, category=patch.category, seed=patch.seed)
