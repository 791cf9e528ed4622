"""aiSFX from shipped weights against what the published network answers to the log-mel spectrograms of Essentia."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from synth.checkpoint.store import sha256
from synth.errors import CheckpointError
from synth.models.aisfx import BANDS, FILE, SHA256, WIDTHS, AiSFX, mel_bands, shapes
from synth.models.shipped import read_shipped

CHECKPOINTS = Path(__file__).resolve().parents[3] / "checkpoints"
# Every sixteenth of the 512 features: EmbeddingNet of the wheel aisfx 0.1.2 with its own weights, its own blocks of 100
# frames, on MelBands of Essentia 2.1b6.dev1389 as the wheel sets them.
PUBLISHED = {
    "chirp": (
        1.722, 0.178, 0.575, 1.708, 1.987, 0.803, 1.595, 3.811, 3.063, 2.972, 2.361, 0.578, 2.290, 0.719, 1.409, 0.193,
        1.938, 0.165, 1.561, 6.330, 2.444, 2.493, 2.632, 5.025, 2.273, 2.163, 0.469, 2.654, 2.200, 1.926, 0.248, 2.322,
    ),
    "bell": (
        0.861, 1.647, 0.569, 1.059, 4.377, 0.821, 0.316, 6.172, 0.514, 0.714, 4.468, 0.656, 3.776, 1.876, 3.110, 0.439,
        1.800, 0.167, 0.287, 2.872, 4.785, 1.361, 3.088, 0.809, 0.311, 1.563, 1.688, 0.356, 1.706, 0.293, 1.127, 1.063,
    ),
    "clicks": (
        0.000, 0.000, 0.214, 0.000, 0.343, 1.585, 1.208, 3.944, 0.648, 0.300, 0.268, 0.108, 0.203, 2.492, 1.934, 0.000,
        0.605, 0.019, 0.494, 1.518, 1.161, 0.650, 1.147, 0.312, 0.000, 0.470, 0.266, 0.082, 2.928, 0.347, 0.980, 1.698,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def network() -> AiSFX:
    return AiSFX.load()


def sounds() -> dict[str, np.ndarray]:
    """Two seconds at 44.1 kHz of each sound above, peak 1."""
    n = np.arange(88200) / 44100
    partials = ((520, 2), (1410, 3), (2750, 5), (9100, 8))
    found = {
        "chirp": np.sin(2 * np.pi * (200 + 2000 * n) * n) * np.exp(-n),
        "bell": sum(np.sin(2 * np.pi * f * n) * np.exp(-fall * n) for f, fall in partials),
        "clicks": (np.arange(88200) % 11025 < 3).astype(float),
    }
    return {name: (x / np.abs(x).max()).astype(np.float32) for name, x in found.items()}


@pytest.mark.parametrize("name", PUBLISHED)
def test_features_are_those_of_the_published_network(network: AiSFX, name: str) -> None:
    ours = network.embed(torch.from_numpy(sounds()[name])[None])
    assert ours.shape == (1, 1, 512)
    some, published = ours[0, 0, ::16], torch.tensor(PUBLISHED[name])
    assert torch.cosine_similarity(some, published, dim=0) > 0.9999
    torch.testing.assert_close(some, published, atol=0.02, rtol=0.02)


def test_bands_are_triangles_over_mel_of_sum_one() -> None:
    bands = mel_bands()
    assert bands.shape == (BANDS, 1025) and (bands >= 0.0).all()
    np.testing.assert_allclose(bands.sum(1), 1.0)
    peaks = np.fft.rfftfreq(2048, 1 / 44100)[bands.argmax(1)]
    assert (np.diff(peaks) > 0).all() and peaks[-1] > 20000
    assert bands[10].argmax() * 44100 / 2048 == pytest.approx(700 * (10 ** (11 * 3923.34 / 97 / 2595) - 1), abs=22)


def test_blocks_cover_the_sound_evenly(network: AiSFX) -> None:
    n = np.arange(4 * 44100)
    x = torch.from_numpy(np.sin(0.1 * n) * (n > 3.9 * 44100)).float()
    found = network.embed(torch.stack([x, torch.zeros_like(x)]))
    assert found.shape == (2, 2, 512)
    assert not torch.allclose(found[0, 1], found[1, 1]), "the very end is heard"
    assert network.embed(torch.zeros(1, 100)).shape == (1, 1, 512)
    assert network.embed(torch.zeros(1, 8 * 44100)).shape == (1, 4, 512)


def test_maps_and_gradients_reach_the_input(network: AiSFX) -> None:
    maps = network.maps(torch.zeros(2, 100, BANDS))
    assert [m.shape[1:] for m in maps] == [(64, 50, 48), (128, 25, 24), (256, 12, 12), (512, 12, 12)]
    assert tuple(m.shape[1] for m in maps) == WIDTHS
    x = torch.zeros(1, 44100)
    x[:, 20000:21000] = torch.sin(torch.arange(1000) * 0.2)
    network.embed(x.requires_grad_()).sum().backward()
    assert x.grad is not None and x.grad.isfinite().all() and x.grad.abs().sum() > 0
    assert not any(p.requires_grad for p in network.parameters())


def test_missing_or_damaged_weights_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="is missing: restore"):
        AiSFX.load(tmp_path / "none.safetensors")
    (tmp_path / "bad.safetensors").write_bytes((CHECKPOINTS / FILE).read_bytes()[:-1])
    with pytest.raises(CheckpointError, match="is damaged"):
        AiSFX.load(tmp_path / "bad.safetensors")


def test_the_file_is_what_its_papers_say() -> None:
    folder = (CHECKPOINTS / FILE).parent
    told = json.loads((folder / "aisfx.json").read_text())
    assert told["sha256"] == SHA256 == sha256(CHECKPOINTS / FILE)
    assert SHA256 in (folder / "README.md").read_text()
    assert "Lerch" in (folder / "ATTRIBUTION.md").read_text() and told["licence"] == "CC-BY-4.0"
    assert {name: tuple(x.shape) for name, x in read_shipped(FILE, SHA256).items()} == shapes()


def test_the_converter_wants_the_wheel_it_knows(tmp_path: Path) -> None:
    (tmp_path / "aisfx.whl").write_bytes(b"another")
    converter = CHECKPOINTS / "perceptual" / "convert_aisfx.py"
    command = [sys.executable, str(converter), str(tmp_path / "aisfx.whl"), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode and "is not the wheel aisfx 0.1.2" in done.stderr and not (tmp_path / "out").exists()
