"""Latents as short text: quantised, and coded by an adaptive binary arithmetic coder (Rissanen and Langdon 1979).

The last row is kept by itself, the others as their differences from it by a cosine transform over the rows, which have
much in common. A latent of one row, z or w, is a last row. Figures of what this does to sounds: docs/control.md.
"""

from __future__ import annotations

import base64
import zlib
from collections import defaultdict
from functools import lru_cache

import numpy as np

from synth.patch.factors import ROWS

MOST = 1 << 14  # numbers of a latent
SHORT = 64  # numbers that are not worth coding
MARK = "."  # what such a text begins with; base64 has no such sign
FINE, COARSE = 0.1, 0.2  # steps of the last row and of the others, in units of the latent's root mean square
PER_OCTAVE = 4  # values of that unit
LARGEST = 1e6  # size of a number
WIDTHS = (1024, 512, 256, 128, 64, 32, 16)  # of rows; other latents are one row
MOST_ROWS = 64
HEAD = 6  # bytes: rows, width (2), unit, checksum (2)

Numbers = tuple[float, ...]


@lru_cache(64)
def written(latent: Numbers) -> str:
    """1 to MOST numbers as text; for what `kept` gives, without loss."""
    values = np.asarray(latent, np.float64).reshape(-1, _width(latent))
    unit, levels = _quantised(values)
    head = bytes([len(values)]) + values.shape[1].to_bytes(2, "big") + (unit + 128).to_bytes(1, "big")
    coded = _encoded(levels)
    checked = _checksum(head + coded)
    return MARK + base64.urlsafe_b64encode(head + checked + coded).decode().rstrip("=")


@lru_cache(64)
def read(text: str) -> Numbers:
    """The inverse of `written`, float32; raises ValueError for any other text."""
    packed = base64.b64decode(text.removeprefix(MARK) + "=" * (-(len(text) - 1) % 4), altchars=b"-_", validate=True)
    rows, width = (packed[0], int.from_bytes(packed[1:3], "big")) if len(packed) > HEAD else (0, 0)
    if not 0 < rows * width <= MOST or rows > MOST_ROWS:
        raise ValueError("no latent has this shape")
    head, checked, coded = packed[:4], packed[4:HEAD], packed[HEAD:]
    if checked != _checksum(head + coded):
        raise ValueError("the text is cut or altered")
    return tuple(_valued(packed[3] - 128, _decoded(coded, rows, width)).tolist())


def kept(latent: Numbers) -> Numbers:
    """The latent that `written` holds: the same within half a step, and itself when it is asked again."""
    return read(written(latent)) if len(latent) <= MOST else latent


def text(latent: Numbers) -> str:
    """A latent of any length as links have it: a short one, and that of an older link, is base64 of little-endian
    float32."""
    if SHORT < len(latent) <= MOST:
        return written(latent)
    return base64.urlsafe_b64encode(np.asarray(latent, "<f4").tobytes()).decode().rstrip("=")


def numbers(text: str) -> Numbers:
    """The inverse of `text`; raises ValueError for any other."""
    if text.startswith(MARK):
        return read(text)
    packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    return tuple(np.frombuffer(packed, "<f4").tolist())


def _checksum(data: bytes) -> bytes:
    return (zlib.crc32(data) & 0xFFFF).to_bytes(2, "big")


# -- numbers and levels ------------------------------------------------------------------------------------------------


def _width(latent: Numbers) -> int:
    """Of the rows of w+, which has a number of them that no z has; all of a latent that has none."""
    size = len(latent)
    return size // ROWS if size % ROWS == 0 and size // ROWS in WIDTHS else size


def _cosines(rows: int) -> np.ndarray:
    """The orthonormal DCT-II over `rows`, (rows, rows)."""
    at = np.arange(rows)
    table = np.cos(np.pi / max(rows, 1) * np.outer(at, at + 0.5)) * np.sqrt(2.0 / max(rows, 1))
    table[:1] /= np.sqrt(2.0)
    found: np.ndarray = table
    return found


def _unit(values: np.ndarray) -> int:
    """The step in which the root mean square is told, PER_OCTAVE of them to an octave."""
    size = max(float(np.sqrt(np.square(values).mean())), 1e-9)
    return int(np.clip(np.rint(PER_OCTAVE * np.log2(size)), -127, 127))


def _quantised(values: np.ndarray) -> tuple[int, np.ndarray]:
    """Unit and levels, int (rows, width), the last row first: those that what they stand for has again.

    What they stand for may be measured in another unit, across a border; its own is the one that gives it exactly.
    """
    unit, given = _unit(values), values.astype(np.float32).ravel()
    for near in (unit, max(unit - 1, -127), min(unit + 1, 127)):
        levels = _levels(near, values)
        if np.array_equal(_valued(near, levels), given):
            return near, levels
    return unit, _levels(unit, values)


