import pytest
import torch

from synth.directions.direction import Direction, bend, draw_z
from synth.directions.sefa import (
    END_DEVIATIONS,
    SLIDER_END,
    factorize,
    pca_directions,
    sefa_directions,
    spread_root,
)
from synth.errors import PatchError
from synth.models.stylegan2 import Generator, GeneratorConfig

SMALL = GeneratorConfig(categories=3, z_dim=8, w_dim=16, hidden=24, bins=32, frames=32, rank=4, gate_rank=2)


@pytest.fixture
def generator() -> Generator:
    torch.manual_seed(0)
    made = Generator(SMALL)
    for lines in made.synthesis.lines:
        torch.nn.init.normal_(lines.out.weight)
        torch.nn.init.normal_(lines.out.bias)
    return made


def test_factorize_finds_the_direction_that_moves_lines_most(generator: Generator) -> None:
    """Plant one strong direction where w comes in: it comes out first."""
    planted = torch.nn.functional.normalize(torch.randn(16), dim=0)
    weight = generator.synthesis.dense[0].weight
    weight.data += 20.0 * torch.randn(len(weight), 1) * planted
    values, vectors = factorize(generator)
    assert (vectors[0] @ planted).abs() > 0.99
    assert (values[:-1] >= values[1:]).all()
    torch.testing.assert_close(vectors @ vectors.t(), torch.eye(16), atol=1e-4, rtol=0)


def test_eigenvalues_sum_to_the_squares_of_the_slopes(generator: Generator) -> None:
    slopes = generator.synthesis.slopes(generator.w_avg.mean(0))
    for layers in (None, (3, 4)):
        first, last = layers or (0, generator.config.num_ws - 1)
        expected = sum(float(rows.double().square().sum()) for rows in slopes[first : last + 1])
        assert factorize(generator, layers)[0].sum().item() == pytest.approx(expected, rel=1e-4)


def test_directions_are_unit_vectors_in_latent_units(generator: Generator) -> None:
    directions = sefa_directions(generator, 4)
    assert [d.name for d in directions] == ["Dim 1", "Dim 2", "Dim 3", "Dim 4"]
    for d in directions:
        assert d.vector.norm().item() == pytest.approx(1.0, abs=1e-5)
        assert d.scale > 0 and d.layers == (0, 9) and "SeFa" in d.provenance


def test_strongest_directions_are_those_that_sounds_lie_along(generator: Generator) -> None:
    """Latents that spread along one direction only: it comes first, whatever the weights say."""
    line = torch.nn.functional.normalize(torch.randn(16), dim=0)
    generator.mapping.codes.data[:] = torch.randn(len(generator.mapping.codes), 1) * line
    first = sefa_directions(generator, 2)[0]
    assert abs(first.vector @ line) > 0.99
    with torch.no_grad():
        w = generator.mapping(torch.randn(500, 8), torch.zeros(500, dtype=torch.int64))
    assert first.scale == pytest.approx(float((w @ line).std()) * END_DEVIATIONS / SLIDER_END, rel=0.5)


def test_root_of_the_covariance(generator: Generator) -> None:
    root = spread_root(generator, 4000)
    drawn = [generator.mapping(torch.randn(4000, 8), torch.full((4000,), c)).detach() for c in range(3)]
    expected = sum(w.t().cov() for w in drawn) / 3
    torch.testing.assert_close(root @ root, expected, rtol=0.1, atol=0.1 * float(expected.diagonal().max()))
    torch.testing.assert_close(root, root.t(), rtol=1e-4, atol=1e-6)


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


def test_directions_of_some_layers_move_those_alone(generator: Generator) -> None:
    root = spread_root(generator)
    some, everywhere = sefa_directions(generator, 3, (3, 4), root), sefa_directions(generator, 3, None, root)
    assert some[0].layers == (3, 4) and everywhere[0].layers == (0, 9)
    assert not torch.allclose(some[0].vector, everywhere[0].vector)
    assert some[0].strength > some[1].strength > 0


def test_principal_components_are_those_of_the_latents(generator: Generator) -> None:
    root = spread_root(generator)
    found = pca_directions(generator, 16, (0, 2), root)
    vectors = torch.stack([d.vector for d in found])
    torch.testing.assert_close(vectors @ vectors.t(), torch.eye(16), atol=1e-3, rtol=0)
    variances = torch.stack([v @ root @ root @ v for v in vectors])
    assert (variances[:-1] >= variances[1:] - 1e-6).all()
    assert found[0].layers == (0, 2) and "% of the variance" in found[0].provenance
    assert sum(d.strength for d in found) == pytest.approx(100.0, abs=0.1)
    deviation = found[0].scale * SLIDER_END / END_DEVIATIONS
    assert deviation == pytest.approx(float(variances[0].sqrt()), rel=1e-3)


def test_directions_point_the_same_way_each_time_and_on_any_number_of_threads(generator: Generator) -> None:
    """An eigenvector may as well be turned round: a slider may not."""
    before, found = torch.get_num_threads(), []
    root = spread_root(generator)
    for threads in (1, 2, 1):
        torch.set_num_threads(threads)
        ways = [*sefa_directions(generator, 6, None, root), *pca_directions(generator, 6, None, root)]
        found.append(torch.stack([d.vector for d in ways]))
    torch.set_num_threads(before)
    for again in found[1:]:
        torch.testing.assert_close((found[0] * again).sum(1), torch.ones(12), atol=1e-4, rtol=0)
