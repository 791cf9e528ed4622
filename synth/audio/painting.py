"""Strokes on maps: what a brush does to the level of a sound, and to how much of it is noise.

Maps are painted, not samples: where a sound was noise a louder stroke is louder noise, and the decoder finds its phase.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numba
import numpy as np

from synth.patch.strokes import CLOSED, Stroke

BELOW = 20.0  # dB under the floor, where texture is silent too
LEAST = 0.75  # frames or bins that a stroke reaches at least, so that none falls between two
SMUDGED = 0.9  # of what lies a cell behind is taken along
STEPS = 400  # of a smudge at most
_EDGE = 1e-3

Picture = tuple[np.ndarray, np.ndarray]  # level in dB and gate, both (F, T) float32


def painted(
    level: np.ndarray, gate: np.ndarray, strokes: tuple[Stroke, ...], floor: float, drawn: Callable[[int], Picture]
) -> Picture:
    """Level in dB and gate, (F, T) each, with strokes on them, one after the other, as copies.

    floor: dB at which silence begins. drawn: the same of another seed, which an area may be filled with.
    """
    level, gate = level.copy(), gate.copy()
    for stroke in strokes:
        if stroke.tool == "smudge":
            _smudge(level, gate, stroke)
            continue
        mask = stroke.amount * area(stroke, *level.shape)
        if stroke.tool == "eraser":
            level += mask * (np.minimum(level, floor - BELOW) - level)
        elif stroke.tool == "clone":
            _mix(level, gate, mask, (_shifted(level, stroke, floor - BELOW), _shifted(gate, stroke, 0.0)))
        elif stroke.tool == "fill":
            other = drawn(stroke.seed)
            _mix(level, gate, mask, (other[0] + fitting(level, other[0], mask, floor), other[1]))
        else:
            level += np.float32(stroke.gain) * mask
    return level, gate


def area(stroke: Stroke, bins: int, frames: int) -> np.ndarray:
    """How much of a stroke each cell gets, (F, T) float32 in 0..1."""
    points = np.array(stroke.points, np.float64) * (frames, bins)
    reach = [max(size * of, LEAST) for size, of in zip(stroke.size, (frames, bins), strict=True)]
    whole = [size >= 1.0 for size in stroke.size]
    scale = np.array([0.0 if all_ else 1.0 / far for far, all_ in zip(reach, whole, strict=True)])
    mask = np.zeros((bins, frames), np.float32)
    closed = stroke.tool in CLOSED
    if closed:
        _fill(points, scale, max(stroke.softness, _EDGE), mask)
    else:
        _draw(points, scale, max(stroke.softness, _EDGE), mask)
    return mask


def fitting(level: np.ndarray, other: np.ndarray, mask: np.ndarray, floor: float) -> np.float32:
    """dB by which another sound is raised so that it is as loud as this one at the edge of an area."""
    edge = (mask > 0.0) & (mask < mask.max()) & (np.minimum(level, other) > floor)
    return np.float32((level[edge] - other[edge]).mean() if edge.any() else 0.0)


def _mix(level: np.ndarray, gate: np.ndarray, mask: np.ndarray, other: Picture) -> None:
    level += mask * (other[0] - level)
    gate += mask * (other[1] - gate)


def _shifted(cells: np.ndarray, stroke: Stroke, outside: float) -> np.ndarray:
    """What lies a stroke's shift away from each cell; outside of the picture there is nothing."""
    bins, frames = cells.shape
    t, f = round(stroke.shift[0] * frames), round(stroke.shift[1] * bins)
    found = np.full_like(cells, outside)
    here = [slice(max(-by, 0), max(of - max(by, 0), 0)) for by, of in ((f, bins), (t, frames))]
    there = [slice(max(by, 0), max(of + min(by, 0), 0)) for by, of in ((f, bins), (t, frames))]
    if f < bins and t < frames:
        found[here[0], here[1]] = cells[there[0], there[1]]
    return found


