"""Weights as they are stored and as they are used."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor


def read_weights(path: Path) -> dict[str, Tensor]:
    """Tensors of a safetensors file by name, in float32 whatever they are stored in.

    Raises OSError or SafetensorError where the file is missing or damaged.
    """
    return {k: v.float() for k, v in load_file(path).items()}
