import pytest
import torch

from synth.control.latent import Direction, bend, draw_z
from synth.control.sefa import factorize, sefa_directions, style_convs
from synth.errors import PatchError
from synth.models.stylegan2 import Generator, GeneratorConfig

SMALL = GeneratorConfig(categories=3, z_dim=8, w_dim=16, mapping_layers=2, widths=(12, 8, 8), fold=2, rank=4)


@pytest.fixture
def generator() -> Generator:
    torch.manual_seed(0)
    return Generator(SMALL)


def test_factorize_finds_the_direction_that_moves_styles_most(generator: Generator) -> None:
    """Plant one strong direction in every affine: it comes out first."""
    planted = torch.nn.functional.normalize(torch.randn(16), dim=0)
    for _, conv in style_convs(generator):
        conv.affine.weight.data += 20.0 * torch.randn(len(conv.affine.weight), 1) * planted
    values, vectors = factorize(generator)
    assert (vectors[0] @ planted).abs() > 0.99
    assert (values[:-1] >= values[1:]).all()
    torch.testing.assert_close(vectors @ vectors.t(), torch.eye(16), atol=1e-4, rtol=0)


def test_eigenvalues_sum_to_the_number_of_rows(generator: Generator) -> None:
    rows = sum(len(conv.affine.weight) for _, conv in style_convs(generator))
    assert factorize(generator)[0].sum().item() == pytest.approx(rows, rel=1e-4)


def test_layer_range_restricts_the_weights(generator: Generator) -> None:
    assert [at for at, _ in style_convs(generator)] == [0, 1, 2, 3, 4]
    values, _ = factorize(generator, (3, 4))
    assert values.sum().item() == pytest.approx(16, rel=1e-4)  # two convolutions of 8 styled channels


def test_directions_are_unit_vectors_in_latent_units(generator: Generator) -> None:
    directions = sefa_directions(generator, 4)
    assert [d.name for d in directions] == ["Dim 1", "Dim 2", "Dim 3", "Dim 4"]
    for d in directions:
        assert d.vector.norm().item() == pytest.approx(1.0, abs=1e-5)
        assert d.scale > 0 and d.layers == (0, 5) and "SeFa" in d.provenance


def test_bend_moves_only_the_layers_of_a_direction() -> None:
    direction = Direction("Tilt", torch.tensor([1.0, 0.0]), 0.5, (1, 2), "test")
    ws = torch.zeros(1, 4, 2)
    moved = bend(ws, {"Tilt": 3.0}, {"Tilt": direction})
    assert moved[0, :, 0].tolist() == [0.0, 1.5, 1.5, 0.0]
    assert ws.abs().sum() == 0, "the latent itself is left alone"
    with pytest.raises(PatchError, match="use one of Tilt"):
        bend(ws, {"Dim 9": 1.0}, {"Tilt": direction})


def test_z_is_the_same_everywhere() -> None:
    assert torch.equal(draw_z(7, 4), draw_z(7, 4))
    assert not torch.equal(draw_z(7, 4), draw_z(8, 4))
    # The stream of a seed is part of what a patch means: it must not change between versions.
    torch.testing.assert_close(draw_z(0, 3), torch.tensor([[1.5409961, -0.2934289, -2.1787894]]))
