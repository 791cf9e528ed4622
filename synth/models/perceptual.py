"""LPIPS: how alike two spectrograms look to a network (Zhang et al. 2018, arXiv 1801.03924), and what it sees in them.

The metric is the package `lpips`; its weights, AlexNet's trunk and the linear layers, are a file of ours, so nothing is
fetched. `lpips` and torchvision are imported when weights are loaded, for playing needs neither.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from synth.models.shipped import read_shipped

FILE = Path("perceptual") / "lpips_alexnet.safetensors"
SHA256 = "34cc4bd0576b6d08cf9e9c599759255c93e96dc6a119706f0f9c200fdfc3aaf4"
# Decibels that a codec tensor spans, and how many of them, from the peak down, a picture shows.
CODEC_DB, SHOWN_DB = 80.0, 60.0


class Perceptual(nn.Module):
    """Codec tensors (B, 1, F, T) in [-1, 1], as pictures. Weights are frozen; gradients reach the inputs.

    F and T are at least 32. Frequency is not flipped: row 0 is the lowest bin.
    """

    def __init__(self, lpips: Any):
        super().__init__()
        self.lpips = lpips.requires_grad_(False)
        self.eval()

    @classmethod
    def load(cls, path: Path | None = None) -> Perceptual:
        """From `path`, else from the models' folder, else from the one beside the package.

        Raises CheckpointError when the file is missing or is not the one this version knows.
        """
        return cls(_build(read_shipped(FILE, SHA256, path)))

    def train(self, mode: bool = True) -> Perceptual:
        """Stays in evaluation: a network that holds this one may be trained."""
        return super().train(False)

    def distance(self, a: Tensor, b: Tensor) -> Tensor:
        """LPIPS of a and b, each (B, 1, F, T) -> (B,): 0 where they look the same, seldom above 1."""
        return self.apart(self.seen(a), self.seen(b))

    def seen(self, x: Tensor) -> list[Tensor]:
        """(B, 1, F, T) -> what LPIPS compares: the features, of length 1 over channels."""
        return [_unit(of) for of in self.features(x)]

    def apart(self, a: list[Tensor], b: list[Tensor]) -> Tensor:
        """LPIPS of two that were seen, (B,): for a sound that is compared again and again."""
        total = a[0].new_zeros(len(a[0]))
        for of_a, of_b, linear in zip(a, b, self.lpips.lins, strict=True):
            total = total + linear((of_a - of_b).square()).mean((1, 2, 3))
        return total

    def features(self, x: Tensor) -> list[Tensor]:
        """(B, 1, F, T) -> the outputs (B, C, h, w) of the five ReLU layers, C = 64, 192, 384, 256, 256."""
        return self.of_pictures(picture(x.float()).expand(-1, 3, -1, -1))

    def of_pictures(self, x: Tensor) -> list[Tensor]:
        """The same of pictures (B, 3, H, W) in [-1, 1]."""
        return list(self.lpips.net(self.lpips.scaling_layer(x)))


def picture(x: Tensor) -> Tensor:
    """A codec tensor's top 60 dB as [-1, 1]: noise in a silent tail, far below hearing, must not outweigh the sound."""
    lowest = 1.0 - 2.0 * SHOWN_DB / CODEC_DB
    return (x.clamp(lowest, 1.0) - lowest) * (2.0 / (1.0 - lowest)) - 1.0


def _unit(features: Tensor) -> Tensor:
    """(B, C, h, w) of length 1 over channels, as lpips has it, but with a finite gradient where all are zero."""
    return features / (features.square().sum(1, keepdim=True) + 1e-20).sqrt()


def _build(tensors: dict[str, Tensor]) -> Any:
    # On the meta device neither memory nor random numbers are spent on weights that are replaced at once.
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lpips asks torchvision for a network in a way that is out of use
        network = _lpips().LPIPS(pretrained=False, pnet_rand=True, net="alex", verbose=False)
    network.load_state_dict({k: v.float() for k, v in tensors.items()}, strict=False, assign=True)
    return network


def _lpips() -> ModuleType:
    """The package, also where torchvision was built for CUDA and torch was not.

    Its compiled operators do not load then, and it cannot be imported before those that it describes are declared.
    LPIPS calls none of them.
    """
    try:
        import torchvision  # type: ignore[import-untyped]  # noqa: F401
    except RuntimeError:
        for name in ("nms", "qnms"):
            torch.library.define(f"torchvision::{name}", "(Tensor boxes, Tensor scores, float threshold) -> Tensor")
    import lpips  # type: ignore[import-untyped]

    found: ModuleType = lpips
    return found
