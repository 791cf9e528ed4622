"""The weight of the newest weights in the moving average of a generator."""

from __future__ import annotations


def half_life_weight(images: int, kimg: float, seen: int) -> float:
    """Share of the live weights after a step of so many images, for a half-life of `kimg` thousand images.

    The half-life is short at first, a twentieth of what was seen, so that the average does not keep the beginning
    (the ramp-up of Karras et al. 2020).
    """
    half_life = min(kimg * 1000.0, max(0.05 * seen, images))
    found: float = 1.0 - 0.5 ** (images / half_life)
    return found
