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

# Both players from the first image on.
NO_WARM_START = Phases(0.0, 0.0, 0.0)
PLAIN = (
    "cgan",
    "cgan_projected",
    "cgan_sn",
    "wgan",
    "wgan_short",
    "soundgan",
    "soundgan_projected",
    "waveform",
    "waveform_conv",
)

PHASES = {"hits_scratches": LIGHT, "environmental": LIGHT, "tiny": TINY, **dict.fromkeys(PLAIN, NO_WARM_START)}
