"""The prior over W: from a Gaussian z to a place among the encoded clips of a category.

A mapping network trained on few clips puts most of its w far from any clip, where the synthesis has seen nothing and
draws blends (docs/training.md has the figures). Here the encoded clips themselves carry the prior, as in the Exemplar
VAE (Norouzi et al. 2020, arXiv 2004.04795): w is a convex combination of them whose weights are a softmax over
z . key + bias. Keys of clips that lie close in W point the same way, so a z that wanders passes from neighbour to
neighbour; biases make every clip equally frequent. With a sharp softmax this is nearly the optimal transport of the
Gaussian to the set of clips, of which the biases are the potentials (Genevay et al. 2016, arXiv 1605.08527).

The two halves of w, of spectra and of envelopes (training/codes.py), may be chosen by two views of z, of which one is
turned: then a sound has the spectra of one clip and the envelopes of another, a near one the rather the smaller the
turn, and is a copy of neither.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

LEFT_OUT = -1e4  # bias of a clip that no z chooses; a number that half precision has
NEIGHBOUR = 3  # the distance to this one is the unit in which a clip's neighbourhood is measured
BALANCING_STEPS, BALANCING_DRAWS = 40, 2048


class Mapping(nn.Module):
    """(z (B, z_dim), category (B,)) -> w (B, w_dim), among `codes` (clips, w_dim) of categories `labels` (clips,).

    sharpness: how much logits of clips that are not neighbours differ for a typical z. At 20 nearly every w is the code
    of a clip, a copy; at 3 a blend of several that need not be alike.
    turn: degrees between the z that chooses the first half of w and the z that chooses the second: at 0 both are of the
    same clips, at 90 they know nothing of each other but the category.
    """

    codes: nn.Parameter
    keys: Tensor  # (clips, z_dim), of unit length
    biases: Tensor  # (clips,)
    labels: Tensor

    def __init__(self, z_dim: int, w_dim: int, categories: int, clips: int, sharpness: float, turn: float = 0.0):
        super().__init__()
        self.sharpness, self.turn = sharpness, turn
        keys = nn.functional.normalize(torch.randn(clips, z_dim), dim=1)
        self.codes = nn.Parameter(torch.randn(clips, w_dim))
        self.register_buffer("keys", keys)
        self.register_buffer("biases", torch.zeros(clips))
        self.register_buffer("labels", torch.arange(clips) % categories)

    def forward(self, z: Tensor, category: Tensor) -> Tensor:
        z = z.float()
        if not self.turn:
            return self._chosen(z, category) @ self.codes
        views = (z, _turned(z, math.radians(self.turn)))
        halves = zip(views, self.codes.chunk(2, 1), strict=True)
        return torch.cat([self._chosen(view, category) @ codes for view, codes in halves], 1)

    def _chosen(self, z: Tensor, category: Tensor) -> Tensor:
        """Weights (B, clips) of the clips that take part."""
        logits = self.sharpness * (z @ self.keys.t()) + self.biases
        return logits.masked_fill(category[:, None] != self.labels, -math.inf).softmax(1)

    @property
    def chosen_from(self) -> Tensor:
        """Which clips (clips,) the prior chooses from: all but those that were left out."""
        return self.biases > LEFT_OUT / 2.0

    def centres(self, categories: int) -> Tensor:
        """Mean code of each category, of the clips that the prior chooses from, (categories, w_dim)."""
        return torch.stack([self.codes[(self.labels == c) & self.chosen_from].mean(0) for c in range(categories)])

    @torch.no_grad()
    def arrange(self, rng: torch.Generator) -> None:
        """Fits keys and biases to the codes as they are now. `rng` lives where the codes do."""
        for category in self.labels.unique():
            members = (self.labels == category).nonzero().squeeze(1)
            self.keys[members] = _keys(self.codes[members], self.keys.shape[1])
            self.biases[members] = _balance(self.keys[members], self.sharpness, rng)

    @torch.no_grad()
    def leave_out(self, left: Tensor, rng: torch.Generator) -> None:
        """Lets the prior choose no clip of `left` (clips,) any more; the others of its category share its part. Each
        category keeps one clip at least."""
        for category in self.labels.unique():
            members = ((self.labels == category) & ~left).nonzero().squeeze(1)
            self.biases[members] = _balance(self.keys[members], self.sharpness, rng)
        self.biases[left] = LEFT_OUT


def _turned(z: Tensor, angle: float) -> Tensor:
    """z (B, n) rotated by `angle`, in radians, in n / 2 planes: as Gaussian as before, correlated with it by cos."""
    a, b = z.chunk(2, 1)
    return torch.cat([math.cos(angle) * a - math.sin(angle) * b, math.sin(angle) * a + math.cos(angle) * b], 1)


def _keys(codes: Tensor, size: int) -> Tensor:
    """Codes (n, w_dim) -> unit keys (n, size) whose products are, as far as `size` allows, a self-tuning Gaussian
    kernel of the codes (Zelnik-Manor & Perona 2004)."""
    distances = torch.cdist(codes.double(), codes.double())
    # The distance to itself is the nearest.
    scales = distances.topk(min(NEIGHBOUR + 1, len(codes)), largest=False).values[:, -1].clamp_min(1e-9)
    kernel = torch.exp(-distances.square() / (scales[:, None] * scales))
    values, vectors = torch.linalg.eigh(kernel)
    kept = min(size, len(codes))
    factor = vectors[:, -kept:] * values[-kept:].clamp_min(0.0).sqrt()
    keys = codes.new_zeros(len(codes), size)
    keys[:, :kept] = nn.functional.normalize(factor, dim=1).to(codes.dtype)
    return keys


def _balance(keys: Tensor, sharpness: float, rng: torch.Generator) -> Tensor:
    """Keys (n, z_dim) -> biases (n,) with which every key gets about the same share of Gaussian z."""
    z = torch.randn(BALANCING_DRAWS, keys.shape[1], generator=rng, device=keys.device)
    logits = sharpness * (z @ keys.t())
    biases = keys.new_zeros(len(keys))
    for step in range(BALANCING_STEPS):
        share = (logits + biases).softmax(1).mean(0)
        # A key that no z has found is raised as if half a z had.
        missing = -torch.log(share.clamp_min(0.5 / len(z)) * len(keys))
        biases += missing * (0.2 * sharpness / (1.0 + 0.1 * step) / 4.0)
    return biases - biases.mean()
