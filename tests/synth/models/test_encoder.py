import pytest
import torch

from synth.models.encoder import Encoder, Inverter, encoder_part

NUM_WS, W_DIM, SIZE = 6, 16, 32


@pytest.fixture
def encoder() -> Encoder:
    """With weights as after training: what the trunk sees counts too."""
    torch.manual_seed(0)
    made = Encoder((SIZE, SIZE), W_DIM, (12, 8, 8), fold=2, hidden=24)
    torch.nn.init.normal_(made.out.weight)
    return made


def taught(encoder: Encoder) -> Inverter:
    """With random weights also where training starts from zeros."""
    inverter = Inverter(encoder, NUM_WS, hidden=8)
    for layer in (inverter.hidden_bins, inverter.hidden_cells, inverter.offsets):
        torch.nn.init.normal_(layer.weight)
    return inverter


def clip() -> torch.Tensor:
    return torch.rand(2, 1, SIZE, SIZE, generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_shapes_need_not_be_square() -> None:
    assert Encoder((32, 64), W_DIM, (12, 8, 8), fold=2)(torch.randn(2, 1, 32, 64)).shape == (2, W_DIM)


def test_it_begins_from_what_the_encoder_does(encoder: Encoder) -> None:
    w, offsets = Inverter(encoder, NUM_WS)(clip())
    torch.testing.assert_close(w, encoder(clip()))
    assert offsets.shape == (2, NUM_WS, W_DIM) and not offsets.any()
    torch.testing.assert_close(Inverter(encoder, NUM_WS).outline(clip())[0], encoder.outline(clip()))


@pytest.mark.parametrize("way", ["forward", "outline"])
def test_what_is_hidden_does_not_count_but_that_it_is_hidden_does(encoder: Encoder, way: str) -> None:
    run = getattr(taught(encoder), way)
    mask = torch.ones(2, 1, SIZE, SIZE)
    mask[..., 20:] = 0.0  # a shorter clip
    mask[:, :, 24:] = 0.0  # without its highest band
    other = torch.where(mask > 0, clip(), torch.full_like(mask, float("nan")))
    seen, again = run(clip(), mask), run(other, mask)
    for a, b in zip(seen, again, strict=True):
        assert torch.equal(a, b)
    silent = torch.where(mask > 0, clip(), torch.full_like(mask, -1.0))
    assert (run(silent)[0] - seen[0]).abs().max() > 1e-3, "silence is something else than not knowing"


def test_sizes_are_those_of_the_stored_weights(encoder: Encoder) -> None:
    inverter = taught(encoder)
    again = Inverter.build({k: v.half() for k, v in inverter.state_dict().items()}, (SIZE, SIZE), NUM_WS)
    for a, b in zip(inverter(clip()), again(clip()), strict=True):
        torch.testing.assert_close(a, b, rtol=2e-2, atol=2e-2)
    begun = Inverter.build(encoder.state_dict(), (SIZE, SIZE), NUM_WS)
    torch.testing.assert_close(begun(clip())[0], encoder(clip()))
    with pytest.raises((KeyError, RuntimeError)):
        Inverter.build({"weight": torch.zeros(3)}, (SIZE, SIZE), NUM_WS)


def test_stored_weights_hold_an_encoder(encoder: Encoder) -> None:
    for stored in (encoder.state_dict(), Inverter(encoder, NUM_WS).state_dict()):
        other = Encoder((SIZE, SIZE), W_DIM, (12, 8, 8), fold=2, hidden=24)
        other.load_state_dict(dict(encoder_part(stored)))
        torch.testing.assert_close(other(clip()), encoder(clip()))
