"""Whether a patch fits a model, and what a model makes of one that does not: defaults, and what is left out.

What pages, routes and verbs ask of a card before an instrument is loaded. No torch.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from synth.checkpoint.card import Card
from synth.checkpoint.families import SPACE, can
from synth.checkpoint.starting_points import opening
from synth.patch import lanes
from synth.patch.factors import ROWS, Factor, spelled
from synth.patch.patch import Patch

Cards = Mapping[str, Card]


@dataclass(frozen=True)
class Opened:
    """What a link opens: the patch, and one sentence for what it asked in vain."""

    patch: Patch
    warning: str | None = None


def default_patch(cards: Cards) -> Patch:
    """The patch of a first visit; `cards` must not be empty."""
    spaces = (name for name, card in cards.items() if can(card.family, SPACE))
    model = Patch().model if Patch().model in cards else next(spaces, next(iter(cards)))
    return opening(cards[model])


def open_patch(patch: Patch, cards: Cards, installed: Collection[str] = ()) -> Opened:
    """A patch of a link or of a file, as the models here can play it; what it asks for in vain is left at its default
    and named in the warning.

    cards: the models that the page can play; installed: all there are.
    """
    if patch.model not in cards:
        return Opened(default_patch(cards), f"The model {unplayable(patch.model, cards, installed)}.")
    card = cards[patch.model]
    names = direction_names(card)
    return _fitted(replace(patch, sliders={spelled(name, names): x for name, x in patch.sliders.items()}), card)


def unplayable(model: str, cards: Cards, installed: Collection[str] = ()) -> str:
    """Why where `cards` alone are played this model is not; `installed`: as `open_patch` takes it."""
    if model in installed:
        return f"{model} has no latent space W, so play it on Generators"
    return f"{model} is not installed; there is {', '.join(cards) or 'none'}"


def _fitted(patch: Patch, card: Card) -> Opened:
    """The patch without what the model does not have."""
    lost = [name for name in patch.sliders if not has_direction(card, name)]
    lost += [f"the lane {lane.name}" for lane in patch.automated if not _follows(card, lane)]
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
        lanes=lanes.text([lane for lane in patch.automated if _follows(card, lane)]) or None,
    )


def _follows(card: Card, lane: lanes.Lane) -> bool:
    """Whether a model has what a lane moves."""
    return not lane.name.startswith(lanes.SLIDERS) or has_direction(card, lane.name.removeprefix(lanes.SLIDERS))


def latent_fits(patch: Patch, card: Card) -> bool:
    """Whether the latent has the size of the model's z, w or w+; true for a model that does not tell its sizes."""
    z_dim = card.network.get("z_dim")
    if patch.latent is None or z_dim is None:
        return True
    if not can(card.family, SPACE):
        found: bool = len(patch.latent) == z_dim
        return found
    w_dim = int(card.network["w_dim"])
    rows = len(patch.latent) / w_dim
    return len(patch.latent) == z_dim or (rows == int(rows) and rows >= 1)


def has_direction(card: Card, name: str) -> bool:
    """Whether a slider of this name moves the model: a direction of its card, or one that is found when asked for."""
    factor = Factor.parse(name)
    return name in direction_names(card) or (
        factor is not None and factor.fits(int(card.network.get("w_dim", 0)), rows(card))
    )


def direction_names(card: Card) -> list[str]:
    return [str(direction["name"]) for direction in card.directions]


def prototype_names(card: Card) -> list[str]:
    return [str(prototype["name"]) for prototype in card.prototypes]


def first_category(card: Card) -> str | None:
    """None where a category cannot be asked for."""
    return next(iter(card.categories), None)


def rows(card: Card) -> int:
    """Rows of the model's w+; 0 where it has none."""
    return ROWS if can(card.family, SPACE) else 0
