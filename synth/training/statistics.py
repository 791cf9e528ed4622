"""Statistics of drawn sounds, held to those of the recordings in the space of a frozen network.

The Frechet distance itself as a loss (FD-loss, arXiv 2604.28190): the newest batch and a queue of those before it stand
for the model, and gradients reach the batch alone. Beside it every category's mean is pulled to that of its recordings,
since a set of sounds may be likely as a whole and yet each be of the wrong kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

COMPONENTS = 96
MEMORY = 0.8  # of a category's running mean
LEAST = 0.05  # of the whole variance that is within categories, where each has one clip
SHRINKAGE = 0.1  # of the covariance within categories towards a sphere: there are few clips of each


class Statistics:
    """What features of the recordings are like, and of the latest drawn sounds.

    features: (N, D) of all recordings; labels: (N,); kept: drawn sounds that are remembered; sizes: features that each
    map of the network has among them, (D,) of one map by default. Maps count alike, whatever their scale, in the units
    of the last.
    """

    def __init__(
        self, features: Tensor, labels: Tensor, categories: int, kept: int, sizes: Sequence[int] | None = None
    ):
        self.kept = kept
        count = min(COMPONENTS, features.shape[1], len(features) - 1)
        self.centre = features.mean(0)
        self.scale = _alike(features, list(sizes or features.shape[1:]))
        centred = (features - self.centre) * self.scale
        self.axes = torch.linalg.svd(centred, full_matrices=False)[2][:count].t().contiguous()
        own = self._project(features)
        self.mean, covariance = own.mean(0), _covariance(own)
        values, vectors = torch.linalg.eigh(covariance.double())
        values = values.clamp_min(1e-8)
        self.trace = values.sum().float()
        self.root = ((vectors * values.sqrt()) @ vectors.t()).float()
        self.class_means = torch.stack([own[labels == k].mean(0) for k in range(categories)])
        self.discriminant = _discriminant(own, labels, self.class_means)
        self.running = self.class_means.clone()
        self.queue = own.new_zeros(0, count)

    def _project(self, features: Tensor) -> Tensor:
        found: Tensor = ((features - self.centre) * self.scale) @ self.axes
        return found

    @property
    def filled(self) -> bool:
        return len(self.queue) == self.kept

    def push(self, features: Tensor, labels: Tensor) -> None:
        """Remembers features (B, D) of drawn sounds of categories `labels`."""
        own = self._project(features.detach())
        self.queue = torch.cat([own, self.queue])[: self.kept]
        for k in labels.unique():
            self.running[k] = MEMORY * self.running[k] + (1.0 - MEMORY) * own[labels == k].mean(0)

    def distances(self, features: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Frechet distance of the batch with the queue, the pull of its categories' means, and how little each sound is
        of its own category rather than of the others (cross entropy, per sound), all scalars.

        Scaled so that their gradient on one sound does not depend on how many stand beside it.
        """
        own = self._project(features)
        if not torch.isfinite(own).all():  # no number, which the trainer knows what to do with; eigenvalues would raise
            return own.sum(), own.sum(), own.sum()
        every = torch.cat([own, self.queue[: self.kept - len(own)]])
        frechet = self._frechet(every.mean(0), _covariance(every)) * (len(every) / len(own))
        pull = 2.0 * ((self.running[labels] - self.class_means[labels]) * own).sum(1).mean()
        weights, bias = self.discriminant
        return frechet, pull, F.cross_entropy(own @ weights + bias, labels)

    def _frechet(self, mean: Tensor, covariance: Tensor) -> Tensor:
        """|m - m'|^2 + tr(S + S' - 2 (S^1/2 S' S^1/2)^1/2) (Dowson & Landau 1982)."""
        values = torch.linalg.eigvalsh(self.root @ covariance @ self.root)
        between = values.clamp_min(1e-8).sqrt().sum()
        found: Tensor = (mean - self.mean).square().sum() + covariance.trace() + self.trace - 2.0 * between
        return found

    def state(self) -> dict[str, Any]:
        """What an exact resume needs; what the recordings are like is worked out anew."""
        return {"running": self.running, "queue": self.queue}

    def load(self, state: dict[str, Any]) -> None:
        self.running, self.queue = state["running"], state["queue"]


def _covariance(own: Tensor) -> Tensor:
    """Of features (N, D) as (D, D), where `torch.cov` has a number for one feature."""
    found: Tensor = torch.atleast_2d(torch.cov(own.t()))
    return found


def _discriminant(own: Tensor, labels: Tensor, means: Tensor) -> tuple[Tensor, Tensor]:
    """Weights (D, K) and biases (K,) of the log odds of K categories at features (N, D), of Gaussians with one
    covariance (linear discriminant analysis, Fisher 1936)."""
    within = _covariance(own - means[labels])
    spread = torch.maximum(within.diagonal().mean(), LEAST * own.var(0).mean())
    sphere = spread * torch.eye(len(within), device=own.device)
    weights = torch.linalg.solve(torch.lerp(within, sphere, SHRINKAGE), means.t())
    return weights, -0.5 * (means.t() * weights).sum(0)


def _alike(features: Tensor, sizes: list[int]) -> Tensor:
    """Factors (D,) by which parts of features (N, D) get the same spread; that of all together is the last one's."""
    spreads = [part.var(0).sum().sqrt().clamp_min(1e-9) for part in features.split(sizes, 1)]
    factors = [(spreads[-1] / spread).expand(size) for spread, size in zip(spreads, sizes, strict=True)]
    found: Tensor = torch.cat(factors) * len(sizes) ** -0.5
    return found
