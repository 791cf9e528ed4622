import pytest
import torch

from synth.audio.stft import STFT
from synth.audio.texture import noise_field
from synth.models.stylegan2 import PARTS, Generator, GeneratorConfig
from synth.patch.factors import ROWS

SMALL = GeneratorConfig(
    categories=3, z_dim=8, w_dim=16, hidden=24, bins=32, frames=48, rank=8, gate_rank=4, sharpness=5.0
)


@pytest.fixture
def generator() -> Generator:
    """With random weights also where training starts from zeros."""
    torch.manual_seed(0)
    made = Generator(SMALL)
    for name, weight in made.named_parameters():
        if "out.weight" in name:
            torch.nn.init.normal_(weight)
    return made


def texture(count: int = 1) -> torch.Tensor:
    return noise_field(STFT("gauss", 64, 32), count, SMALL.frames, torch.Generator().manual_seed(0))


def test_shapes(generator: Generator) -> None:
    w = generator.mapping(torch.randn(2, 8), torch.tensor([0, 2]))
    assert w.shape == (2, 16)
    out = generator(generator.broadcast(w), texture(2))
    assert out.shape == (2, 1, 32, 48) and out.dtype == torch.float32


def test_one_w_for_all_rows_is_the_same_and_short(generator: Generator) -> None:
    w = torch.randn(2, 16)
    for once, rows in zip(generator.synthesis(w[:, None]), generator.synthesis(generator.broadcast(w)), strict=True):
        torch.testing.assert_close(once, rows)


def test_it_starts_as_nothing_and_either_factor_can_learn() -> None:
    mean, gate = Generator(SMALL).synthesis(torch.randn(2, 1, 16))
    assert not mean.any(), "all products are of a zero and a wave"
    torch.testing.assert_close(gate, torch.full_like(gate, SMALL.gate_max / 2))
    generator = Generator(SMALL)
    generator.synthesis(torch.randn(2, 1, 16))[0].sum().backward()
    spectra, envelopes = generator.synthesis.lines[0], generator.synthesis.lines[PARTS]
    assert spectra.out.bias.grad.any() and envelopes.out.bias.grad.any()


def test_a_map_is_a_sum_of_as_many_products_as_its_rank(generator: Generator) -> None:
    mean, _ = generator.synthesis(torch.randn(1, 1, 16))
    values = torch.linalg.svdvals(mean[0, 0].double())
    assert (values[: SMALL.rank] > 1e-3).all() and (values[SMALL.rank :] < 1e-5 * values[0]).all()


@pytest.mark.parametrize("row", range(ROWS))
def test_every_row_of_w_plus_draws_its_own_part(generator: Generator, row: int) -> None:
    ws = torch.randn(1, ROWS, 16)
    changed = ws.clone()
    changed[:, row] += 1.0
    (mean, gate), (other_mean, other_gate) = generator.synthesis(ws), generator.synthesis(changed)
    of_mean = row < 2 * PARTS
    assert (not torch.equal(mean, other_mean)) == of_mean and (not torch.equal(gate, other_gate)) == (not of_mean)


def test_slopes_are_the_derivatives_of_the_lines_by_their_partners_loudness(generator: Generator) -> None:
    synthesis, w = generator.synthesis, torch.randn(16)

    def lines(row: int, at: torch.Tensor) -> torch.Tensor:
        h = at[None]
        for layer in synthesis.dense:
            h = torch.nn.functional.leaky_relu(layer(h), 0.2)
        return synthesis.lines[row](h)[0]

    for row, partner in ((1, PARTS + 1), (PARTS + 2, 2)):
        slopes = torch.autograd.functional.jacobian(lambda at, row=row: lines(row, at), w)
        loud = lines(partner, w).square().mean(1).sqrt()
        expected = (slopes * loud[:, None, None]).flatten(0, 1)
        torch.testing.assert_close(synthesis.slopes(w)[row], expected.detach(), rtol=1e-4, atol=1e-5)


def test_category_and_texture_matter(generator: Generator) -> None:
    z = torch.randn(1, 8)
    a, b = (generator.mapping(z, torch.tensor([c])) for c in (0, 1))
    assert not torch.allclose(a, b)
    loud, quiet = (generator(a[:, None], torch.full((1, 1, 32, 48), level)) for level in (1.0, 0.0))
    assert (loud >= quiet).all() and (loud > quiet).any()


def test_truncation_is_toward_the_centre_of_the_category(generator: Generator) -> None:
    torch.nn.init.normal_(generator.w_avg)
    w, category = torch.randn(2, 16), torch.tensor([2, 0])
    torch.testing.assert_close(generator.truncate(w, category, 1.0), w)
    torch.testing.assert_close(generator.truncate(w, category, 0.0), generator.w_avg[category])


@pytest.mark.parametrize("sizes", [{"rank": 6}, {"gate_rank": 3}, {"rank": 0}])
def test_sizes_that_do_not_divide_are_refused(sizes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="multiple of 4"):
        GeneratorConfig(**sizes)


def test_config_survives_json() -> None:
    assert GeneratorConfig.from_dict(SMALL.to_dict()) == SMALL
