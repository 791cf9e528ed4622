"""aiSFX looks at a spectrogram as it hears the sound, whatever the codec's rate."""

import numpy as np
import pytest
import soxr
import torch

from synth.audio.codecs import GaussianLogSTFT
from synth.models.aisfx import AiSFX
from synth.training.aisfx_projector import CHANNELS, AiSFXProjector

CODECS = {
    "hits": GaussianLogSTFT(),
    "environmental": GaussianLogSTFT(hop=256),
    "studio": GaussianLogSTFT(44100, 1024, 256, 345),
}


@pytest.fixture(scope="module")
def network() -> AiSFX:
    return AiSFX.load()


def bursts(codec: GaussianLogSTFT) -> torch.Tensor:
    """Decaying noise of four lengths, peak 1."""
    rng = np.random.default_rng(0)
    n = np.arange(codec.samples) / codec.sample_rate
    x = rng.standard_normal((4, codec.samples)) * np.exp(-n / np.array([[0.1], [0.2], [0.4], [0.8]]))
    return torch.from_numpy(x / np.abs(x).max(1, keepdims=True)).float()


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
def test_a_spectrogram_looks_as_its_sound_does(network: AiSFX, codec: GaussianLogSTFT) -> None:
    x = bursts(codec)
    wide = np.stack([soxr.resample(one, codec.sample_rate, 44100) for one in x.numpy()])
    heard = network.log_mel(torch.from_numpy(wide / np.abs(wide).max(1, keepdims=True)))
    looked = AiSFXProjector(network, codec).log_mel(codec.magnitude(codec.encode(x)), 0.0, heard.shape[1])
    loud = heard > heard.amax((1, 2), keepdim=True) - 0.3
    assert torch.corrcoef(torch.stack([heard[loud], looked[loud]]))[0, 1] > 0.85
    assert (heard[loud] - looked[loud]).mean().abs() < 0.05  # 5 dB at most
    alike = torch.cosine_similarity(network.features(heard), network.features(looked))
    assert alike.min() > 0.93


def test_maps_gradients_and_the_same_stretch_for_one_draw(network: AiSFX) -> None:
    eye, codec = AiSFXProjector(network, CODECS["hits"], frames=32), CODECS["hits"]
    x = codec.encode(bursts(codec)).requires_grad_()
    rng = torch.Generator().manual_seed(0)
    maps = eye(x, rng.clone_state())
    assert tuple(m.shape[1] for m in maps) == CHANNELS and [m.shape[2] for m in maps] == [16, 8, 4, 4]
    assert all(torch.equal(a, b) for a, b in zip(maps, eye(x, rng.clone_state()), strict=True))
    assert not torch.equal(maps[0], eye(x, torch.Generator().manual_seed(1))[0])
    sum(m.square().mean() for m in maps).backward()
    assert x.grad is not None and x.grad.isfinite().all() and x.grad.abs().sum() > 0


def test_every_place_of_a_sound_is_looked_at(network: AiSFX) -> None:
    codec = CODECS["environmental"]
    rng = torch.Generator().manual_seed(0)
    some, every = AiSFXProjector(network, codec, frames=40), AiSFXProjector(network, codec)
    draws = [some._stretch(codec.frames, rng) for _ in range(300)]
    starts = np.array([start for start, _ in draws])
    assert {count for _, count in draws} == {40} and -8 <= starts.min() < -4 and 131 < starts.max() <= 137
    start, count = every._stretch(codec.frames, rng)
    assert -8 <= start <= 0 and start + count >= 177, "the whole sound, somewhere on the grid that pools"


def test_level_does_not_count_and_silence_is_finite(network: AiSFX) -> None:
    eye, codec = AiSFXProjector(network, CODECS["hits"]), CODECS["hits"]
    magnitude = codec.magnitude(codec.encode(bursts(codec)))
    loud, quiet = (eye.log_mel(gain * magnitude, 0.0, 88) for gain in (1.0, 0.01))
    torch.testing.assert_close(loud, quiet, atol=1e-4, rtol=0.0)
    assert (eye.log_mel(0.0 * magnitude, 0.0, 88) == 0.0).all()
