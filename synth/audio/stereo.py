"""Stereo from two textures of the same maps: a middle that is the mono sound, and a side that is noise of its own.

Left is middle + side, right middle - side, so their mean is the mono sound to the bit of rounding: it keeps its level
and nothing in it cancels. Only what is noise goes to the side; tones and clean attacks stay in the middle.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from synth.audio.maps import Maps

SIDE_SEED = 0x51DE


def side(maps: Maps, width: float | np.ndarray) -> Maps:
    """The maps of the side: noise of both channels then correlates by 1 - width, which may be one
    for each frame, (T, 1).

    With powers M and S of middle and side the correlation is (M - S) / (M + S).
    """
    correlation = 1.0 - width
    ratio = (1.0 - correlation) / (1.0 + correlation)
    noise = np.minimum(maps.gate, np.float32(1.0))
    level = 20.0 * np.log10(np.maximum(noise, np.float32(1e-6))) + np.float32(10.0) * np.log10(np.maximum(ratio, 1e-12))
    return replace(maps, mean=maps.mean + level.astype(np.float32))


def widened(middle: np.ndarray, side: np.ndarray) -> np.ndarray:
    """Middle and side (n,) -> left and right (2, n)."""
    return np.stack([middle + side, middle - side])
