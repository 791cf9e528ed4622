"""Places in W to score apart: at the codes of training clips, and half way between those of neighbours.

A prior that is made of codes draws near them. What a generator makes at a clip's own code says how well it makes clips
again; what it makes as far from any code as the prior goes says whether it has learnt what lies between.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from synth.models.mapping import Mapping

NEIGHBOURS = 4  # of which one is drawn


@dataclass(frozen=True)
class Places:
    """w (N, w_dim) of categories `labels` (N,); clips: index (N,) of the code that each is at or half way from."""

    w: Tensor
    labels: Tensor
    clips: Tensor


def at_clips(mapping: Mapping, labels: Tensor, rng: torch.Generator) -> Places:
    """A code of each category in labels (N,), drawn without repetition for as long as there are others."""
    clips = torch.empty_like(labels)
    for category in labels.unique():
        wanted = (labels == category).nonzero().squeeze(1)
        members = (mapping.labels == category).nonzero().squeeze(1)
        order = members[torch.randperm(len(members), generator=rng)]
        clips[wanted] = order[torch.arange(len(wanted)) % len(order)]
    return Places(mapping.codes[clips], labels, clips)


def between_clips(mapping: Mapping, labels: Tensor, rng: torch.Generator) -> Places:
    """Half way from such a code to one of its nearest of the same category; at it where it is the only one."""
    start = at_clips(mapping, labels, rng)
    others = torch.empty_like(start.w)
    for i, (clip, category) in enumerate(zip(start.clips.tolist(), labels.tolist(), strict=True)):
        members = (mapping.labels == category).nonzero().squeeze(1)
        distances = (mapping.codes[members] - mapping.codes[clip]).norm(dim=1)
        near = members[distances.argsort()[1 : NEIGHBOURS + 1]]
        drawn = near[torch.randint(len(near), (), generator=rng)] if len(near) else torch.tensor(clip)
        others[i] = mapping.codes[drawn]
    return Places((start.w + others) / 2.0, labels, start.clips)
