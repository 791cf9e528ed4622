"""The sounds that stand together on Generators: which they are, as a value, what its controls do to it, and its files.

No Streamlit.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from synth.checkpoint.fit import Cards, default_patch, first_category
from synth.checkpoint.store import Card
from synth.errors import PatchError
from synth.patch.naming import file_stem
from synth.patch.patch import Patch
from synth.sound.sound import Sound
from synth.zips import packed

if TYPE_CHECKING:
    from app.server.instruments import SharedInstrument

MOST, STEPS = 25, 10
SCALES = (0.01, 1.0)
SEEDS = 2**32
# What each mode goes by, besides model, category, first seed and truncation.
MODES = {
    "seeds": ("count",),
    "around": ("count", "scale", "roll", "centre"),
    "between": ("a", "b"),
    "compare": ("count", "other"),
}


@dataclass(frozen=True)
class Batch:
    """Sounds of a model, or of two.

    mode: one of MODES: the sounds of seeds, variations of one, steps between two, the same seeds by another model.
    seed: the first one. scale, roll: how far variations are from their centre, and which draws they are. centre, a, b:
    places in z, each the seed or the latent of a patch; where it is None the first seeds take its place.
    """

    model: str
    category: str | None = None
    seed: int = 0
    psi: float = 1.0
    mode: str = "seeds"
    count: int = STEPS
    other: str | None = None
    scale: float = 0.1
    roll: int = 0
    centre: Patch | None = None
    a: Patch | None = None
    b: Patch | None = None

    def at(self, place: Patch | None, number: int = 0) -> Patch:
        """The patch at a place in z, where there is none that of the `number`-th seed."""
        place = place or Patch(seed=(self.seed + number) % SEEDS)
        return Patch(self.model, self.category, place.seed, place.latent, self.psi)

    def to_query(self) -> str:
        """The batch as the query of a URL (without "?"), as far as its mode shows it."""
        pairs = parse_qsl(Patch(self.model, self.category, self.seed, psi=self.psi).to_query())
        shown = {name: getattr(self, name) for name in MODES[self.mode]}
        own = {name: value.to_query() if isinstance(value, Patch) else value for name, value in shown.items()}
        return urlencode([*pairs, ("mode", self.mode), *((k, v) for k, v in own.items() if v is not None)])

    @classmethod
    def from_query(cls, query: str) -> Batch:
        """The inverse of `to_query`; raises PatchError."""
        try:
            pairs = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=True))
        except ValueError:
            raise PatchError("batch", "is not the query of a URL: copy the whole link") from None
        own = {name: read(name, pairs.pop(name)) for name, read in _READ.items() if name in pairs}
        patch = Patch.from_query(pairs)
        return cls(patch.model, patch.category, patch.seed, patch.psi, **own)


def _whole(low: int, high: int) -> Callable[[str, str], int]:
    def read(name: str, text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,10}", text) or not low <= int(text) <= high:
            raise PatchError(name, f"must be a whole number in {low}..{high}")
        return int(text)

    return read


def _scale(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not SCALES[0] <= number <= SCALES[1]:  # NaN is in no range
        raise PatchError(name, f"must be a number in {SCALES[0]:g}..{SCALES[1]:g}")
    return number


def _mode(name: str, text: str) -> str:
    if text not in MODES:
        raise PatchError(name, f"must be one of {', '.join(MODES)}")
    return text


def _model(name: str, text: str) -> str:
    return Patch(model=text).model


def _place(name: str, text: str) -> Patch:
    return place(Patch.from_query(text))


_READ: Mapping[str, Callable[[str, str], Any]] = {
    "mode": _mode,
    "count": _whole(1, MOST),
    "other": _model,
    "scale": _scale,
    "roll": _whole(0, SEEDS - 1),
    "centre": _place,
    "a": _place,
    "b": _place,
}


def place(patch: Patch) -> Patch:
    """Where in z a patch is, and nothing else of it."""
    return Patch(seed=patch.seed, latent=patch.latent)


# -- what controls do ----------------------------------------------------------------------------------------------


def begun(patch: Patch) -> Batch:
    """The batch that begins with the sound at hand."""
    return Batch(patch.model, patch.category, patch.seed)


def fitted(batch: Batch, cards: Cards) -> tuple[Batch, str | None]:
    """The batch as the installed models can play it, and one sentence for what it asked in vain."""
    if batch.model not in cards:
        named = ", ".join(cards)
        first = begun(default_patch(cards))
        return (
            first,
            f"The model {batch.model} is not installed, so the page starts from {first.model}; there is {named}.",
        )
    card = cards[batch.model]
    fit = with_model(batch, card)
    lost = [str(batch.category)] if batch.category not in (None, *card.categories) else []
    lost += [name for name in ("centre", "a", "b") if getattr(fit, name) != getattr(batch, name)]
    sentence = f"The model {card.id} does not have {', '.join(lost)}, so the page leaves that out." if lost else None
    if batch.mode == "compare":
        fit = compared(fit, cards)
        if batch.other and batch.other not in cards:
            sentence = f"The model {batch.other} is not installed, so the page compares with another."
    return fit, sentence


def with_model(batch: Batch, card: Card) -> Batch:
    """The same batch by another model: its category where it has that, its seeds, and latents of its size alone."""
    category = batch.category if batch.category in card.categories else first_category(card)
    centre, a, b = (_kept(at, card) for at in (batch.centre, batch.a, batch.b))
    return replace(batch, model=card.id, category=category, centre=centre, a=a, b=b)


def _kept(at: Patch | None, card: Card) -> Patch | None:
    fits = at is None or at.latent is None or len(at.latent) == card.network.get("z_dim")
    return at if fits else None


def compared(batch: Batch, cards: Cards) -> Batch:
    """The batch with another model beside its own, and a category that both have where there is one."""
    others = [name for name in cards if name != batch.model]
    known = batch.other if batch.other in others else None
    alike = (name for name in others if batch.category in cards[name].categories)
    batch = replace(batch, mode="compare", other=known or next(alike, next(iter(others), None)))
    shared = choices(batch, cards)
    return batch if batch.category in shared else replace(batch, category=next(iter(shared), None))


def choices(batch: Batch, cards: Cards) -> tuple[str, ...]:
    """Categories to choose from: of two models those that both have, if there are any."""
    own = cards[batch.model].categories
    other = cards[batch.other].categories if batch.mode == "compare" and batch.other else ()
    return tuple(name for name in own if name in other) or own


def beside(batch: Batch, card: Card) -> Batch:
    """The same seeds by the other model."""
    return with_model(replace(batch, mode="seeds"), card)


# -- its sounds ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Item:
    """A sound of a batch: what makes it, what people call it, and the name of its file, without a suffix."""

    patch: Patch
    title: str
    stem: str


def items(batch: Batch, shared: SharedInstrument) -> list[Item]:
    """All sounds of a batch by its own model; raises PatchError."""
    if batch.mode == "around":
        centre = batch.at(batch.centre)
        near = shared.varied(centre, batch.scale, batch.count, batch.roll)
        return [Item(centre, f"{title(centre)}, the centre", file_stem(centre)), *_numbered(near, "Variation", "near")]
    if batch.mode == "between":
        steps = shared.between(batch.at(batch.a), batch.at(batch.b, 1), STEPS)
        return _numbered(steps, "Step", "step")
    drawn = (batch.at(None, number) for number in range(batch.count))
    return [Item(patch, title(patch), file_stem(patch)) for patch in drawn]


def _numbered(patches: Sequence[Patch], word: str, suffix: str) -> list[Item]:
    named = enumerate(patches, 1)
    return [Item(patch, f"{word} {i}", f"{file_stem(patch)}-{suffix}-{i:02d}") for i, patch in named]


def title(at: Patch) -> str:
    """What people call a place in z."""
    return f"Seed {at.seed}" if at.latent is None else f"Near seed {at.seed}"


def bundle(takes: Sequence[tuple[Item, Sound]]) -> bytes:
    """A zip: every sound with its patch in it, and a list of them."""
    rows = [("file", "model", "category", "seed", "what", "truncation", "seconds")]
    for item, sound in takes:
        patch = item.patch
        told = (f"{item.stem}.wav", patch.model, patch.category or "", str(patch.seed), item.title)
        rows.append((*told, f"{patch.psi:g}", f"{sound.seconds:.2f}"))
    listed = "".join("\t".join(row) + "\n" for row in rows)
    files = {f"{item.stem}.wav": sound.to_bytes("wav", "PCM_24") for item, sound in takes}
    return packed({**files, "sounds.txt": listed.encode()})
