import pytest
import torch

from synth.latents.inversion import encode
from synth.models.encoder import Encoder, Inverter
from synth.models.stylegan2 import Generator, GeneratorConfig

SMALL = GeneratorConfig(categories=3, z_dim=8, w_dim=16, hidden=24, bins=32, frames=32, rank=4, gate_rank=2)


@pytest.fixture
def networks() -> tuple[Generator, Inverter]:
    torch.manual_seed(0)
    return Generator(SMALL), Inverter(Encoder((32, 32), 16, (12, 8, 8), fold=2, hidden=24), SMALL.num_ws)


def test_an_untrained_encoder_gives_every_layer_the_same_w(networks: tuple[Generator, Inverter]) -> None:
    generator, inverter = networks
    x = torch.rand(2, 1, 32, 32) * 2 - 1
    ws = encode(generator, inverter, x)
    assert ws.shape == (2, SMALL.num_ws, 16)
    torch.testing.assert_close(ws, generator.broadcast(inverter.encoder(x)))


def test_no_history_is_kept_but_optimisation_may_start_from_it(networks: tuple[Generator, Inverter]) -> None:
    ws = encode(*networks, torch.zeros(1, 1, 32, 32))
    assert not ws.requires_grad and not ws.is_inference()
    ws.requires_grad_(True).square().sum().backward()


def test_one_mask_may_serve_all_clips(networks: tuple[Generator, Inverter]) -> None:
    x = torch.rand(2, 1, 32, 32)
    known = torch.ones(1, 1, 1, 32)
    known[..., 20:] = 0.0
    louder = x.clone()
    louder[..., 20:] = 1.0
    assert torch.equal(encode(*networks, x, known), encode(*networks, louder, known))


def test_sizes_that_do_not_fit_are_refused(networks: tuple[Generator, Inverter]) -> None:
    generator, inverter = networks
    with pytest.raises(ValueError, match="takes"):
        encode(generator, inverter, torch.zeros(1, 1, 32, 16))
    with pytest.raises(ValueError, match="does not fit"):
        encode(generator, Inverter(inverter.encoder, 4), torch.zeros(1, 1, 32, 32))
