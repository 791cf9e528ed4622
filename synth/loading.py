"""The instrument of any model, whatever its family."""

from __future__ import annotations

from pathlib import Path

from synth.checkpoint import find, load_card
from synth.errors import CheckpointError
from synth.families import FAMILIES, PLAIN
from synth.instrument import Instrument
from synth.plain import PlainInstrument
from synth.style import StyleInstrument


def load(model: str | Path, device: str = "auto") -> Instrument:
    """Loads a model by id, or from a checkpoint folder; raises CheckpointError if anything is amiss."""
    folder = Path(model) if isinstance(model, Path) else find(model)
    family = load_card(folder).family
    if family not in FAMILIES:
        raise CheckpointError(f"{folder} is of the family {family!r}, unknown to this version: update Sonoform")
    return PlainInstrument.load(folder, device) if family in PLAIN else StyleInstrument.load(folder, device)
