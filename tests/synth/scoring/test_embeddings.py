"""Embeddings that are kept: found again for the same sounds and network, made anew for others, never in the way."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from synth.scoring import embeddings
from synth.scoring.embeddings import Embeddings, name_of
from synth.scoring.metrics import Yardstick


class Counting:
    """An embedder with weights that counts the sounds it is given."""

    name, sample_rate = "counting", 16000

    def __init__(self, weight: float = 1.0):
        self.network = torch.nn.Linear(1, 1, bias=False)
        torch.nn.init.constant_(self.network.weight, weight)
        self.seen = 0

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        self.seen += len(x)
        return x[:, None, :4] * self.network.weight


def yardstick(embedder: Counting, sounds: np.ndarray, kept: Embeddings) -> Yardstick:
    labels = np.arange(len(sounds)) % 2
    return Yardstick(embedder, sounds, labels, sounds[:4], labels[:4], ("a", "b"), 16000, kept)


def test_a_data_set_is_embedded_once(tmp_path: Path) -> None:
    kept, sounds = Embeddings(tmp_path / "new"), np.random.default_rng(0).standard_normal((8, 32)).astype(np.float32)
    first, again, other = Counting(), Counting(), Counting(2.0)
    made = yardstick(first, sounds, kept)
    found = yardstick(again, sounds, kept)
    assert first.seen == 12 and again.seen == 0
    np.testing.assert_array_equal(made.train, found.train)
    np.testing.assert_array_equal(yardstick(other, sounds, kept).train, 2.0 * made.train)
    assert other.seen == 12, "other weights, other embeddings"
    changed = sounds.copy()
    changed[7, 3] += 1e-3
    assert name_of(first, changed, 16000) != name_of(first, sounds, 16000) != name_of(first, sounds, 8000)
    assert not [p for p in (tmp_path / "new").iterdir() if p.suffix != ".npy"]


def test_a_damaged_file_and_a_folder_that_cannot_be_written_are_no_fault(tmp_path: Path) -> None:
    kept = Embeddings(tmp_path)
    kept.write("x", np.ones((2, 3)))
    (tmp_path / "x.npy").write_bytes(b"nonsense")
    assert kept.read("x") is None and kept.read("never") is None
    (tmp_path / "file").write_text("")
    Embeddings(tmp_path / "file" / "below").write("x", np.ones(3))


def test_the_oldest_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "KEPT", 2)
    kept = Embeddings(tmp_path)
    for i, name in enumerate("abc"):
        kept.write(name, np.full(2, i))
        os.utime(tmp_path / f"{name}.npy", (i, i))
    assert sorted(p.stem for p in tmp_path.glob("*.npy")) == ["b", "c"]
