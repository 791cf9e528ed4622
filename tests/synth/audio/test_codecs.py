"""Codecs: shapes, round trips, settings."""

import json

import numpy as np
import pytest
import torch

from synth.audio.codecs import CODECS, GaussianLogSTFT, LogMel, Waveform, from_settings, settings

SMALL = [GaussianLogSTFT(frames=64), GaussianLogSTFT(hop=256, frames=48), LogMel(frames=40), Waveform(samples=4096)]


def sound(n: int) -> torch.Tensor:
    rng = np.random.default_rng(5)
    t = np.arange(n)
    x = np.sin(0.3 * t) + 0.5 * rng.standard_normal(n) * np.exp(-t / 1000.0)
    return torch.from_numpy((0.4 * x).astype(np.float32))


@pytest.mark.parametrize("codec", SMALL, ids=lambda codec: type(codec).__name__)
def test_shapes_range_and_batches(codec):
    batch = torch.stack([sound(codec.samples), -0.1 * sound(codec.samples).flip(0)])
    tensor = codec.encode(batch)
    assert tensor.shape == (2, *codec.shape)
    assert tensor.min() >= -1.0 and tensor.max() <= 1.0
    torch.testing.assert_close(tensor[1], codec.encode(batch[1]), rtol=1e-4, atol=1e-4)
    decoded = codec.decode(tensor)
    assert decoded.shape == (2, codec.samples) and decoded.dtype == np.float32
    assert codec.decode(tensor[0]).shape == (codec.samples,)


@pytest.mark.parametrize("codec", SMALL, ids=lambda codec: type(codec).__name__)
def test_encode_and_decode_are_inverses_up_to_phase(codec):
    tensor = codec.encode(sound(codec.samples))
    again = codec.encode(torch.from_numpy(codec.decode(tensor)))
    audible = tensor > 0.0  # the upper half of the scale
    assert (again - tensor)[audible].abs().mean() < 0.03


@pytest.mark.parametrize("codec", SMALL[:3], ids=lambda codec: type(codec).__name__)
def test_level_is_left_out_on_the_way_in_and_kept_on_the_way_out(codec):
    x = sound(codec.samples)
    torch.testing.assert_close(codec.encode(x), codec.encode(0.01 * x), rtol=1e-3, atol=1e-3)
    full = codec.encode(x)
    quiet = full * 0.6 - 0.4
    loud, soft = (np.linalg.norm(codec.decode(y)) for y in (full, quiet))
    assert soft < 0.7 * loud


@pytest.mark.parametrize("codec", SMALL, ids=lambda codec: type(codec).__name__)
def test_silence_and_lengths(codec):
    silent = codec.encode(torch.zeros(codec.samples))
    assert not np.any(codec.decode(silent))
    assert codec.encode(torch.zeros(10)).shape == codec.shape
    assert codec.encode(torch.zeros(codec.samples + 99)).shape == codec.shape


def test_mel_inverse_meets_the_bands():
    codec = LogMel(frames=40)
    tensor = codec.encode(sound(codec.samples))
    magnitude = codec.magnitude(tensor)
    mel = codec.bands @ codec.stft.forward(sound(codec.samples)).abs()
    assert (magnitude >= 0.0).all()
    assert (codec.bands @ magnitude - mel / mel.max()).norm() < 0.03 * (mel / mel.max()).norm()


def test_gaussian_values_are_those_that_models_are_trained_on():
    """A sine of a bin's frequency: +1 at its peak, the window's spectrum around it, the floor far away."""
    codec = GaussianLogSTFT()
    tensor = codec.encode(torch.sin(2 * torch.pi * 64 / 512 * torch.arange(codec.samples)))[0]
    assert tensor[64, 100].item() == pytest.approx(1.0, abs=1e-3)
    assert tensor[65, 100].item() == pytest.approx(tensor[63, 100].item(), abs=1e-3)
    assert tensor[200, 100].item() == -1.0


@pytest.mark.parametrize("codec", [*SMALL, *(kind() for kind in CODECS.values())])
def test_settings_survive_json(codec):
    assert from_settings(json.loads(json.dumps(settings(codec)))) == codec


@pytest.mark.parametrize("bad", [{}, {"name": "Opus"}, {"name": "LogMel", "bits": 3}])
def test_unknown_settings_are_refused(bad):
    with pytest.raises(ValueError):
        from_settings(bad)
