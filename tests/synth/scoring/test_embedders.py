from pathlib import Path

import librosa
import numpy as np
import pytest
import torch

from synth.errors import CheckpointError
from synth.scoring.embedders import AlexNetEmbedder, YAMNetEmbedder, load_embedder, load_embedders


@pytest.fixture(scope="module")
def alexnet() -> AlexNetEmbedder:
    embedder = load_embedder()
    assert isinstance(embedder, AlexNetEmbedder)
    return embedder


@pytest.mark.parametrize(("seconds", "pictures"), [(0.1, 1), (2.048, 3), (4.096, 7)])
def test_pictures_overlap_by_half(alexnet: AlexNetEmbedder, seconds: float, pictures: int) -> None:
    x = alexnet.pictures(torch.randn(2, round(16000 * seconds)))
    assert x.shape == (2, pictures, 128, 128)
    assert x.amax((1, 2, 3)).tolist() == pytest.approx([1.0, 1.0]) and x.min() >= -1.0


def test_pictures_are_a_log_mel_spectrogram(alexnet: AlexNetEmbedder) -> None:
    rng = np.random.default_rng(0)
    x = (rng.standard_normal(16384) * np.exp(-np.arange(16384) / 3000)).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(x, 512), 1024)[: 128 * 128 : 128]
    magnitude = np.abs(np.fft.rfft(frames * np.hanning(1025)[:1024]))
    mel = librosa.filters.mel(sr=16000, n_fft=1024, n_mels=128) @ magnitude.T
    expected = np.maximum(20 * np.log10(mel / mel.max()), -60) / 30 + 1
    np.testing.assert_allclose(alexnet.pictures(torch.from_numpy(x)[None])[0, 0].numpy(), expected, atol=1e-3)


def test_level_does_not_count_and_silence_is_finite(alexnet: AlexNetEmbedder) -> None:
    x = torch.randn(1, 16384)
    torch.testing.assert_close(alexnet.pictures(0.01 * x), alexnet.pictures(x), atol=1e-4, rtol=0.0)
    assert (alexnet.pictures(torch.zeros(1, 16384)) == -1.0).all()


def test_embeddings_know_tones_from_clicks(alexnet: AlexNetEmbedder) -> None:
    n = torch.arange(32768)
    tones = [torch.sin(2 * torch.pi * f * n / 16000) for f in (400.0, 430.0)]
    click = torch.zeros(32768)
    click[16000] = 1.0
    x = alexnet(torch.stack([*tones, click]))
    assert x.shape == (3, 3, 1152) and alexnet.name == "AlexNet"
    first, second, third = x.mean(1)
    assert (first - second).norm() < 0.5 * (first - third).norm()


def test_yamnet_is_taken_where_its_weights_are_named(yamnet_weights: Path, tmp_path: Path) -> None:
    embedder = load_embedder(yamnet_weights)
    assert isinstance(embedder, YAMNetEmbedder) and embedder.name == "YAMNet"
    assert embedder(torch.randn(2, 32768)).shape == (2, 3, 1024)
    with pytest.raises(CheckpointError, match="not there"):
        load_embedder(tmp_path / "none.safetensors")


@pytest.mark.parametrize(
    ("rate", "names"),
    [(16000, ["YAMNet", "aiSFX", "AlexNet"]), (22050, ["YAMNet", "aiSFX", "AlexNet"]),
     (44100, ["YAMNet", "aiSFX", "AlexNet-44.1k"])],
)  # fmt: skip
def test_all_networks_at_hand_those_that_know_sound_first(yamnet_weights: Path, rate: int, names: list[str]) -> None:
    found = load_embedders(yamnet_weights, rate)
    assert [e.name for e in found] == names
    assert [e.name for e in load_embedders(None, rate)] == names[1:]
    for embedder, size in zip(found, (1024, 512, 1152), strict=True):
        assert embedder(torch.randn(2, embedder.sample_rate)).shape[::2] == (2, size)


def test_the_wide_alexnet_sees_what_is_above_8_khz() -> None:
    wide = load_embedders(None, 44100)[-1]
    assert isinstance(wide, AlexNetEmbedder) and wide.sample_rate == 44100
    tone = torch.sin(2 * torch.pi * 15000 / 44100 * torch.arange(88200))[None]
    picture = wide.pictures(tone)[0, 0]
    assert picture.shape == (128, 128) and picture[:, 64].argmax() == pytest.approx(112, abs=4)


def test_aisfx_knows_tones_from_clicks() -> None:
    aisfx = load_embedders(None, 16000)[0]
    n = torch.arange(88200)
    tones = [torch.sin(2 * torch.pi * f * n / 44100) for f in (400.0, 430.0)]
    click = torch.zeros(88200)
    click[40000] = 1.0
    first, second, third = aisfx(torch.stack([*tones, click])).mean(1)
    assert aisfx.name == "aiSFX" and (first - second).norm() < 0.5 * (first - third).norm()
