"""Ways to lay W out in the plane, by name: (w (n, D), labels (n,)) -> points (n, 2) within -1..1.

Which one a map has was chosen by measure: docs/map.md has the table, benchmarks/chart.py makes it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.manifold import TSNE

SEED = 0
COMPONENTS = 50  # of W that neighbours are sought in
PERPLEXITY = 30.0

Layout = Callable[[np.ndarray, np.ndarray], np.ndarray]


def pca(w: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The two principal components."""
    return fitted(PCA(2, random_state=SEED).fit_transform(w))


def lda(w: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The two directions that tell categories apart best (Fisher)."""
    return fitted(_discriminants(w, labels, 2))


def neighbours(w: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """t-SNE (van der Maaten & Hinton 2008), which begins with the principal components (Kobak & Berens 2019)."""
    return fitted(_tsne(_components(w)))


def grouped(w: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """t-SNE of W beside its discriminants, of equal spread: neighbours in W that are of one category."""
    parts = (_components(w), _discriminants(w, labels, len(np.unique(labels)) - 1))
    return fitted(_tsne(np.concatenate([part / np.sqrt(part.var(0).sum()) for part in parts], axis=1)))


LAYOUTS: dict[str, Layout] = {"pca": pca, "lda": lda, "t-sne": neighbours, "t-sne of groups": grouped}
CHOSEN = "t-sne of groups"


def fitted(points: np.ndarray) -> np.ndarray:
    """Points in the square -1..1, their middle in its middle, both ways by one scale."""
    low, high = points.min(0), points.max(0)
    return np.asarray((points - (low + high) / 2.0) / max(float((high - low).max()) / 2.0, 1e-12), np.float32)


def _components(w: np.ndarray) -> np.ndarray:
    return np.asarray(PCA(min(COMPONENTS, *w.shape), random_state=SEED).fit_transform(w))


def _discriminants(w: np.ndarray, labels: np.ndarray, count: int) -> np.ndarray:
    """(n, count); principal components where categories are too few to span a plane."""
    if len(np.unique(labels)) < 3:
        return np.asarray(PCA(2, random_state=SEED).fit_transform(w))
    shrunk = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto", n_components=count)
    return np.asarray(shrunk.fit_transform(w, labels))


def _tsne(rows: np.ndarray) -> np.ndarray:
    perplexity = min(PERPLEXITY, (len(rows) - 1) / 3.0)
    return np.asarray(TSNE(2, perplexity=perplexity, init="pca", random_state=SEED).fit_transform(rows))