def _levels(unit: int, values: np.ndarray) -> np.ndarray:
    size = 2.0 ** (unit / PER_OCTAVE)
    last = np.rint(values[-1:] / (FINE * size))
    rest = _cosines(len(values) - 1) @ (values[:-1] - last * (FINE * size))
    return np.concatenate([last, np.rint(rest / (COARSE * size))]).astype(np.int64)


def _valued(unit: int, levels: np.ndarray) -> np.ndarray:
    """Levels as numbers, float32, flattened row by row."""
    size = 2.0 ** (unit / PER_OCTAVE)
    last = levels[:1] * (FINE * size)
    rest = last + _cosines(len(levels) - 1).T @ (levels[1:] * (COARSE * size))
    return np.concatenate([rest, last]).clip(-LARGEST, LARGEST).astype(np.float32).ravel()


# -- levels and bytes --------------------------------------------------------------------------------------------------

LONGEST = 20  # binary digits of a level
ALIKE = 4  # from this one on, rows of levels are much alike
FULL = 1024  # halves of decisions that a context remembers
BITS = 12
LOW, HIGH, TOP = 0, 0xFFFFFFFF, 0xFF000000

Context = tuple[int, int]


class _Odds:
    """How often each context has said 1: its estimate for the next time (Krichevsky and Trofimov 1981)."""

    def __init__(self) -> None:
        self.counts: defaultdict[Context, list[int]] = defaultdict(lambda: [1, 1])  # in halves of decisions

    def of_one(self, context: Context) -> int:
        """In parts of 1 << BITS, never none and never all."""
        zeros, ones = self.counts[context]
        return (ones << BITS) // (zeros + ones)

    def learn(self, context: Context, bit: int) -> None:
        counts = self.counts[context]
        counts[bit] += 2
        if counts[0] + counts[1] > FULL:
            counts[0], counts[1] = counts[0] + 1 >> 1, counts[1] + 1 >> 1


class _Writer:
    """Narrows an interval bit by bit, and puts out what its ends have in common."""

    def __init__(self) -> None:
        self.odds, self.out, self.low, self.high = _Odds(), bytearray(), LOW, HIGH

    def bit(self, context: Context, bit: int) -> int:
        middle = self.low + ((self.high - self.low) * self.odds.of_one(context) >> BITS)
        self.odds.learn(context, bit)
        self.low, self.high = (self.low, middle) if bit else (middle + 1, self.high)
        while not (self.low ^ self.high) & TOP:
            self.out.append(self.high >> 24)
            self.low, self.high = (self.low << 8) & HIGH, ((self.high << 8) & HIGH) | 0xFF
        return bit

    def end(self) -> bytes:
        self.out.append((self.low >> 24) + 1)  # with zeros after it, within the interval
        return bytes(self.out)


class _Reader:
    """The same interval, and on which side of its middle the bytes lie."""

    def __init__(self, data: bytes):
        self.odds, self.low, self.high = _Odds(), LOW, HIGH
        self.rest = iter(data)
        self.at = 0
        for _ in range(4):
            self.at = self.at << 8 | next(self.rest, 0)

    def bit(self, context: Context, _: int = 0) -> int:
        middle = self.low + ((self.high - self.low) * self.odds.of_one(context) >> BITS)
        bit = int(self.at <= middle)
        self.odds.learn(context, bit)
        self.low, self.high = (self.low, middle) if bit else (middle + 1, self.high)
        while not (self.low ^ self.high) & TOP:
            self.low, self.high = (self.low << 8) & HIGH, ((self.high << 8) & HIGH) | 0xFF
            self.at = (self.at << 8) & HIGH | next(self.rest, 0)
        return bit


def _encoded(levels: np.ndarray) -> bytes:
    writer = _Writer()
    _each(writer, levels)
    return writer.end()


def _decoded(data: bytes, rows: int, width: int) -> np.ndarray:
    return _each(_Reader(data), np.zeros((rows, width), np.int64))


def _each(coder: _Writer | _Reader, levels: np.ndarray) -> np.ndarray:
    """All levels, written or read."""
    rows = []
    for row, given in enumerate(levels.tolist()):
        rows.append([_level(coder, min(row, ALIKE), level) for level in given])
    return np.array(rows)


def _level(coder: _Writer | _Reader, row: int, level: int) -> int:
    """Sign and size of one level: how many binary digits the size has, and those after the first."""
    size, digits = abs(level), 0
    while digits < LONGEST and coder.bit((row, digits), int(size.bit_length() > digits)):
        digits += 1
    if not digits:
        return 0
    made = 1
    for place in range(digits - 2, -1, -1):
        context = (row, -digits) if made == 1 else (-1, 0)  # only the first of them is far from even
        made = made << 1 | coder.bit(context, size >> place & 1)
    return -made if coder.bit((-2, 0), int(level < 0)) else made
