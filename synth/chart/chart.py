"""The chart of a model: sounds of all its categories in the plane, and the way back from any place to a mix of them.

A chart holds training clips first, whose w are codes of the network, then drawn sounds, whose w a seed gives: no w is
stored. A place between points is a mix of those around it. Their weights are Shepard's, made local (Franke & Nielson
1980): they are 1 at a point, fall to 0 where another point takes its turn, and so change without a jump.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

AROUND = 6  # points that a place is mixed of, at most
_NEAREST = 1e-9  # of the plane's size: nearer points are at the place itself


@dataclass(frozen=True)
class Credit:
    """Who made a training clip, under which licence, and where it is found."""

    author: str
    licence: str
    url: str


@dataclass(frozen=True, eq=False)
class Chart:
    """Points in the plane, (n, 2) within -1..1: m training clips, then k drawn sounds.

    categories: (n,) their number on the card; clips: (m,) rows of the network's codes; seeds: (k,); credited: (m,)
    which of `credits` each clip has; measured: (n, len(descriptors)); method: of the layout.
    """

    points: np.ndarray
    categories: np.ndarray
    clips: np.ndarray
    seeds: np.ndarray
    credits: tuple[Credit, ...]
    credited: np.ndarray
    descriptors: tuple[str, ...]
    measured: np.ndarray
    method: str

    def around(self, x: float, y: float) -> tuple[np.ndarray, np.ndarray]:
        """Points that the sound of a place is mixed of, at most AROUND, the nearest first, and their weights."""
        return mixed(np.hypot(*(self.points - (x, y)).T))

    def credit(self, point: int) -> Credit | None:
        """That of a training clip."""
        return self.credits[self.credited[point]] if point < len(self.clips) else None

    def within(self, outline: Sequence[tuple[float, float]]) -> np.ndarray:
        """Numbers of the points inside of a closed line, by how often a ray crosses it."""
        ends = np.asarray(outline, np.float64).reshape(-1, 2)
        x, y = self.points[:, :1], self.points[:, 1:]
        (x0, y0), (x1, y1) = ends.T, np.roll(ends, -1, axis=0).T
        crossed = (y0 > y) != (y1 > y)
        at = x0 + (y - y0) * (x1 - x0) / np.where(y1 == y0, 1.0, y1 - y0)
        return np.flatnonzero((crossed & (x < at)).sum(1) % 2)

    def corners(self, inside: np.ndarray) -> tuple[int, ...]:
        """Four of some points for a morph's square: the farthest to lower left, lower right, upper left, upper right.

        Fewer where there are no four.
        """
        left = list(inside.tolist())
        chosen = []
        for across, up in ((-1, -1), (1, -1), (-1, 1), (1, 1)):
            if left:
                chosen.append(max(left, key=lambda i: float(self.points[i] @ (across, up))))
                left.remove(chosen[-1])
        return tuple(chosen)

    def told(self) -> dict[str, Any]:
        """All that a browser draws, as JSON: points, categories, descriptors, credits."""
        return {
            "points": np.round(self.points, 4).tolist(),
            "categories": self.categories.tolist(),
            "clips": len(self.clips),
            "credits": [[credit.author, credit.licence, credit.url] for credit in self.credits],
            "credited": self.credited.tolist(),
            "descriptors": list(self.descriptors),
            "measured": np.round(self.measured, 3).T.tolist(),
        }


def mixed(distances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distances (n,) to points -> the nearest and their weights: ((R - d) / d)^2, whose sum is made 1.

    R: the distance at which the next point begins to count.
    """
    count = min(AROUND, len(distances) - 1)
    near = np.argpartition(distances, count)[: count + 1] if count else np.array([0])
    near = near[np.argsort(distances[near], kind="stable")]
    reach = distances[near[-1]]
    if count == 0 or distances[near[0]] <= _NEAREST or reach <= _NEAREST:
        return near[:1], np.ones(1)
    weights = np.square((reach - distances[near[:-1]]) / distances[near[:-1]])
    if weights.sum() <= 0.0:  # all are as far as the one that takes its turn
        weights = np.ones(count)
    return near[:-1], weights / weights.sum()
