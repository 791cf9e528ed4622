"""Small pictures of sounds as a few hundred bytes: sixteen levels, deflated."""

from __future__ import annotations

import zlib

import numpy as np

BINS, FRAMES = 48, 96
_STEP = 17  # of 255, sixteen of them


def packed(levels: np.ndarray) -> bytes:
    """Levels uint8 (bins, frames), the loudest of each cell of a picture of at most about BINS x FRAMES."""
    high, wide = (max(1, size // most) for size, most in zip(levels.shape, (BINS, FRAMES), strict=True))
    bins, frames = levels.shape[0] // high, levels.shape[1] // wide
    small = levels[: bins * high, : frames * wide].reshape(bins, high, frames, wide).max((1, 3))
    return bytes([bins, frames]) + zlib.compress((small // _STEP).astype(np.uint8).tobytes(), 9)


def unpacked(data: bytes) -> np.ndarray:
    """The inverse, uint8 (bins, frames) in steps of 17; raises ValueError for other bytes."""
    try:
        small = np.frombuffer(zlib.decompress(data[2:]), np.uint8).reshape(data[0], data[1])
    except (zlib.error, IndexError) as error:
        raise ValueError("is no picture") from error
    return small * np.uint8(_STEP)
