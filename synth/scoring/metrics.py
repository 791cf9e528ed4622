"""How close sounds are to real ones, in the embedding space of a frozen network.

All figures are against the valid split, with the training split to vote on categories and to be copied from. Figures on
one network and one data set compare with each other and with nothing else, so they are read beside the floor (training
clips against the valid split) and the ceiling (hit rate of real valid clips). FAD falls with the number of sounds (the
floor of the one-shots: 2.5 of 187 training clips, 2.1 of 512, 1.9 of all 1636), so the floor is of as many clips as
there are sounds, and N is told. Where both splits draw on the same sound libraries the ceiling owes part of its height
to that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import soxr
import torch

from synth.recordings.dataset import Clips
from synth.scoring.certainty import margins
from synth.scoring.distances import (
    Gaussian,
    density_coverage,
    frechet_distance,
    kernel_distance,
    nearest_categories,
    nearest_distances,
    nearest_other_distances,
    precision_recall,
)
from synth.scoring.embedders import Embedder
from synth.scoring.embeddings import Embeddings, name_of

# Quantile of the distances from real valid clips to training clips, below which a sound counts as a copy.
COPY_QUANTILE = 0.01
# Sounds that a network hears at once. Activations of more are so large that the allocator gets and returns them anew
# each time, zeroed page by page: with 32 YAMNet takes 3.3 times the CPU a sound on one core, and aiSFX 1.6 times.
BATCH = 4
# Sounds of a category below which its hit rate says little.
TELLING = 20


@dataclass(frozen=True)
class Scores:
    """What a snapshot of a run is judged by; `n` sounds."""

    fad: float
    kad: float
    hit_rate: float
    n: int


@dataclass(frozen=True)
class Closeness:
    """A set of `n` sounds against the valid split, categories aside."""

    fad: float
    kad: float
    precision: float
    recall: float
    density: float
    coverage: float
    n: int


@dataclass(frozen=True)
class Category:
    """Sounds of one category: how many hit it, of how many; KAD to its valid clips, None where either are under 2."""

    hits: int
    n: int
    kad: float | None

    @property
    def hit_rate(self) -> float:
        return self.hits / self.n


def worst(categories: dict[str, Category], real: dict[str, Category]) -> str | None:
    """The category with the lowest hit rate, among those with TELLING sounds and real clips; None where there are none.

    Of several, the one whose real clips are known best.
    """
    telling = [name for name, of in categories.items() if of.n >= TELLING and name in real]
    return min(telling, key=lambda name: (categories[name].hit_rate, -real[name].hit_rate), default=None)


@dataclass(frozen=True)
class Memorisation:
    """Cosine distances to the nearest training clip: medians of sounds, of valid clips, of training clips to others.

    `copy_distance` is the 1 % quantile of the valid clips' distances, `copies` the share of sounds that are no farther
    than that: about .01 where sounds are as new as valid clips are, 1 where all are copies.
    """

    sounds: float
    valid: float
    train: float
    copy_distance: float
    copies: float


class Yardstick:
    """The two splits of a data set, embedded. Sounds are (N, n) float32; labels (N,) are indices into `categories`."""

    def __init__(
        self,
        embedder: Embedder,
        train: np.ndarray,
        train_labels: np.ndarray,
        valid: np.ndarray,
        valid_labels: np.ndarray,
        categories: tuple[str, ...],
        sample_rate: int,
        kept: Embeddings | None = None,
    ):
        self.embedder = embedder
        self.categories = categories
        self.sample_rate = sample_rate
        self.train, self.train_labels = self._recalled(train, kept), train_labels
        self.valid, self.valid_labels = self._recalled(valid, kept), valid_labels
        self._valid_gaussian = Gaussian.of(self.valid)

    @classmethod
    def of(cls, embedder: Embedder, train: Clips, valid: Clips, sample_rate: int) -> Yardstick:
        """Of the two splits of a data folder, loaded at `sample_rate`; their embeddings are kept on disk."""
        splits = (train.waveforms().numpy(), train.labels.numpy(), valid.waveforms().numpy(), valid.labels.numpy())
        return cls(embedder, *splits, categories=train.categories, sample_rate=sample_rate, kept=Embeddings())

    @torch.inference_mode()
    def embed(self, sounds: np.ndarray, batch: int = BATCH) -> np.ndarray:
        """(N, n) -> (N, P, D). Every sound is brought to the same peak first: level is the patch's, not the model's."""
        parts = (self._levelled(sounds[i : i + batch]) for i in range(0, len(sounds), batch))
        return torch.cat([self.embedder(torch.from_numpy(part)) for part in parts]).numpy()

    def _levelled(self, sounds: np.ndarray) -> np.ndarray:
        """Samples (N, n) at the embedder's rate, peak 1."""
        if self.sample_rate != self.embedder.sample_rate:
            sounds = np.stack([soxr.resample(x, self.sample_rate, self.embedder.sample_rate) for x in sounds])
        peaks = np.maximum(np.abs(sounds).max(axis=1, keepdims=True), 1e-9)
        return np.asarray(sounds / peaks, np.float32)

    def _recalled(self, clips: np.ndarray, kept: Embeddings | None) -> np.ndarray:
        """`embed`, unless it is known what it gives."""
        if kept is None:
            return self.embed(clips)
        name = name_of(self.embedder, clips, self.sample_rate)
        found = kept.read(name)
        if found is None:
            found = self.embed(clips)
            kept.write(name, found)
        return found

    def score(self, sounds: np.ndarray, labels: np.ndarray) -> Scores:
        """The figures that are cheap enough while training."""
        embeddings = self.embed(sounds)
        return Scores(
            fad=self._fad(embeddings),
            kad=kernel_distance(embeddings, self.valid),
            hit_rate=float(self.hits(embeddings, labels).mean()),
            n=len(sounds),
        )

    def closeness(self, embeddings: np.ndarray) -> Closeness:
        """Of embeddings (N, P, D); precision to coverage on each sound's mean over time."""
        made, real = embeddings.mean(1), self.valid.mean(1)
        precision, recall = precision_recall(made, real)
        density, coverage = density_coverage(made, real)
        kad = kernel_distance(embeddings, self.valid)
        return Closeness(self._fad(embeddings), kad, precision, recall, density, coverage, len(embeddings))

    def per_category(
        self, embeddings: np.ndarray, labels: np.ndarray, own: np.ndarray | None = None
    ) -> dict[str, Category]:
        """Of embeddings (N, P, D), the categories that were drawn; own: the training clip that each was made after."""
        hits = self.hits(embeddings, labels, own)
        found = {}
        for i, name in enumerate(self.categories):
            own = labels == i
            if own.any():
                found[name] = Category(int(hits[own].sum()), int(own.sum()), self._kad(embeddings[own], i))
        return found

    def margins(self, embeddings: np.ndarray, asked: np.ndarray, own: np.ndarray | None = None) -> np.ndarray:
        """(N,) of embeddings (N, P, D): how much nearer the category that was asked for is than any other, of training
        clips, in standard deviations of all likenesses (`certainty.py`)."""
        return margins(embeddings.mean(1), self.train.mean(1), self.train_labels, asked, own)

    def memorisation(self, embeddings: np.ndarray) -> Memorisation:
        """Of embeddings (N, P, D), by each sound's mean over time."""
        train = self.train.mean(1)
        sounds, valid = (nearest_distances(x.mean(1), train) for x in (embeddings, self.valid))
        limit = float(np.quantile(valid, COPY_QUANTILE))
        return Memorisation(
            sounds=float(np.median(sounds)),
            valid=float(np.median(valid)),
            train=float(np.median(nearest_other_distances(train))),
            copy_distance=limit,
            copies=float((sounds <= limit).mean()),
        )

    def floor(self, count: int) -> Closeness:
        """What copies of the data would score: `count` training clips, or all where there are fewer."""
        return self.closeness(self.train[self._some(count)])

    def floor_kad(self) -> dict[str, float | None]:
        """KAD of each category's training clips to its valid clips."""
        return {name: self._kad(self.train[self.train_labels == i], i) for i, name in enumerate(self.categories)}

    def ceiling(self) -> dict[str, Category]:
        """Hits of the real valid clips; their KAD to themselves says nothing."""
        hits = self.hits(self.valid, self.valid_labels)
        of = {name: hits[self.valid_labels == i] for i, name in enumerate(self.categories)}
        return {name: Category(int(h.sum()), len(h), None) for name, h in of.items() if len(h)}

    def _some(self, count: int) -> np.ndarray:
        return np.random.default_rng(0).permutation(len(self.train))[:count]

    def _fad(self, embeddings: np.ndarray) -> float:
        return frechet_distance(Gaussian.of(embeddings), self._valid_gaussian)

    def _kad(self, embeddings: np.ndarray, category: int) -> float | None:
        real = self.valid[self.valid_labels == category]
        return kernel_distance(embeddings, real) if min(len(embeddings), len(real)) > 1 else None

    def hits(self, embeddings: np.ndarray, labels: np.ndarray, own: np.ndarray | None = None) -> np.ndarray:
        """Which of embeddings (N, P, D) are nearest to training clips of their category, labels (N,)."""
        found = nearest_categories(embeddings.mean(1), self.train.mean(1), self.train_labels, own=own)
        return np.asarray(found == labels)
