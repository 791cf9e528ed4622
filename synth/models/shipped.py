"""Weights of frozen networks that come with the project, in checkpoints/perceptual."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from synth import paths
from synth.checkpoint.store import sha256
from synth.errors import CheckpointError


def read_shipped(file: Path, expected: str, path: Path | None = None) -> dict[str, Tensor]:
    """Tensors by name, as they are stored; `file`: below the models' folder, or below the one beside the package.

    `path` names the file itself instead. Raises CheckpointError when it is missing or its sha256 is not `expected`.
    """
    path = _place(file) if path is None else Path(path)
    try:
        intact = sha256(path) == expected
        tensors = load_file(path) if intact else {}
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} is missing: restore checkpoints/{file.parent}") from error
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path} cannot be read ({error}): restore checkpoints/{file.parent}") from error
    if not intact:
        raise CheckpointError(f"{path} is damaged (its sha256 is another): restore checkpoints/{file.parent}")
    return tensors


def _place(file: Path) -> Path:
    """SONOFORM_CHECKPOINTS may name a folder of models alone; these weights come with the project."""
    named = paths.models() / file
    return named if named.is_file() else paths.shipped() / file
