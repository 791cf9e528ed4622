"""How surely a sound is of its category and of no other, by the recordings that lie nearest to it."""

from __future__ import annotations

import numpy as np

NEAREST = 5  # recordings of a category that a sound is held to


def margins(
    made: np.ndarray, known: np.ndarray, labels: np.ndarray, asked: np.ndarray, own: np.ndarray | None = None
) -> np.ndarray:
    """Mean cosine to the NEAREST recordings of the category less that to as many of any other, of (N, D) to (M, D), as
    (N,) in standard deviations of all cosines.

    labels: (M,) of the recordings; asked: (N,) of the sounds; own: index (N,) of a recording that a sound was made
    after and is not held to; where it is the only one of its category, 0 stands for the mean of none.
    """
    alike = made @ known.T / np.outer(np.linalg.norm(made, axis=1), np.linalg.norm(known, axis=1))
    alike = (alike - alike.mean()) / alike.std()
    if own is not None:
        alike[np.arange(len(made)), own] = -np.inf
    near = np.stack([_nearest(alike[:, labels == k]) for k in range(int(labels.max()) + 1)], axis=1)
    each = np.arange(len(made))
    of_its_own = near[each, asked]
    near[each, asked] = -np.inf
    return np.asarray(of_its_own - near.max(1))


def _nearest(alike: np.ndarray) -> np.ndarray:
    """Mean of the NEAREST largest of each row (N, M), without those that are -inf; 0 of none."""
    largest = np.sort(alike, axis=1)[:, -NEAREST:]
    held = np.isfinite(largest)
    return np.asarray(np.where(held, largest, 0.0).sum(1) / np.maximum(held.sum(1), 1))
