"""The instrument of any model, whatever its family."""

from __future__ import annotations

from pathlib import Path

from synth.checkpoint.families import FAMILIES, PLAIN
from synth.checkpoint.store import find, load_card
from synth.errors import CheckpointError
from synth.instruments.instrument import Instrument
from synth.instruments.plain import PlainInstrument
from synth.instruments.style import StyleInstrument


def load(model: str | Path, device: str = "auto") -> Instrument:
    """Loads a model by id, or from a checkpoint folder; raises CheckpointError if anything is amiss."""
    folder = Path(model) if isinstance(model, Path) else find(model)
    card = load_card(folder)
    if card.family not in FAMILIES:
        raise CheckpointError(f"{folder} is of the family {card.family!r}, unknown to this version: update Sonoform")
    kind = PlainInstrument if card.family in PLAIN else StyleInstrument
    return kind.load(folder, device, card)