def _smudge(level: np.ndarray, gate: np.ndarray, stroke: Stroke) -> None:
    """Takes what lies under the brush along with it, cell by cell."""
    bins, frames = level.shape
    corners = np.array(stroke.points) * (frames, bins)
    way = np.concatenate([[0.0], np.abs(np.diff(corners, axis=0)).max(1).cumsum()])
    places = np.linspace(0.0, way[-1], min(int(way[-1]) + 1, STEPS))
    along = np.stack([np.interp(places, way, corners[:, axis]) for axis in (0, 1)], axis=1)
    for before, after in pairwise(along):
        dot = Stroke(
            "brush", (tuple(np.clip(after / (frames, bins), 0.0, 1.0)),), size=stroke.size, softness=stroke.softness
        )
        step = (before - after) / (frames, bins)
        moved = Stroke("clone", dot.points, shift=(float(step[0]), float(step[1])))
        mask = SMUDGED * stroke.amount * area(dot, bins, frames)
        _mix(level, gate, mask, (_shifted(level, moved, level.min()), _shifted(gate, moved, 0.0)))


@numba.njit(nogil=True, cache=True, fastmath=True)
def _apart(t, f, points, scale, closed):  # type: ignore[no-untyped-def]
    """Distance of a cell from a polyline, in units of its reach."""
    count = points.shape[0]
    nearest = 1e18
    for i in range(count if closed else max(count - 1, 1)):
        j = (i + 1) % count
        ax, ay = (points[i, 0] - t) * scale[0], (points[i, 1] - f) * scale[1]
        bx, by = (points[j, 0] - t) * scale[0], (points[j, 1] - f) * scale[1]
        dx, dy = bx - ax, by - ay
        size = dx * dx + dy * dy
        share = min(max(-(ax * dx + ay * dy) / size, 0.0), 1.0) if size > 0.0 else 0.0
        x, y = ax + share * dx, ay + share * dy
        nearest = min(nearest, x * x + y * y)
    return np.sqrt(nearest)


@numba.njit(nogil=True, cache=True, fastmath=True)
def _draw(points, scale, softness, mask):  # type: ignore[no-untyped-def]
    """Full up to 1 - softness of the reach of a polyline, then smoothly down to nothing."""
    bins, frames = mask.shape
    low, high = _reached(points[:, 1], scale[1], bins)
    first, last = _reached(points[:, 0], scale[0], frames)
    for k in range(low, high):
        for j in range(first, last):
            x = (1.0 - _apart(float(j), float(k), points, scale, False)) / softness
            if x > 0.0:
                x = min(x, 1.0)
                mask[k, j] = x * x * (3.0 - 2.0 * x)


@numba.njit(nogil=True, cache=True)
def _reached(places, scale, count):  # type: ignore[no-untyped-def]
    """First cell, and the one after the last, that points reach along an axis."""
    if scale == 0.0:
        return 0, count
    far = 1.0 / scale
    return max(int(places.min() - far), 0), min(int(places.max() + far) + 2, count)


@numba.njit(nogil=True, cache=True, fastmath=True)
def _fill(points, scale, softness, mask):  # type: ignore[no-untyped-def]
    """Full inside of a polygon, whose edge lies in the middle of a slope of `softness` of the reach to either side."""
    bins, frames = mask.shape
    low, high = _reached(points[:, 1], scale[1], bins)
    first, last = _reached(points[:, 0], scale[0], frames)
    count = points.shape[0]
    for k in range(low, high):
        for j in range(first, last):
            inside = False
            for i in range(count):
                ax, ay, bx, by = points[i - 1, 0], points[i - 1, 1], points[i, 0], points[i, 1]
                if (ay > k) != (by > k) and j < (bx - ax) * (k - ay) / (by - ay) + ax:
                    inside = not inside
            depth = _apart(float(j), float(k), points, scale, True) / softness
            x = min(max(0.5 + 0.5 * (depth if inside else -depth), 0.0), 1.0)
            mask[k, j] = x * x * (3.0 - 2.0 * x)
