"""Curves over the time of a sound, as values and as a text that is small enough for a link. No torch.

A lane moves something above where its slider stands, which stays the middle of it: time is the share 0..1 of the sound
as it was learnt, so a lane keeps its place when the sound is stretched. As text a lane takes its name, two
bytes, and five for each point.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

SLIDERS = "sliders."
SLIDER_RANGE = (-5.0, 5.0)  # of a direction, in its own units
# Lanes of the decoder: dB, dB an octave around 1/8 of half the rate, semitones, width, octaves of time.
RANGES = {
    "loudness": (-60.0, 24.0),
    "brightness": (-12.0, 12.0),
    "pitch": (-24.0, 24.0),
    "width": (-1.0, 1.0),
    "stretch": (-2.0, 2.0),
}
MOST, MOST_POINTS, MOST_TEXT = 16, 128, 12000
BENT = 4.0  # how much steeper a curve of bend 1 begins or ends than a straight line
_POINT, _FINE, _STEPS, _BENDS = struct.Struct("<Hhb"), 65535.0, 32767.0, 127.0

Point = tuple[float, float, float]  # time 0..1, value, bend -1..1 of what follows


@dataclass(frozen=True)
class Lane:
    """name: one of RANGES, or "sliders." and a direction of the model. points: (time, value, bend), in order of time.

    Before the first point and after the last the value stays. bend: -1..1, how late (above 0) or soon the value leaves
    for the next point.
    """

    name: str
    points: tuple[Point, ...]

    def at(self, times: np.ndarray) -> np.ndarray:
        """Values (n,) at times (n,), shares of the sound."""
        starts, values, bends = (np.array(of) for of in zip(*self.points, strict=True))
        here = np.clip(np.searchsorted(starts, times, side="right") - 1, 0, len(starts) - 1)
        there = np.minimum(here + 1, len(starts) - 1)
        span = np.maximum(starts[there] - starts[here], 1e-9)
        share = _curved(np.clip((times - starts[here]) / span, 0.0, 1.0), bends[here])
        return np.asarray(values[here] + share * (values[there] - values[here]))

    def weighted(self, amount: float) -> Lane:
        """The same, that much of it."""
        return replace(self, points=tuple((t, amount * value, bend) for t, value, bend in self.points))

    def packed(self) -> bytes:
        name = self.name.encode()
        low, high = range_of(self.name)
        most = max(-low, high)
        head = bytes([len(name)]) + name + bytes([len(self.points)])
        rows = [
            _POINT.pack(round(_FINE * t), round(_STEPS * value / most), round(_BENDS * bend))
            for t, value, bend in self.points
        ]
        return head + b"".join(rows)


def _curved(share: np.ndarray, bend: np.ndarray) -> np.ndarray:
    power = 1.0 + BENT * np.abs(bend)
    return np.asarray(np.where(bend >= 0.0, share**power, 1.0 - (1.0 - share) ** power))


def range_of(name: str) -> tuple[float, float]:
    """The lowest and the highest value of a lane; raises ValueError where there is no such lane."""
    if name.startswith(SLIDERS) and len(name) > len(SLIDERS):
        return SLIDER_RANGE
    if name not in RANGES:
        raise ValueError(f"has no lane {name[:40]!r}: use {', '.join(RANGES)} or sliders.NAME")
    return RANGES[name]


def text(lanes: Sequence[Lane]) -> str:
    """Lanes as base64, which `read` takes."""
    return base64.urlsafe_b64encode(b"".join(lane.packed() for lane in lanes)).decode().rstrip("=")


@lru_cache(maxsize=256)
def read(source: str) -> tuple[Lane, ...]:
    """The inverse of `text`; raises ValueError for what is none."""
    if len(source) > MOST_TEXT:
        raise ValueError(f"is longer than {MOST_TEXT} characters")
    try:
        return _few(_unpacked(base64.b64decode(source + "=" * (-len(source) % 4), altchars=b"-_", validate=True)))
    except (struct.error, IndexError, UnicodeDecodeError):
        raise ValueError("is cut or altered") from None
    except ValueError as error:
        raise ValueError(str(error) if str(error).startswith(("has", "is")) else "is cut or altered") from None


def _unpacked(packed: bytes) -> list[Lane]:
    found, at = [], 0
    while at < len(packed):
        size = packed[at]
        name = packed[at + 1 : at + 1 + size].decode()
        at += 1 + size
        count, at = packed[at], at + 1
        low, high = range_of(name)
        most = max(-low, high)
        rows = [_POINT.unpack_from(packed, at + i * _POINT.size) for i in range(count)]
        at += count * _POINT.size
        found.append(_checked(Lane(name, tuple((t / _FINE, most * v / _STEPS, b / _BENDS) for t, v, b in rows))))
    return found


def from_list(rows: object) -> tuple[Lane, ...]:
    """Lanes of a list of objects, {"name": ..., "points": [[time, value] or [time, value, bend], ...]}; raises
    ValueError, which says what is wrong."""
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise ValueError("must be a list of lanes, or their text")
    return _few([_of_row(row) for row in rows])


def _of_row(row: object) -> Lane:
    if not isinstance(row, Mapping) or row.keys() != {"name", "points"} or not isinstance(row["name"], str):
        raise ValueError("has a lane without name and points: a lane is an object with these two")
    try:
        return _checked(Lane(row["name"], tuple(_point(point) for point in row["points"])))
    except (TypeError, OverflowError):
        raise ValueError(f"has a lane {row['name'][:40]} whose points are no lists of numbers") from None


def _point(value: Any) -> Point:
    if not 2 <= len(value) <= 3:
        raise TypeError
    t, level, *bend = (float(x) for x in value)
    return t, level, bend[0] if bend else 0.0


def _checked(lane: Lane) -> Lane:
    low, high = range_of(lane.name)
    if not 1 <= len(lane.points) <= MOST_POINTS or len(lane.name.encode()) > 80:
        raise ValueError(f"has a lane {lane.name[:40]} of {len(lane.points)} points: 1 to {MOST_POINTS} are taken")
    times = [t for t, _, _ in lane.points]
    if not all(0.0 <= t <= 1.0 for t in times) or not all(-1.0 <= bend <= 1.0 for _, _, bend in lane.points):
        raise ValueError(f"has a point of {lane.name[:40]} out of range: times are 0..1, bends -1..1")
    if times != sorted(times):
        raise ValueError(f"has points of {lane.name[:40]} out of order: sort them by time")
    if not all(low - 0.01 <= value <= high + 0.01 for _, value, _ in lane.points):  # NaN is in no range
        raise ValueError(f"has a value of {lane.name[:40]} out of range: it lies in {low:g}..{high:g}")
    return lane


def _few(lanes: Sequence[Lane]) -> tuple[Lane, ...]:
    if len(lanes) > MOST:
        raise ValueError(f"has {len(lanes)} lanes: {MOST} are the most")
    return tuple(lanes)


def total(lanes: Sequence[Lane], name: str, times: np.ndarray) -> np.ndarray:
    """The sum (n,) of all lanes of a name at times (n,)."""
    found = np.zeros(times.shape)
    for lane in lanes:
        if lane.name == name:
            found += lane.at(times)
    return found


def slowed(lanes: Sequence[Lane], frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Places (n,) in a sound of so many frames whose stretch goes by lanes, and in the sound as it was learnt, (n,):
    what is slower in one part is faster in the others, and its length stays."""
    learnt = np.linspace(0.0, frames, 4 * frames + 1)
    middles = (learnt[1:] + learnt[:-1]) / (2.0 * frames)
    heard = np.concatenate([[0.0], np.cumsum(2.0 ** total(lanes, "stretch", middles))])
    return heard * (frames / heard[-1]), learnt


def mixed(parts: Sequence[tuple[tuple[Lane, ...], float]]) -> tuple[Lane, ...]:
    """Those of the corners of a morph, each by its weight; the same ones of all corners are as they were."""
    told = [lanes for lanes, _ in parts]
    if all(lanes == told[0] for lanes in told):
        return told[0]
    return tuple(lane.weighted(weight) for lanes, weight in parts if weight > 0.0 for lane in lanes)[:MOST]
