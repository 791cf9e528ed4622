import math

import pytest
import torch
from torch.nn import functional as F

from synth.audio.stft import STFT
from synth.models.encoder import Encoder
from synth.models.layers import GAIN, ModulatedConv
from synth.models.stylegan2 import Generator, GeneratorConfig, Noise, draw_noise

SMALL = GeneratorConfig(categories=3, z_dim=8, w_dim=16, widths=(12, 8, 8), fold=2, rank=4)


@pytest.fixture
def generator() -> Generator:
    """With random weights also where training starts from zeros."""
    torch.manual_seed(0)
    made = Generator(SMALL)
    for name, weight in made.named_parameters():
        if "to_maps.weight" in name or "profiles.out.weight" in name:
            torch.nn.init.normal_(weight)
    return made


def test_modulated_conv_equals_convolution_with_modulated_weights() -> None:
    """Scaling activations and demodulating outputs is the same as one convolution per sound with styled weights."""
    torch.manual_seed(1)
    conv = ModulatedConv(5, 7, 16)
    torch.nn.init.normal_(conv.bias)
    x, w = torch.randn(3, 5, 8, 8), torch.randn(3, 16)
    out = conv(x, w)
    style = conv.affine(w)
    for i in range(3):
        weight = conv.weight * conv.scale * style[i][None, :, None, None]
        weight = GAIN * weight / (weight.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt()
        expected = F.leaky_relu(F.conv2d(x[i : i + 1], weight, conv.bias, padding=1), 0.2)
        torch.testing.assert_close(out[i : i + 1], expected, rtol=1e-4, atol=1e-5)


def test_modulated_conv_keeps_variance() -> None:
    torch.manual_seed(2)
    conv = ModulatedConv(64, 64, 16)
    out = conv(torch.randn(4, 64, 32, 32), torch.randn(4, 16))
    assert out.square().mean().item() == pytest.approx(1.04, rel=0.15)  # (1 + 0.2^2) / 2 * GAIN^2


def noise(count: int = 1, texture: float | None = None) -> Noise:
    drawn = draw_noise(SMALL, STFT("gauss", 64, 32), count, torch.Generator().manual_seed(0))
    return drawn if texture is None else Noise(torch.full_like(drawn.texture, texture), drawn.strokes)


def test_shapes(generator: Generator) -> None:
    assert SMALL.resolution == 32 and SMALL.num_ws == 6
    w = generator.mapping(torch.randn(2, 8), torch.tensor([0, 2]))
    assert w.shape == (2, 16)
    out = generator(generator.broadcast(w), noise(2))
    assert out.shape == (2, 1, 32, 32) and out.dtype == torch.float32


def test_every_row_of_w_plus_matters(generator: Generator) -> None:
    ws = torch.randn(1, SMALL.num_ws, 16)
    base = generator(ws, noise())
    for row in range(SMALL.num_ws):
        changed = ws.clone()
        changed[:, row] += 1.0
        assert (generator(changed, noise()) - base).abs().max() > 1e-4, f"row {row} is dead"


def test_category_and_noise_matter(generator: Generator) -> None:
    z = torch.randn(1, 8)
    a, b = (generator.mapping(z, torch.tensor([c])) for c in (0, 1))
    assert not torch.allclose(a, b)
    ws = generator.broadcast(a)
    loud, quiet = (generator(ws, noise(texture=n)) for n in (1.0, 0.0))
    assert (loud >= quiet).all() and (loud > quiet).any()


def test_strokes_draw_lines_once_their_gain_is_learned(generator: Generator) -> None:
    ws = torch.randn(1, SMALL.num_ws, 16)
    drawn = noise(texture=0.0)
    other = Noise(drawn.texture, drawn.strokes.flip(3))
    assert torch.equal(generator(ws, drawn), generator(ws, other)), "they start silent"
    generator.synthesis.levels[1].stroke_gain.data[0] = 1.0
    moved = (generator(ws, drawn) - generator(ws, other))[0, 0]
    assert moved.abs().mean() > 0.01
    along_time, along_frequency = moved.std(1).mean(), moved.std(0).mean()
    assert along_time > along_frequency, "strokes along time are alike at all frequencies"


def test_truncation_is_toward_the_centre_of_the_category(generator: Generator) -> None:
    torch.nn.init.normal_(generator.w_avg)
    w, category = torch.randn(2, 16), torch.tensor([2, 0])
    torch.testing.assert_close(generator.truncate(w, category, 1.0), w)
    torch.testing.assert_close(generator.truncate(w, category, 0.0), generator.w_avg[category])


def test_encoder_shapes() -> None:
    mean, log_variance = Encoder(16, (12, 8, 8), 2)(torch.randn(2, 1, 32, 32))
    assert mean.shape == log_variance.shape == (2, 16)
    assert math.isfinite(mean.sum().item())


def test_config_survives_json() -> None:
    assert GeneratorConfig.from_dict(SMALL.to_dict()) == SMALL
