"""Embeddings of data sets, kept on disk: what a network makes of the same recordings is the same each time."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch

from synth import paths
from synth.scoring.embedders import Embedder
from synth.storage import whole_file

FORMAT = 1  # raised when an embedder makes something else of the same samples
KEPT = 48  # files, the latest used


class Embeddings:
    """A folder of arrays, named by what they were made of: the samples, their rate and the network with its weights.

    A folder that cannot be written is no fault: then all is made anew.
    """

    def __init__(self, folder: Path | None = None):
        self.folder = _default_folder() if folder is None else folder

    def read(self, name: str) -> np.ndarray | None:
        path = self.folder / f"{name}.npy"
        try:
            found: np.ndarray = np.load(path, allow_pickle=False)
            os.utime(path)
        except (OSError, ValueError, EOFError):
            return None
        return found

    def write(self, name: str, embeddings: np.ndarray) -> None:
        """Whole or not at all; the oldest make room."""
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            with whole_file(self.folder / f"{name}.npy") as fresh, fresh.open("wb") as file:
                np.save(file, embeddings, allow_pickle=False)
            for path in sorted(self.folder.glob("*.npy"), key=lambda p: p.stat().st_mtime)[:-KEPT]:
                path.unlink()


def name_of(embedder: Embedder, sounds: np.ndarray, rate: int) -> str:
    """Of the embeddings that `embedder` makes of samples (N, n) at `rate`."""
    digest = hashlib.sha256(f"{FORMAT} {embedder.name} {embedder.sample_rate} {rate} {sounds.shape}".encode())
    digest.update(np.ascontiguousarray(sounds, np.float32).tobytes())
    for network in vars(embedder).values():
        if isinstance(network, torch.nn.Module):
            for tensor in network.state_dict().values():
                digest.update(tensor.cpu().numpy().tobytes())
    return digest.hexdigest()


def _default_folder() -> Path:
    return paths.cache() / "embeddings"
