"""What a sound will measure, told from its place in W alone, by a small network: descriptors and their slopes at once.

A generator asked for its slopes takes a tenth of a second; this takes a tenth of a millisecond, so a slider can ask it
at every place that it comes through (control/steering.py). It reads the last row of w+, which draws spectra and
envelopes, in coordinates whose unit is a standard deviation of the latents within a category.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional as F

from synth.models.layers import SLOPE


@dataclass(frozen=True)
class Estimate:
    """Three dense layers over coordinates of W: leaky ReLU, SiLU, none.

    centre: (w_dim,), the origin; axes: (k, w_dim), at right angles, one standard deviation of latents each; layers of
    h1 and h2 units: wide (h1, k), wide_bias, narrow (h2, h1), narrow_bias, out (K, h2), out_bias, in the units of the
    descriptors `names`; steepness: (K,), root mean square length of their slopes by coordinates.
    """

    names: tuple[str, ...]
    centre: Tensor
    axes: Tensor
    wide: Tensor
    wide_bias: Tensor
    narrow: Tensor
    narrow_bias: Tensor
    out: Tensor
    out_bias: Tensor
    steepness: Tensor

    def coordinates(self, w: Tensor) -> Tensor:
        """w (B, w_dim) -> (B, k)."""
        return (w - self.centre) @ (self.axes / self.axes.square().sum(1, keepdim=True).clamp_min(1e-12)).t()

    def __call__(self, x: Tensor) -> Tensor:
        """Descriptors (B, K) at coordinates (B, k)."""
        return (
            F.silu(F.leaky_relu(x @ self.wide.t() + self.wide_bias, SLOPE) @ self.narrow.t() + self.narrow_bias)
            @ (self.out.t())
            + self.out_bias
        )

    def with_slopes(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Descriptors (B, K) at coordinates (B, k), and their slopes (B, K, k) by the chain rule."""
        first = x @ self.wide.t() + self.wide_bias
        second = F.leaky_relu(first, SLOPE) @ self.narrow.t() + self.narrow_bias
        gate = second.sigmoid()
        risen = (self.out * (gate * (1.0 + second * (1.0 - gate)))[:, None]) @ self.narrow
        slopes = (risen * torch.where(first > 0.0, 1.0, SLOPE)[:, None]) @ self.wide
        return (second * gate) @ self.out.t() + self.out_bias, slopes

    def save(self, path: Path) -> None:
        tensors = {f.name: getattr(self, f.name).contiguous() for f in fields(self) if f.name != "names"}
        save_file(tensors, path, {"descriptors": " ".join(self.names)})

    @classmethod
    def load(cls, path: Path) -> Estimate:
        """Raises OSError or SafetensorError for a file that cannot be read, ValueError for one of another kind."""
        with safe_open(path, "pt") as file:
            names = (file.metadata() or {}).get("descriptors", "").split()
        tensors = load_file(path)
        if set(tensors) != {f.name for f in fields(cls)} - {"names"} or len(names) != len(tensors["out"]):
            raise ValueError(f"{path.name} holds no estimate of descriptors")
        return cls(tuple(names), **{name: t.float() for name, t in tensors.items()})
