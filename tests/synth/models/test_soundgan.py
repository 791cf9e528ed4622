import pytest
import torch
from torch import nn

from synth.models.soundgan import Discriminator, Generator, SoundGANConfig

LABELS = torch.zeros(4, dtype=torch.long)


@pytest.mark.parametrize("size", [8, 16, 128])
def test_shapes(size: int) -> None:
    config = SoundGANConfig(z_dim=6, width=2, size=size)
    pictures = Generator(config)(torch.randn(4, 6), LABELS)
    assert pictures.shape == (4, 1, size, size) == (4, *config.shape)
    assert pictures.abs().max() < 1.0
    assert Discriminator(config)(pictures, LABELS).shape == (4,)


def test_the_layers_are_those_of_the_paper() -> None:
    config = SoundGANConfig(width=64)
    generator, discriminator = Generator(config), Discriminator(config)
    up = [m for m in generator.modules() if isinstance(m, nn.ConvTranspose2d)]
    down = [m for m in discriminator.modules() if isinstance(m, nn.Conv2d)]
    assert [m.in_channels for m in up] == [100, 1024, 512, 256, 128, 64]
    assert [m.out_channels for m in down] == [64, 128, 256, 512, 1024, 1]
    assert {m.kernel_size for m in (*up, *down)} == {(4, 4)}
    assert [m.stride for m in up[1:]] == [m.stride for m in down[:-1]] == [(2, 2)] * 5
    normed = [sum(isinstance(m, nn.BatchNorm2d) for m in network.modules()) for network in (generator, discriminator)]
    assert normed == [5, 4]


def test_first_weights_are_small_and_gaussian() -> None:
    torch.manual_seed(0)
    for network in (Generator(SoundGANConfig()), Discriminator(SoundGANConfig())):
        for layer in network.modules():
            if isinstance(layer, nn.BatchNorm2d):
                torch.testing.assert_close(layer.weight.mean().item(), 1.0, atol=0.02, rtol=0.0)
            elif isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                assert layer.weight.std().item() == pytest.approx(0.02, rel=0.1)
                assert layer.bias is None or not layer.bias.any()


def test_sounds_played_alone_and_in_a_batch_are_alike() -> None:
    torch.manual_seed(1)
    generator = Generator(SoundGANConfig(z_dim=6, width=2, size=16)).eval()
    z = torch.randn(4, 6)
    torch.testing.assert_close(generator(z, LABELS)[2:3], generator(z[2:3], LABELS[2:3]))


def test_labels_are_not_looked_at() -> None:
    config = SoundGANConfig(z_dim=6, width=2, size=16)
    generator, discriminator = Generator(config).eval(), Discriminator(config).eval()
    z = torch.randn(4, 6)
    pictures = generator(z, LABELS)
    assert torch.equal(pictures, generator(z, LABELS + 3))
    assert torch.equal(discriminator(pictures, LABELS), discriminator(pictures, LABELS + 3))


@pytest.mark.parametrize("size", [0, 4, 100])
def test_other_sizes_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="power of 2"):
        SoundGANConfig(size=size)
