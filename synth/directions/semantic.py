"""What semantic sliders mean: the descriptor that each should move, and exemplars of its two ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from synth.directions.exemplars import Bubbles, Bursts, Exemplar, Scrapes, Strikes, farther, synthesise

FEW, MANY = (1, 2), (10, 20)
COUNTS = (*FEW, 4, 8, 16)
FAR_METRES = 12.0

Sounds = list[np.ndarray]


@dataclass(frozen=True)
class Meaning:
    """A slider: its name, those of its ends, the descriptor it should move, and the exemplars of both ends.

    against: descriptors that it should leave alone. exemplars: (seconds, rate) -> the low and the high end's sounds,
    which differ in nothing else as far as that can be.
    """

    name: str
    ends: tuple[str, str]
    descriptor: str
    against: tuple[str, ...]
    exemplars: Callable[[float, int], tuple[Sounds, Sounds]]


def _all(exemplars: Sequence[Exemplar], seconds: float, rate: int) -> Sounds:
    return [synthesise(e, seconds, rate, seed) for seed, e in enumerate(exemplars)]


def _hits(counts: Sequence[int], bright: bool) -> list[Exemplar]:
    """Struck things of four materials, each at every count: small ones under a hard mallet, or large and soft."""
    objects = (("wood", "bar", 0.3), ("metal", "plate", 0.3), ("glass", "plate", 0.15), ("rubber", "bar", 0.1))
    size, hardness = (0.5, 0.9) if bright else (1.0, 0.2)
    return [Strikes(m, s, size * length, hardness, count) for count in counts for m, s, length in objects]


def _scratches(counts: Sequence[int], bright: bool, seconds: float) -> list[Exemplar]:
    speed, resonance = (2.0, 4000.0) if bright else (0.3, 500.0)
    width = [min(0.25, 0.8 * seconds / count) for count in counts]
    return [
        Scrapes(w, speed, grain, resonance, count)
        for w, count in zip(width, counts, strict=True)
        for grain in (3e-4, 6e-4)
    ]


def _noises(counts: Sequence[int], bright: bool) -> list[Exemplar]:
    low, high = (2000.0, 7800.0) if bright else (50.0, 600.0)
    return [Bursts(w, count, 0.0, low, high, 3, 0.0, 0.7, 2.0) for count in counts for w in (0.03, 0.1)]


def _drops(counts: Sequence[int], bright: bool) -> list[Exemplar]:
    return [Bubbles(r * (0.5 if bright else 2.0), 0.3, 0.1, count) for count in counts for r in (0.002, 0.003)]


def _scenes(counts: Sequence[int], bright: bool, seconds: float) -> list[Exemplar]:
    return [
        *_hits(counts, bright),
        *_scratches(counts, bright, seconds),
        *_noises(counts, bright),
        *_drops(counts, bright),
    ]


def _dark_bright(seconds: float, rate: int) -> tuple[Sounds, Sounds]:
    dark, bright = (_all(_scenes(COUNTS, b, seconds), seconds, rate) for b in (False, True))
    return dark, bright


def _few_many(seconds: float, rate: int) -> tuple[Sounds, Sounds]:
    few, many = (
        _all([e for b in (False, True) for e in _scenes(counts, b, seconds)], seconds, rate) for counts in (FEW, MANY)
    )
    return few, many


def _hit_scratch(seconds: float, rate: int) -> tuple[Sounds, Sounds]:
    hits = [e for b in (False, True) for e in _hits(COUNTS, b)]
    scratches = [e for b in (False, True) for e in _scratches(COUNTS, b, seconds)]
    return _all(hits, seconds, rate), _all(scratches, seconds, rate)


def _tonal_noisy(seconds: float, rate: int) -> tuple[Sounds, Sounds]:
    """Metal that rings, and bands of noise, at the same few counts."""
    rings: list[Exemplar] = [
        Strikes("metal", shape, size, 0.5, count, 0.5)
        for shape in ("bar", "plate")
        for size in (0.1, 0.2, 0.4)
        for count in FEW
    ]
    bands = ((100.0, 2000.0), (500.0, 4000.0), (1000.0, 7800.0))
    noises: list[Exemplar] = [
        Bursts(w, count, 0.5, low, high, 2, 0.05, 0.7) for w in (0.4, 0.8) for low, high in bands for count in FEW
    ]
    return _all(rings, seconds, rate), _all(noises, seconds, rate)


def _near_far(seconds: float, rate: int) -> tuple[Sounds, Sounds]:
    near = _all([e for b in (False, True) for e in _scenes((*FEW, 8), b, seconds)], seconds, rate)
    return near, [farther(x, rate, FAR_METRES, seed) for seed, x in enumerate(near)]


_BRIGHTNESS = Meaning("Brightness", ("dark", "bright"), "brightness", ("rate", "noisiness", "sustain"), _dark_bright)
_RATE = Meaning("Rate", ("sparse", "dense"), "rate", ("brightness", "noisiness"), _few_many)
HITS = (
    _BRIGHTNESS,
    _RATE,
    Meaning("Impact type", ("hit", "scratch"), "sustain", ("brightness", "noisiness"), _hit_scratch),
)
SCENES = (
    _BRIGHTNESS,
    _RATE,
    Meaning("Tonal-noisy", ("tonal", "noisy"), "noisiness", ("brightness", "rate"), _tonal_noisy),
    Meaning("Near-far", ("near", "far"), "distance", ("rate", "noisiness"), _near_far),
)
MEANINGS = {"hits": HITS, "scenes": SCENES}
# Those of a model of somebody's own sounds, whatever they are: found without exemplars.
OWN = (
    _BRIGHTNESS,
    _RATE,
    Meaning("Sustain", ("short", "long"), "sustain", ("brightness", "noisiness"), _hit_scratch),
)
