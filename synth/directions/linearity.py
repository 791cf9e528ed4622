"""How straight a slider is: descriptors of sounds against its position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch

from synth.directions.calibration import PLACES, Calibration
from synth.directions.direction import Direction, along
from synth.directions.listening import ORDER, Listener

POSITIONS = tuple(float(p) for p in range(-5, 6))
SHARES = (0.6, 0.5, 0.4, 0.3, 0.25, 0.2, 0.17, 0.14, 0.11, 0.08)
STRAIGHT = 0.91


@dataclass(frozen=True)
class Line:
    """One descriptor under one slider, over all seeds.

    r: Pearson's, between position and what each sound measures less that sound's mean over positions, of all sounds
    and positions together: 1 only if every sound follows the slider, by the same amount. slope: units of the
    descriptor by one of the slider. middle, low, high: median, 10th and 90th percentile over seeds at each position.
    """

    r: float
    slope: float
    middle: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


def curves(
    listener: Listener,
    direction: Direction,
    seeds: Sequence[int],
    positions: Sequence[float] = POSITIONS,
    phase: bool = True,
) -> np.ndarray:
    """Descriptors (len(seeds), len(positions), len(DESCRIPTORS)); `phase` as `Listener.hear` takes it."""
    at = np.broadcast_to(positions, (len(seeds), len(positions)))
    if calibration := direction.calibration:
        at = _places(calibration, tracks(listener, direction, calibration.descriptor, seeds), positions)
    return _heard(listener, direction, seeds, at, phase)


def _places(calibration: Calibration, values: np.ndarray, positions: Sequence[float] = POSITIONS) -> np.ndarray:
    """(len(values), len(positions)), for sounds that measure `values` (n, len(PLACES)) along a direction."""
    return np.array([[calibration.place(p, of) for p in positions] for of in values])


def _heard(
    listener: Listener, direction: Direction, seeds: Sequence[int], places: np.ndarray, phase: bool = True
) -> np.ndarray:
    """Descriptors at places (len(seeds), k) of a direction, (len(seeds), k, len(DESCRIPTORS))."""
    ws = listener.generator.broadcast(listener.draw(seeds))
    return np.stack([listener.hear(along(ws, direction, torch.tensor(at)), seeds, phase) for at in places.T], axis=1)


def tracks(listener: Listener, direction: Direction, descriptor: str, seeds: Sequence[int]) -> np.ndarray:
    """What each sound measures at PLACES on a direction, (len(seeds), len(PLACES))."""
    ws = listener.generator.broadcast(listener.draw(seeds))
    textures = (listener.textures([seed]) for seed in seeds)
    return np.stack([listener.track(w[None], t, direction, descriptor) for w, t in zip(ws, textures, strict=True)])


def lines(measured: np.ndarray, positions: Sequence[float] = POSITIONS) -> dict[str, Line]:
    """What `curves` found, by descriptor."""
    return {name: _line(measured[:, :, i], np.asarray(positions)) for i, name in enumerate(ORDER)}


def _line(y: np.ndarray, positions: np.ndarray) -> Line:
    """y (seeds, positions)."""
    x = np.broadcast_to(positions - positions.mean(), y.shape)
    centred = y - y.mean(1, keepdims=True)
    together, spread = float((x * centred).sum()), float(np.sqrt((x**2).sum() * (centred**2).sum()))
    low, middle, high = np.percentile(y, (10, 50, 90), axis=0)
    return Line(
        together / spread if spread > 0.0 else 0.0,
        together / float((x**2).sum()),
        tuple(middle.tolist()),
        tuple(low.tolist()),
        tuple(high.tolist()),
    )


def calibrated(listener: Listener, direction: Direction, descriptor: str, seeds: Sequence[int]) -> Direction:
    """A direction whose slider is held to the longest step that stays straight; the straightest if none does.

    Steps are SHARES of the descriptor's standard deviation over the sounds; straight is an r of STRAIGHT. It is
    foretold of all steps, between PLACES by interpolation, which flatters; a step that is good by it is then heard.
    """
    values = tracks(listener, direction, descriptor, seeds)
    spread = float(values[:, len(PLACES) // 2].std())
    steps = [Calibration(descriptor, share * spread) for share in SHARES]
    foretold = [_foretold(calibration, values) for calibration in steps]

    def straight(i: int) -> bool:
        heard = _heard(listener, direction, seeds, _places(steps[i], values))
        return lines(heard)[descriptor].r >= STRAIGHT

    promising = (i for i, r in enumerate(foretold) if r >= STRAIGHT)
    best = next((i for i in promising if straight(i)), int(np.argmax(foretold)))
    return replace(direction, calibration=steps[best])


def _foretold(calibration: Calibration, values: np.ndarray) -> float:
    """The r of a calibrated slider by what sounds measure (n, len(PLACES)) along its direction."""
    places = _places(calibration, values)
    met = np.array([np.interp(at, PLACES, of) for at, of in zip(places, values, strict=True)])
    return _line(met, np.asarray(POSITIONS)).r
