"""Names of files that say what is in them, and are names on every system."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from hashlib import sha256

from synth.patch.patch import Patch

MOST_SLIDERS = 4  # that a name tells, those that are moved furthest
LONGEST_WORD = 20
_KEPT = set("abcdefghijklmnopqrstuvwxyz0123456789")


def file_stem(patch: Patch) -> str:
    """Of a patch's file, without its suffix: metal_hit_bright+3_s7.

    Model (unless it is the usual one), category, sliders, seed; and four signs of its own for a patch that is more
    than that, so that no two patches of a folder have one name.
    """
    model = None if patch.model == Patch().model and patch.category else patch.model
    words = [word(part) for part in (model, patch.category) if part]
    stem = "_".join([*words, *sliders(patch), f"s{patch.seed}"])
    bare = Patch(model=patch.model, category=patch.category, seed=patch.seed)
    plain = replace(bare, sliders=patch.sliders) == patch and len(patch.sliders) <= MOST_SLIDERS
    return stem if plain else f"{stem}_{sha256(patch.to_json().encode()).hexdigest()[:4]}"


def title(patch: Patch) -> str:
    """A short name for people: category, seed or that it is not one of a seed, sliders."""
    what = (patch.category or patch.model).replace("_", " ").capitalize()
    begun = f"{what} {patch.seed}" if patch.latent is None else f"{what}, found"
    return ", ".join([begun, *(f"{name} {amount:+.3g}" for name, amount in furthest(patch))])


def sliders(patch: Patch) -> list[str]:
    """The sliders that stand furthest from zero, in words: bright+3, sustain-1.5."""
    return [f"{word(name)}{amount:+.3g}" for name, amount in furthest(patch)]


def furthest(patch: Patch) -> list[tuple[str, float]]:
    """The sliders that a name tells, with their amounts, those that stand furthest from zero first."""
    return sorted(patch.sliders.items(), key=lambda item: -abs(item[1]))[:MOST_SLIDERS]


def word(name: str, longest: int = LONGEST_WORD, also: str = "") -> str:
    """A name as part of a file's: small letters of ASCII and digits, others as _ or what they are without accents.

    also: signs that stay as they are.
    """
    flat = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    kept = "".join(c if c in _KEPT or c in also else "_" for c in flat)
    return "_".join(filter(None, kept.split("_")))[:longest].strip("_") or "x"
