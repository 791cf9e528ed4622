"""A recording's place in the latent space: the way in for the listener's own sounds."""

from __future__ import annotations

import torch
from torch import Tensor

from synth.models.encoder import Inverter
from synth.models.stylegan2 import Generator


def encode(generator: Generator, encoder: Inverter, x: Tensor, mask: Tensor | None = None) -> Tensor:
    """Codec tensors (B, 1, F, T) -> w+ (B, num_ws, w_dim) with which `generator` makes them again.

    `mask`, (B, 1, F, T) or of a shape that broadcasts to it, is 1 where x is known and 0 where it is not (beyond the
    end of a shorter clip, or hidden): what x holds there does not count. Without one all is known. No autograd history
    is kept; the result is an ordinary tensor, which optimisation may start from. Raises ValueError where sizes do not
    fit.
    """
    g = generator.config
    if x.ndim != 4 or x.shape[1:] != (1, g.bins, g.frames):
        raise ValueError(f"this model takes (B, 1, {g.bins}, {g.frames}), not {tuple(x.shape)}: encode first")
    if encoder.shape != (g.num_ws, g.w_dim):
        raise ValueError(f"an encoder of w+ {encoder.shape} does not fit ({g.num_ws}, {g.w_dim}): load the model's own")
    device = generator.w_avg.device
    with torch.inference_mode():
        w, offsets = encoder(x.to(device), mask)
        ws = generator.broadcast(w) + offsets
    found: Tensor = ws.clone()  # outside of inference mode, whose tensors autograd refuses
    return found
