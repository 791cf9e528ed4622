"""The patch of one browser session: how a link opens it, how a control changes it, how it is undone. No Streamlit."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Self, TypeVar

from synth.checkpoint import Card
from synth.errors import PatchError
from synth.factors import Factor
from synth.families import SPACE, can
from synth.patch import Patch

MAX_HISTORY = 500
SLIDERS = "sliders."
LEVELLED = "levelled"
# Keys of the address that belong to the app itself, never to a patch.
RESERVED = ("app", "classic", "reference", "morph", "vary", "batch")
# What `?app=` has called the pages, and still may.
ALIASES = {"our-algo": "Shape", "algo-2": "Explore", "algo2": "Explore", "algo-1": "Query", "algo1": "Query"}
PULL = 0.7  # of a prototype that was just chosen

Cards = Mapping[str, Card]
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


@dataclass(frozen=True)
class Opened:
    """What a link opens: the patch, and one sentence for what it asked in vain."""

    patch: Patch
    warning: str | None = None


def default_patch(cards: Cards) -> Patch:
    """The patch of a first visit; `cards` must not be empty."""
    spaces = (name for name, card in cards.items() if can(card.family, SPACE))
    model = Patch().model if Patch().model in cards else next(spaces, next(iter(cards)))
    return Patch(model=model, category=first_category(cards[model]))


def first_category(card: Card) -> str | None:
    """None where a category cannot be asked for."""
    return next(iter(card.categories), None)


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
    if patch.model not in cards:
        return Opened(start, f"The model {unplayable(patch.model, cards, installed)}.")
    return _fitted(patch, cards[patch.model])


def unplayable(model: str, cards: Cards, installed: Collection[str] = ()) -> str:
    """Why where `cards` alone are played this model is not; `installed`: as `open_link` takes it."""
    if model in installed:
        return f"{model} has no latent space W, so play it on Generators"
    return f"{model} is not installed; there is {', '.join(cards) or 'none'}"


def _fitted(patch: Patch, card: Card) -> Opened:
    """The patch without what the model does not have."""
    lost = [name for name in patch.sliders if not has_direction(card, name)]
    if patch.category is not None and patch.category not in card.categories:
        lost.insert(0, patch.category)
    if patch.prototype is not None and patch.prototype not in prototype_names(card):
        lost.append(f"the prototype {patch.prototype}")
    if not latent_fits(patch, card):
        lost.append("its latent")
    warning = f"The model {card.id} does not have {', '.join(lost)}, so the page leaves that out." if lost else None
    return Opened(fit(patch, card), warning)


def fit(patch: Patch, card: Card) -> Patch:
    """The same patch on this model: its category spelled out, what the model does not have left out."""
    return replace(
        patch,
        model=card.id,
        category=patch.category if patch.category in card.categories else first_category(card),
        sliders={name: amount for name, amount in patch.sliders.items() if has_direction(card, name)},
        latent=patch.latent if latent_fits(patch, card) else None,
        prototype=patch.prototype if patch.prototype in prototype_names(card) else None,
    )


def latent_fits(patch: Patch, card: Card) -> bool:
    """Whether the latent has the size of the model's z, w or w+; true for a model that does not tell its sizes."""
    z_dim = card.network.get("z_dim")
    if patch.latent is None or z_dim is None:
        return True
    if not can(card.family, SPACE):
        return len(patch.latent) == z_dim
    w_dim = int(card.network["w_dim"])
    rows = len(patch.latent) / w_dim
    return len(patch.latent) == z_dim or (rows == int(rows) and rows >= 1)


def direction_names(card: Card) -> list[str]:
    return [str(direction["name"]) for direction in card.directions]


def has_direction(card: Card, name: str) -> bool:
    """Whether a slider of this name moves the model: a direction of its card, or one that is found when asked for."""
    factor = Factor.parse(name)
    return name in direction_names(card) or (
        factor is not None and factor.fits(int(card.network.get("w_dim", 0)), rows(card))
    )


def rows(card: Card) -> int:
    """Rows of the model's w+: two a resolution, as `GeneratorConfig.num_ws`."""
    return 2 * len(card.network.get("widths", ()))


def prototype_names(card: Card) -> list[str]:
    return [str(prototype["name"]) for prototype in card.prototypes]


def turn(patch: Patch, name: str, value: Any, cards: Cards) -> Patch:
    """The patch after one control moved: `name` is a field of the patch, "sliders.NAME", or LEVELLED (lufs or none)."""
    if name == "model":
        other = replace(patch, model=value, latent=None)
        return fit(other, cards[value]) if value in cards else other  # gone since the page listed it: rendering says so
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


def file_stem(patch: Patch) -> str:
    """Name of an exported file, without its suffix."""
    return "-".join(filter(None, (patch.model, patch.category, str(patch.seed))))
