"""How long each phase of a run lasts in each preset, for the trainer and for the page that plans a run. No torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Phases:
    """Lengths in thousands of images; the rest of a run is adversarial."""

    outline: float = 240.0
    reconstruct: float = 5.0
    discriminate: float = 0.5


LIGHT = Phases()
# For clips of a few hundredths of a second, and for seeing the whole way in a minute.
TINY = Phases(0.032, 0.02, 0.016)

PHASES = {"hits_scratches": LIGHT, "environmental": LIGHT, "tiny": TINY}
