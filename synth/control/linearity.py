"""How straight a slider is: descriptors of sounds against its position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from synth.control.latent import Direction, bend
from synth.control.listening import ORDER, Listener

POSITIONS = tuple(float(p) for p in range(-5, 6))
TRIED = (-5.0, 0.0, 5.0)


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
    ws = listener.generator.broadcast(listener.draw(seeds))
    name = direction.name
    heard = [listener.hear(bend(ws, {name: p}, {name: direction}), seeds, phase) for p in positions]
    return np.stack(heard, axis=1)


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


def straightest(
    listener: Listener, candidates: Sequence[Direction], descriptor: str, seeds: Sequence[int]
) -> Direction:
    """Of several directions the one whose slider moves a descriptor most evenly, by r at a few positions."""
    found = [lines(curves(listener, d, seeds, TRIED, phase=False), TRIED)[descriptor].r for d in candidates]
    return candidates[int(np.argmax(found))]
