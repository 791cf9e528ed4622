"""One attribute of a sound given to another: a slider is moved until what is measured of the sound meets a goal.

A slider's descriptor need be neither straight nor monotonic, and steps where an onset comes or goes. So the search
looks at a few places over the whole slider first, takes the two neighbours that the goal lies between, nearest to where
the slider stands, and halves the way between them by regula falsi with the Illinois rule (Dowell & Jarratt 1971). Every
place is a sound of its own, and the best of all is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from synth.directions.calibration import SLIDER_END
from synth.patch.patch import Patch
from synth.sound.sound import Sound

SCAN = (-5.0, -2.5, 0.0, 2.5, 5.0)
STEPS = 8  # between two neighbours
FINEST = 0.02  # of a slider: nearer places sound alike
CLOSE, INAUDIBLE = 0.03, 0.02  # a goal is met within this share of the gap, or this much of an octave or decibel
STEADY = 0.5  # r from which a slider is said to move a descriptor


@dataclass(frozen=True)
class Attribute:
    """A descriptor that can be given, and the slider that moves it best: its r as it was measured."""

    descriptor: str
    slider: str
    r: float


@dataclass(frozen=True)
class Search:
    """What was heard so far: the descriptor's value by the slider's position.

    before: value at `start`, where the slider stood; goal: the value that is looked for.
    """

    start: float
    before: float
    goal: float
    heard: Mapping[float, float] = field(default_factory=dict)

    @property
    def position(self) -> float:
        """The best place; of equal ones that nearest to the start."""
        return min(self.heard, key=lambda p: (abs(self.heard[p] - self.goal), abs(p - self.start)))

    @property
    def after(self) -> float:
        return self.heard[self.position]

    @property
    def met(self) -> bool:
        return abs(self.after - self.goal) <= max(CLOSE * abs(self.goal - self.before), INAUDIBLE)

    @property
    def closed(self) -> float:
        """Share of the gap that is closed: 1 where the goal is met; 1 where there was no gap."""
        gap = abs(self.goal - self.before)
        return 1.0 - abs(self.after - self.goal) / gap if gap > 0.0 else 1.0

    @property
    def ended(self) -> bool:
        """Whether the slider ends before the goal: the best place is an end, and falls short."""
        return not self.met and abs(self.position) >= SLIDER_END - FINEST


def attributes(semantic: Mapping[str, Any] | None, directions: Sequence[Mapping[str, Any]]) -> list[Attribute]:
    """Every descriptor that some slider moves steadily, with the slider that moves it best.

    semantic: `metrics.semantic` of a card; directions: those of the card, of which a person's own have `measured`.
    """
    reports = dict(semantic["sliders"]) if semantic else {}
    reports |= {str(d["name"]): d["measured"] for d in directions if d.get("own") and d.get("measured")}
    best: dict[str, Attribute] = {}
    for name, report in reports.items():
        descriptor = str(report["descriptor"])
        found = Attribute(descriptor, name, float(report["methods"][report["method"]]["r"][descriptor]))
        steady = abs(found.r) >= STEADY
        if steady and (descriptor not in best or abs(found.r) > abs(best[descriptor].r)):
            best[descriptor] = found
    return list(best.values())


def moved(patch: Patch, slider: str, position: float) -> Patch:
    return replace(patch, sliders={**patch.sliders, slider: position})


def give(
    render: Callable[[Patch], Sound],
    describe: Callable[[Sound], Mapping[str, float]],
    patch: Patch,
    attribute: Attribute,
    other: Sound,
    strength: float = 1.0,
) -> Iterator[Search]:
    """`transfer` of an attribute of a sound to that of a patch, all else of which stays; raises as `render`.

    The answer is `moved(patch, attribute.slider, search.position)`.
    """

    def measure(position: float) -> float:
        return describe(render(moved(patch, attribute.slider, position)))[attribute.descriptor]

    goal = describe(other)[attribute.descriptor]
    return transfer(measure, patch.sliders.get(attribute.slider, 0.0), goal, strength)


def transfer(measure: Callable[[float], float], start: float, other: float, strength: float = 1.0) -> Iterator[Search]:
    """Yields after every sound that was measured; the last is the answer.

    measure: position of the slider, -5..5 -> descriptor of that sound; other: the descriptor of the sound whose
    attribute is given; strength: share of the way there, 0..1.
    """
    before = measure(start)
    heard = {start: before}
    goal = before + strength * (other - before)
    yield Search(start, before, goal, dict(heard))
    for position in SCAN:
        if Search(start, before, goal, heard).met:
            return
        if position not in heard:
            heard[position] = measure(position)
            yield Search(start, before, goal, dict(heard))
    for position, value in _between(measure, _bracket(heard, start, goal), goal):
        heard[position] = value
        now = Search(start, before, goal, dict(heard))
        yield now
        if now.met:
            return


Point = tuple[float, float]  # position and value


def _bracket(heard: Mapping[float, float], start: float, goal: float) -> tuple[Point, Point] | None:
    """The neighbours that the goal lies between, those nearest to the start; None where there are none."""
    pairs = [(a, b) for a, b in pairwise(sorted(heard.items())) if (a[1] - goal) * (b[1] - goal) <= 0.0]
    return min(pairs, key=lambda pair: abs((pair[0][0] + pair[1][0]) / 2.0 - start), default=None)


def _between(measure: Callable[[float], float], ends: tuple[Point, Point] | None, goal: float) -> Iterator[Point]:
    """Points ever nearer to where the value crosses the goal."""
    if ends is None:
        return
    (low, below), (high, above) = ((p, value - goal) for p, value in ends)
    kept = 0  # which end the last step left where it was, and whose value is halved so that it comes too
    for _ in range(STEPS):
        if high - low < FINEST:
            return
        share = below / (below - above) if below != above else 0.5
        position = round(low + min(max(share, 0.1), 0.9) * (high - low), 2)
        value = measure(position)
        yield position, value
        off = value - goal
        if off * above > 0.0:
            high, above = position, off
            below, kept = below / (2.0 if kept == 1 else 1.0), 1
        else:
            low, below = position, off
            above, kept = above / (2.0 if kept == 2 else 1.0), 2
