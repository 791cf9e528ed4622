"""The synthetic reference of the page Query: its settings as a link holds them, and examples. No Streamlit.

The sound itself is made by synth.directions.exemplars.
"""

from __future__ import annotations

from dataclasses import astuple, fields

from synth.directions.exemplars import Bursts, check, synthesise
from synth.errors import AudioError
from synth.sound.reading import SILENCE
from synth.sound.sound import Sound

RATES = {"Very low": 1, "Low": 3, "Medium": 7, "High": 15, "Very high": 20}  # impulses in a sound
LOWEST, HIGHEST = 0, 7990  # Hz, the band's ends

EXAMPLES = {
    "Dull knocks": Bursts(0.05, 7, 0.0, 0, 700, 5, 0.0, 0.5, 1.0),
    "One thud": Bursts(0.2, 1, 0.0, 0, 300, 3, 0.0, 1.0, 3.0),
    "One bright hit": Bursts(0.12, 1, 0.0, 1500, 7990, 2, 0.0, 1.0, 4.0),
    "Ticks": Bursts(0.01, 15, 0.0, 2000, 7990, 2, 0.0, 0.5, 1.0),
    "Scratches": Bursts(0.25, 3, 0.0, 1000, 6000, 2, 0.5, 0.5, 1.0),
    "Uneven taps": Bursts(0.03, 15, 0.8, 300, 3000, 3, 0.0, 1.0, 2.0),
    "Rain": Bursts(1.5, 20, 1.0, 800, 7990, 1, 0.0, 0.0, 1.0),
    "Motor": Bursts(0.1, 20, 0.0, 40, 500, 3, 0.2, 0.2, 1.0),
    "Swell": Bursts(2.0, 1, 0.0, 100, 2000, 2, 0.7, 0.3, 2.0),
}


def sound(reference: Bursts, seconds: float, rate: int) -> Sound:
    """The reference, heard; raises AudioError where its band lets nothing through."""
    made = Sound(synthesise(reference, seconds, rate), rate)
    if abs(made.samples).max() < SILENCE:
        raise AudioError("the reference is silent: widen its band or its impulses")
    return made


def to_text(reference: Bursts) -> str:
    return "_".join(f"{value:g}" for value in astuple(reference))


def from_text(text: str) -> Bursts | None:
    """The inverse of `to_text`; None for anything that the controls cannot stand at."""
    try:
        numbers = [float(part) for part in text.split("_")]
        settings = {
            item.name: int(value) if item.type == "int" else value
            for item, value in zip(fields(Bursts), numbers, strict=True)
        }
        found = Bursts(**settings)  # type: ignore[arg-type]
        check(found)
    except (ValueError, OverflowError, AudioError):
        return None
    edges = LOWEST <= found.low <= found.high <= HIGHEST
    return found if edges and found.count in RATES.values() and found.order <= 5 and found.exponent >= 1.0 else None
