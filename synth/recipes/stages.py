"""How long each phase of a run lasts in each preset, for the trainer and for the page that plans a run. No torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Phases:
    """Lengths in thousands of sounds; the rest of a run is statistics, or adversarial."""

    outline: float = 160.0
    features: float = 40.0


LIGHT = Phases()
# For clips of a few hundredths of a second, and for seeing the whole way in a minute.
TINY = Phases(0.04, 0.02)

# Both players from the first image on.
NO_WARM_START = Phases(0.0, 0.0)
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

PHASES = {
    **dict.fromkeys(("hits_scratches", "environmental", "studio"), LIGHT),
    "tiny": TINY,
    **dict.fromkeys(PLAIN, NO_WARM_START),
}
