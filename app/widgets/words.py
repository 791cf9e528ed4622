"""Measurements in the words of people who make sounds: kHz, ms, a second. No Streamlit."""

from __future__ import annotations

DIFFERENCE = (
    "How far the match is from the sound that was given, on average over what can be heard of either: the cells of "
    "both pictures that lie within 60 dB of its loudest. 0 is the same; above 10 another loudness by half"
)
MORE = {
    "brightness": ("brighter", "duller"),
    "rate": ("denser", "sparser"),
    "noisiness": ("noisier", "more tonal"),
    "attack": ("slower to begin", "quicker to begin"),
    "decay": ("slower to die away", "quicker to die away"),
    "sustain": ("longer", "shorter"),
    "distance": ("farther", "nearer"),
}


def amount(descriptor: str, value: float, unit: str = "dB") -> str:
    """What a descriptor of synth/audio/descriptors.py measured; octaves above a unit become that unit."""
    whole = 2.0**value
    if descriptor == "brightness":
        return f"{whole:.3g} kHz" if whole >= 1.0 else f"{1000.0 * whole:.3g} Hz"
    if descriptor == "rate":
        return f"{whole:.3g} a second"
    if descriptor in ("attack", "decay", "sustain"):
        return f"{whole:.3g} s" if whole >= 1.0 else f"{1000.0 * whole:.3g} ms"
    return f"{value:+.1f} {unit.split()[0]}"


def moves(name: str, correlations: dict[str, float]) -> str:
    """What a slider does, from the r of each descriptor along it: "Ringing makes it brighter, and nearer"."""
    from_strongest = sorted(correlations, key=lambda one: -abs(correlations[one]))
    does = [_word(one, correlations[one]) for one in from_strongest if abs(correlations[one]) >= 0.5]
    if not does:
        return f"{name} moves nothing steadily that is measured here"
    return f"{name} makes it {does[0]}{f', and {does[1]}' if len(does) > 1 else ''}"


def _word(descriptor: str, r: float) -> str:
    more, less = MORE.get(descriptor, (f"more in {descriptor}", f"less in {descriptor}"))
    return more if r > 0.0 else less
