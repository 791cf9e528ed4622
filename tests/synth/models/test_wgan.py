"""The Wasserstein GAN: shapes, widths, and what a critic must not have."""

from __future__ import annotations

import json

import pytest
import torch
from torch import nn

from synth.audio.codecs import MelDecibels
from synth.models.wgan import Discriminator, Generator, WGANConfig

SMALL = WGANConfig(z_dim=5, scale=1 / 256)


def test_shapes_and_range() -> None:
    labels = torch.zeros(2, dtype=torch.long)
    sounds = Generator(SMALL)(torch.randn(2, 5), labels)
    assert sounds.shape == (2, *SMALL.shape) == (2, *MelDecibels().shape) == (2, 1, 256, 256)
    assert sounds.abs().max() <= 1.0
    assert Discriminator(SMALL)(sounds, labels).shape == (2,)


def test_one_factor_scales_all_widths() -> None:
    assert WGANConfig(scale=1.0).widths == (1024, 512, 256, 128, 64, 32)
    assert WGANConfig(scale=0.25).widths == (256, 128, 64, 32, 16, 8)
    assert min(WGANConfig(scale=1e-4).widths) == 1


def test_the_critic_judges_each_sound_alone_and_without_bounds() -> None:
    critic = Discriminator(SMALL)
    assert not any(isinstance(m, nn.BatchNorm2d | nn.Sigmoid) for m in critic.modules())
    critic.eval()
    x, labels = torch.randn(3, *SMALL.shape), torch.zeros(3, dtype=torch.long)
    torch.testing.assert_close(critic(x, labels)[:1], critic(x[:1], labels[:1]))
    critic.value.weight.data.fill_(1.0)
    assert critic(100.0 * x, labels).abs().max() > 1.0


def test_dropout_is_for_learning_only() -> None:
    critic = Discriminator(WGANConfig(scale=1 / 64))
    x, labels = torch.randn(1, *SMALL.shape), torch.zeros(1, dtype=torch.long)
    assert critic(x, labels) != critic(x, labels)
    critic.eval()
    assert critic(x, labels) == critic(x, labels)


def test_settings_survive_json() -> None:
    assert WGANConfig.from_dict(json.loads(json.dumps(SMALL.to_dict()))) == SMALL


@pytest.mark.parametrize("bad", [{"depth": 3}, {"scale": 0.0}, {"dropout": 1.0}], ids=lambda bad: next(iter(bad)))
def test_bad_settings_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        WGANConfig.from_dict(bad)
