"""The conditional GAN: shapes, what the category reaches, and how smooth a held discriminator is."""

from __future__ import annotations

import json

import pytest
import torch
from torch import nn

from synth.audio.codecs import LogMel
from synth.models.cgan import CGANConfig, Discriminator, Generator

RECIPE = CGANConfig(categories=3, z_dim=5, start=(2, 3), channels=16)
VARIANT = CGANConfig(3, 5, (2, 3), 16, upsampling="resize", condition="projection", spectral=True)
BOTH = pytest.mark.parametrize("config", [RECIPE, VARIANT], ids=["recipe", "variant"])


@BOTH
def test_shapes_and_range(config: CGANConfig) -> None:
    labels = torch.tensor([0, 2, 1, 1])
    sounds = Generator(config)(torch.randn(4, 5), labels)
    assert sounds.shape == (4, *config.shape) == (4, 1, 32, 48)
    assert sounds.abs().max() <= 1.0
    assert Discriminator(config)(sounds, labels).shape == (4,)


def test_the_recipe_fills_its_codec() -> None:
    config = CGANConfig()
    assert config.shape == LogMel().shape == (1, 128, 512)
    assert config.widths == (256, 128, 64, 32)


@BOTH
def test_the_category_reaches_both_players(config: CGANConfig) -> None:
    torch.manual_seed(1)
    g, d = Generator(config).eval(), Discriminator(config).eval()
    z = torch.randn(1, 5)
    sounds = [g(z, torch.tensor([category])) for category in range(3)]
    assert not torch.allclose(sounds[0], sounds[1], atol=1e-4)
    logits = [d(sounds[0], torch.tensor([category])) for category in range(3)]
    assert len({round(x.item(), 5) for x in logits}) == 3


def test_projection_is_an_inner_product() -> None:
    """With the category of zeros the logit is that of the features alone; twice the vector moves it twice as far."""
    d = Discriminator(VARIANT).eval()
    x, label = torch.rand(2, 1, 32, 48), torch.zeros(2, dtype=torch.long)
    vector = d.embed.weight.data[0].clone()
    moved = []
    for factor in (0.0, 1.0, 2.0):
        d.embed.weight.data[0] = factor * vector
        moved.append(d(x, label))
    torch.testing.assert_close(moved[2] - moved[0], 2.0 * (moved[1] - moved[0]), rtol=1e-3, atol=1e-5)
    assert not torch.allclose(moved[1], moved[0])


def test_a_held_layer_has_singular_values_up_to_one() -> None:
    d = Discriminator(VARIANT)
    layers = [m for m in d.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    assert len(layers) == 5
    for layer in layers:
        layer.parametrizations.weight.original.data.mul_(50.0)
    for _ in range(50):
        d(torch.rand(1, 1, 32, 48), torch.zeros(1, dtype=torch.long))  # each use is a step of the power iteration
    for layer in layers:
        largest = torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item()
        assert largest == pytest.approx(1.0, abs=0.02)


def test_a_resized_generator_has_no_grid() -> None:
    """A constant makes a constant, away from the edges; transposed convolutions make a pattern of their stride."""
    spreads = {}
    for upsampling in ("resize", "transposed"):
        torch.manual_seed(2)
        g = Generator(CGANConfig(1, 5, (8, 8), 16, upsampling=upsampling)).eval()
        x = torch.ones(1, 16, 8, 8)
        spreads[upsampling] = g.levels(x)[0, 0, 56:72, 56:72].std().item()
    assert spreads["resize"] < 1e-6 < spreads["transposed"]


@BOTH
def test_settings_survive_json(config: CGANConfig) -> None:
    assert CGANConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize(
    "bad",
    [{"depth": 3}, {"channels": 12}, {"upsampling": "bicubic"}, {"condition": "none"}],
    ids=lambda bad: next(iter(bad)),
)
def test_bad_settings_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        CGANConfig.from_dict(bad)
