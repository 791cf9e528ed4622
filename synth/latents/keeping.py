"""A sound's picture in a few products, less what the model draws: what Match keeps of a sound that no latent has.

The mean level takes the largest singular vectors of what is missing; what still differs then is how noisy each bin is,
by its spread around it, and the largest singular vectors of that go to the gate.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter

from synth.audio.texture import STD_DB
from synth.patch.residual import Products, Residual, factorised, most_products

RANK, GATE_RANK = 12, 4
HEARD_DB = 60.0  # below the loudest bin: what is quieter in both need not agree
LEAST = 0.1  # weight of what is not heard, where the loudest bin has 1
ROUNDS = 6
AROUND = 5  # bins and frames over which a spread is measured
GATE_MAX = 1.25
NEAR = (3, 5)  # bins and frames over which roughness is measured
ROUGH_DB = 11.6  # of white noise: the root mean square of third differences, loud bins counting for more


def residual(picture: np.ndarray, mean: np.ndarray, gate: np.ndarray) -> Residual:
    """What is to be added to maps for the sound of a picture, all (F, T): levels in dB, the loudest about 0; the gate
    from 0 to GATE_MAX."""
    bins, frames = picture.shape
    rank, gate_rank = _ranks(most_products(bins, frames))
    loudest = np.maximum(picture, mean)
    heard = loudest > picture.max() - HEARD_DB
    weights = (1.0 + (loudest - picture.max()) / HEARD_DB).clip(LEAST, 1.0)
    level = _products(np.where(heard, picture - mean, 0.0), weights, rank)
    rest = np.where(heard, picture - mean - level.map(), 0.0)
    noise = np.minimum(_spread(rest) / STD_DB, roughness(picture)).clip(0.0, GATE_MAX)
    return Residual(level, _products(np.where(heard, noise - gate, 0.0), np.square(weights), gate_rank))


def roughness(picture: np.ndarray) -> np.ndarray:
    """How much of each bin of levels (F, T) is noise by its neighbours: about 1 in white noise, little in a lone tone.

    Through a Gaussian window the log magnitude of a tone, also of one that glides, is a parabola over frequency, whose
    third difference is zero; noise has peaks and dips at any place. Loud bins count for more, for a parabola ends in
    what leaks.
    """
    third = np.diff(picture, 3, axis=0)
    squares = (np.square(np.pad(third, ((1, 2), (0, 0)))) + np.square(np.pad(third, ((2, 1), (0, 0))))) / 2.0
    weights = 10.0 ** ((picture - picture.max()) / 20.0)
    mean = uniform_filter(weights * squares, NEAR).clip(0.0) / np.maximum(uniform_filter(weights, NEAR), 1e-9)
    return np.asarray(np.sqrt(mean) / ROUGH_DB)


def _spread(levels: np.ndarray) -> np.ndarray:
    """Root mean square around each place."""
    return np.asarray(np.sqrt(uniform_filter(np.square(levels), AROUND).clip(0.0)))


def _ranks(most: int) -> tuple[int, int]:
    """Products of mean and gate, of which `most` fit into a patch: a quarter for the gate where that is too few."""
    if most >= RANK + GATE_RANK:
        return RANK, GATE_RANK
    gate = max(most // 4, 1)
    return most - gate, gate


def _products(wanted: np.ndarray, weights: np.ndarray, rank: int) -> Products:
    """Of a map (F, T), as near as `rank` products come where weights (F, T), 0 to 1, are high.

    By expectation and maximisation (Srebro & Jaakkola, "Weighted low-rank approximations", ICML 2003): where a weight
    is low, what the last products say is as good as what is wanted.
    """
    drawn, still = wanted, np.eye(wanted.shape[1])
    for _ in range(ROUNDS):
        found = factorised([((weights * wanted + (1.0 - weights) * drawn).T, still)], rank)
        drawn = found.map()
    return found
