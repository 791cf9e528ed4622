"""A kit's file, `kit.toml`, and whether the models that there are can play it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from synth.checkpoint.fit import Cards, direction_names, has_direction
from synth.errors import KitError, SonoformError
from synth.kits.kit import Kit, Pad, kit_of
from synth.patch.factors import spelled
from synth.patch.patch import Patch
from synth.sound.patch_file import read_patch

LARGEST = 16 << 20  # bytes


def read_kit(path: Path, base: Patch) -> Kit:
    """The kit of a TOML file; base: as `kit_of` takes it. A pad's `patch` names a JSON file or a sound, from the kit's
    folder on. Raises KitError."""
    try:
        if path.stat().st_size > LARGEST:
            raise KitError(f"{path} is larger than a kit's file can be ({LARGEST >> 20} MB): name another file")
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise KitError(f"{path} cannot be read as a kit: name a TOML file, such as kit.toml") from error
    except tomllib.TOMLDecodeError as error:
        raise KitError(f"{path} is not TOML ({str(error).rstrip('.')}): mend it there") from error
    pads = values.get("pad")
    if isinstance(pads, list):
        values["pad"] = [_with_patch(pad, path.parent, number) for number, pad in enumerate(pads, 1)]
    return kit_of({"name": path.stem, **values}, base)


def _with_patch(pad: Any, folder: Path, number: int) -> Any:
    """A pad whose patch, named by a file, is read."""
    if not isinstance(pad, Mapping) or "patch" not in pad:
        return pad
    if not isinstance(pad["patch"], str):
        raise KitError(f"pad {number}: patch must name a file, a JSON one or a sound that Sonoform exported")
    try:
        return {**pad, "patch": read_patch(folder / pad["patch"])}
    except SonoformError as error:
        raise KitError(f"pad {number}: {error}") from error


def fitted(kit: Kit, cards: Cards) -> Kit:
    """The kit with its sliders as its models spell them; raises KitError for what they do not have."""
    return replace(kit, pads=tuple(_fitted(pad, number, cards) for number, pad in enumerate(kit.pads, 1)))


def _fitted(pad: Pad, number: int, cards: Cards) -> Pad:
    patch = pad.patch
    card = cards.get(patch.model)
    if card is None:
        raise KitError(f"pad {number}: there is no model {patch.model}: use {', '.join(cards) or 'another folder'}")
    if patch.category is not None and patch.category not in card.categories:
        known = f"use {', '.join(card.categories)}" if card.categories else "it takes none, leave it out"
        raise KitError(f"pad {number}: {card.id} has no category {patch.category!a}: {known}")
    names = direction_names(card)
    sliders = {spelled(name, names): amount for name, amount in patch.sliders.items()}
    unknown = [name for name in sliders if not has_direction(card, name)]
    if unknown:
        known = f"use {', '.join(names)}" if names else "it has none, leave them out"
        raise KitError(f"pad {number}: {card.id} has no slider {unknown[0]!a}: {known}")
    return replace(pad, patch=replace(patch, sliders=sliders))
