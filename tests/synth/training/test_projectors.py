from pathlib import Path

import pytest
import soxr
import torch

from synth.audio.codecs import GaussianLogSTFT
from synth.errors import RunError
from synth.models.yamnet import YAMNet
from synth.training.projectors import CHANNELS, WARP, YAMNetProjector, load_projector

CPU = torch.device("cpu")
CODEC = GaussianLogSTFT()


@pytest.mark.parametrize("name", sorted(CHANNELS))
def test_maps_have_the_channels_that_heads_are_built_for(name: str, yamnet_weights: Path) -> None:
    x = torch.rand(2, 1, 256, 256, requires_grad=True)
    maps = load_projector(name, CODEC, yamnet_weights, CPU)(x, torch.Generator().manual_seed(0))
    assert tuple(m.shape[1] for m in maps) == CHANNELS[name]
    assert all(len(m) == 2 for m in maps)
    sum(m.square().mean() for m in maps).backward()
    assert x.grad is not None and torch.isfinite(x.grad).all() and x.grad.abs().sum() > 0


@pytest.mark.parametrize("codec", [CODEC, GaussianLogSTFT(44100, length=1024, hop=256, frames=344)])
def test_a_spectrogram_looks_to_yamnet_as_its_sound_does(codec: GaussianLogSTFT, yamnet_weights: Path) -> None:
    """Log-mel from the codec tensor against log-mel from samples at full scale: alike but for window and level."""
    torch.manual_seed(0)
    n = torch.arange(CODEC.samples)
    x = torch.randn(4, CODEC.samples) * torch.exp(-n / torch.tensor([[2000.0], [4000.0], [8000.0], [16000.0]]))
    x = x / x.abs().amax(1, keepdim=True)
    yamnet = YAMNet.load(yamnet_weights)
    projector = YAMNetProjector(yamnet, codec)
    heard = yamnet.log_mel(x)
    given = torch.from_numpy(soxr.resample(x.numpy().T, CODEC.sample_rate, codec.sample_rate).T.copy())
    looked = projector._log_mel(codec.encode(given))
    frames = min(looked.shape[1], heard.shape[1])
    heard, looked = heard[:, :frames], looked[:, :frames]
    loud = heard > heard.amax((1, 2), keepdim=True) - 5.0
    pairs = torch.stack([heard[loud], looked[loud]])
    assert torch.corrcoef(pairs)[0, 1] > 0.8
    assert (heard[loud] - looked[loud]).mean().abs() < 0.7  # in units of e: half of 6 dB either way


def test_yamnet_wants_its_file_and_its_bins(yamnet_weights: Path) -> None:
    with pytest.raises(RunError, match="--yamnet"):
        load_projector("yamnet", CODEC, None, CPU)
    with pytest.raises(RunError, match="projector=alexnet"):
        load_projector("yamnet", GaussianLogSTFT(length=64, hop=32), yamnet_weights, CPU)
    with pytest.raises(RunError, match="none, yamnet, aisfx or alexnet"):
        load_projector("vgg", CODEC, yamnet_weights, CPU)


def test_patches_begin_anywhere_and_alike_for_one_draw(yamnet_weights: Path) -> None:
    projector = YAMNetProjector(YAMNet.load(yamnet_weights), CODEC)
    mel = torch.arange(205.0)[None, :, None].expand(2, -1, 64)
    rng = torch.Generator().manual_seed(0)
    twin = rng.clone_state()
    draws = [projector._patches(mel, rng) for _ in range(200)]
    assert draws[0].shape == (2, 2, 96, 64)
    assert torch.equal(draws[0], projector._patches(mel, twin))
    middles = torch.stack([d[0, :, 48, 0] for d in draws]).flatten()
    assert middles.min() < 10 and middles.max() > 195 and len(middles.unique()) > 120


def test_a_band_hears_best_at_another_bin_each_time(yamnet_weights: Path) -> None:
    """At a bin that stays, a generator learns to put a line."""
    projector = YAMNetProjector(YAMNet.load(yamnet_weights), CODEC)
    plain = projector._bands(1.0, 257)
    torch.testing.assert_close(plain, projector.yamnet.mel)
    band = (plain.argmax(1) > 107).nonzero()[0].item()  # from 3.3 kHz on
    best = {projector._bands(1.0 + warp, 257)[band].argmax().item() for warp in (-WARP, 0.0, WARP)}
    assert len(best) == 3 and max(best) - min(best) >= 5
    x = torch.rand(1, 1, 256, 256)
    rng = torch.Generator().manual_seed(0)
    twin = rng.clone_state()
    first, second = projector(x, rng), projector(x, rng)
    assert not torch.equal(first[0], second[0])
    assert all(torch.equal(a, b) for a, b in zip(first, projector(x, twin), strict=True))
