import pytest
import torch
from torch import Tensor

from synth.models.waveform import ARCHITECTURES, Discriminator, Generator, WaveformConfig, phase_shuffle

LABELS = torch.zeros(3, dtype=torch.long)


def config(architecture: str, samples: int = 2000, width: int = 2) -> WaveformConfig:
    return WaveformConfig(architecture=architecture, z_dim=5, samples=samples, width=width)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("samples", [100, 1024, 8000, 16000, 22050, 32000])
def test_any_length(architecture: str, samples: int) -> None:
    sizes = config(architecture, samples)
    sounds = Generator(sizes)(torch.randn(3, 5), LABELS)
    assert sounds.shape == (3, 1, samples) == (3, *sizes.shape)
    assert sounds.abs().max() <= 1.0
    assert Discriminator(sizes)(sounds, LABELS).shape == (3,)


def test_the_convolutions_are_those_of_wavegan() -> None:
    """16384 samples from 16 columns of 1024 channels, at the width of the paper."""
    sizes = WaveformConfig(architecture="conv", samples=16384, width=64)
    assert (sizes.columns, sizes.channels) == (16, (64, 128, 256, 512, 1024))
    lengths: list[int] = []
    discriminator = Discriminator(config("conv", 16384)).eval()
    for layer in discriminator.convolutions:
        layer.register_forward_hook(lambda _, __, out: lengths.append(out.shape[2]))
    discriminator(torch.zeros(1, 1, 16384), LABELS[:1])
    assert lengths == [4096, 1024, 256, 64, 16]
    assert {layer.kernel_size for layer in discriminator.convolutions} == {(25,)}


def test_variance_goes_through_the_first_convolutions() -> None:
    """The output is neither silence nor all at its limits, so that gradients reach all layers."""
    torch.manual_seed(0)
    sounds = Generator(config("conv", 16384, width=16))(torch.randn(3, 5), LABELS)
    assert 0.05 < sounds.std().item() < 0.9


def test_each_sound_is_moved_by_its_own_amount() -> None:
    torch.manual_seed(0)
    ramp = torch.arange(10.0).expand(400, 2, 10)
    moved = phase_shuffle(ramp, 2)
    assert torch.equal(moved[:, 0], moved[:, 1])
    found, counts = moved[:, 0].unique(dim=0, return_counts=True)
    expected = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 0, 1, 2, 3, 4, 5, 6, 7, 8],
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 8],
        [2, 1, 0, 1, 2, 3, 4, 5, 6, 7],
        [2, 3, 4, 5, 6, 7, 8, 9, 8, 7],
    ]
    assert found.tolist() == expected
    assert counts.min() > 50  # of 80 each


def test_phase_shuffle_repeats_with_the_state_of_the_global_generator() -> None:
    x = torch.randn(8, 3, 20)
    state = torch.get_rng_state()
    first = phase_shuffle(x, 2)
    torch.set_rng_state(state)
    assert torch.equal(first, phase_shuffle(x, 2))


@pytest.mark.parametrize(("length", "most"), [(1, 2), (2, 2), (7, 0)])
def test_short_maps_are_moved_less(length: int, most: int) -> None:
    assert phase_shuffle(torch.randn(4, 2, length), most).shape == (4, 2, length)


def test_the_discriminator_shuffles_in_training_only() -> None:
    torch.manual_seed(0)
    discriminator, x = Discriminator(config("conv", 16384)), torch.randn(3, 1, 16384)
    assert not torch.equal(discriminator(x, LABELS), discriminator(x, LABELS))
    discriminator.eval()
    assert torch.equal(discriminator(x, LABELS), discriminator(x, LABELS))


def test_gradients_of_gradients_reach_the_discriminator() -> None:
    """What a gradient penalty needs."""
    discriminator = Discriminator(config("conv"))
    x = torch.randn(3, 1, 2000, requires_grad=True)
    gradient: Tensor
    (gradient,) = torch.autograd.grad(discriminator(x, LABELS).sum(), x, create_graph=True)
    gradient.square().sum().backward()
    assert all(layer.weight.grad is not None and layer.weight.grad.any() for layer in discriminator.convolutions)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_labels_are_not_looked_at(architecture: str) -> None:
    generator, z = Generator(config(architecture)), torch.randn(3, 5)
    assert torch.equal(generator(z, LABELS), generator(z, LABELS + 1))


@pytest.mark.parametrize(("changes", "words"), [({"architecture": "rnn"}, "mlp, conv"), ({"samples": 0}, "1 or more")])
def test_wrong_settings_are_refused(changes: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        WaveformConfig(**changes)
