from itertools import islice

import pytest
import torch
from torch import Tensor

from synth.instruments.instrument import one_thread
from synth.latents.match import EVERY, LOOK, LOUDEST, Target, nearest_category, refine, sketch
from synth.models.stylegan2 import Generator, GeneratorConfig


def make(ws: Tensor) -> Tensor:
    """A picture whose rows and columns the latent draws."""
    spread = torch.linspace(-1, 1, 32)
    line = 0.1 * (ws.mean(1)[:, :, None] * torch.cos(torch.arange(4)[:, None] * spread)).sum(1)
    return (line[:, :, None] + line[:, None, :])[:, None]


def picture(ws: Tensor) -> Tensor:
    return read(make(ws))


def read(made: Tensor) -> Tensor:
    """As a codec reads a sound: its loudest bin at 1."""
    return (made - made.amax() + 1.0).clamp_min(-1.0)


def test_steps_come_nearer_and_never_go_back() -> None:
    torch.manual_seed(0)
    target, start = Target(picture(3.0 * torch.randn(1, 6, 4))), torch.zeros(1, 6, 4)
    found = list(islice(refine(make, start, target, 4.0), 31))
    losses = [step.loss for step in found]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.6 * losses[0]
    assert losses[0] == pytest.approx(float(target.distance(make(start), LOOK * EVERY)))
    assert torch.equal(found[0].ws, start)


def test_the_same_search_finds_the_same() -> None:
    torch.manual_seed(0)
    target, start = Target(picture(3.0 * torch.randn(1, 6, 4))), torch.zeros(1, 6, 4)
    with one_thread():  # as instruments search: several threads may add up in another order
        first, again = (list(islice(refine(make, start, target, 4.0), 31))[-1] for _ in range(2))
    assert torch.equal(again.ws, first.ws)


def test_a_bin_that_runs_away_costs_and_finds_its_way_back() -> None:
    target = Target(picture(torch.ones(1, 6, 4)))
    loud = make(torch.ones(1, 6, 4))
    loud[..., 3, 3] = 9.0
    loud.requires_grad_(True)
    apart = target.distance(loud)
    apart.backward()
    assert float(apart.detach()) > (9.0 - LOUDEST) ** 2 and loud.grad is not None
    assert float(loud.grad[..., 3, 3]) == pytest.approx(2 * (9.0 - LOUDEST), rel=0.1), "down, the faster the higher"


def test_the_same_sound_at_another_level_is_no_distance() -> None:
    torch.manual_seed(0)
    ws = torch.randn(1, 6, 4)
    target = Target(picture(ws))
    assert float(target.distance(make(ws))) < 1e-5
    assert float(target.distance(make(ws) - 0.3)) < 1e-5
    assert float(target.distance(make(-ws))) > 0.01


def test_where_noise_falls_counts_less_than_that_there_is_some() -> None:
    rng = torch.Generator().manual_seed(0)
    first, second = ((0.4 * torch.rand(1, 1, 64, 64, generator=rng)).clamp(-1, 1) for _ in range(2))
    target = Target(first - first.amax() + 1.0)
    smooth = torch.full_like(first, float(first.mean()))
    smooth[..., 0, 0] = first.amax()
    assert float(target.distance(second)) < 0.5 * float(target.distance(smooth))


def drawing() -> tuple[Generator, torch.Tensor]:
    """A generator whose profiles answer to w, and a texture."""
    torch.manual_seed(0)
    sizes = {"hidden": 24, "bins": 32, "frames": 32, "rank": 4, "gate_rank": 2}
    generator = Generator(GeneratorConfig(categories=1, clips=1, z_dim=8, w_dim=16, **sizes)).requires_grad_(False)
    for lines in generator.synthesis.lines:
        torch.nn.init.normal_(lines.out.weight, std=0.05)
    return generator, torch.randn(1, 1, 32, 32)


def test_a_sketch_moves_all_rows_alike_and_nearer() -> None:
    generator, texture = drawing()
    start, other = torch.randn(2, 1, generator.config.num_ws, 16)
    target = Target(read(generator(other, texture)))
    drawn = sketch(generator, texture, start, target, 4.0)
    before, after = (float(target.distance(generator(ws, texture))) for ws in (start, drawn))
    assert after < 0.9 * before
    moved = drawn - start
    torch.testing.assert_close(moved, moved[:, :1].expand_as(moved))


def test_a_sketch_that_is_no_nearer_is_not_taken() -> None:
    generator, texture = drawing()
    start = torch.randn(1, generator.config.num_ws, 16)
    target = Target(read(generator(start, texture)))
    assert torch.equal(sketch(generator, texture, start, target, 4.0), start)


def test_the_category_is_that_of_the_nearest_centre() -> None:
    torch.manual_seed(0)
    generator = Generator(GeneratorConfig(categories=3, clips=9, z_dim=8, w_dim=16, hidden=24, bins=16, frames=16))
    generator.w_avg.normal_()
    root = torch.diag(torch.linspace(0.1, 1.0, 16))
    for category in range(3):
        assert nearest_category(generator, generator.w_avg[category] + 0.02 * torch.randn(16), root) == category


def test_distances_are_in_units_of_the_spread() -> None:
    generator = Generator(GeneratorConfig(categories=2, clips=2, z_dim=8, w_dim=16, hidden=24, bins=16, frames=16))
    generator.w_avg.zero_()
    generator.w_avg[0, 0], generator.w_avg[1, 1] = 1.0, 0.5
    wide = torch.eye(16)
    wide[0, 0] = 10.0  # along this axis sounds differ much, so that a step along it says little
    w = torch.zeros(16)
    assert nearest_category(generator, w, wide) == 0 and nearest_category(generator, w, torch.eye(16)) == 1
