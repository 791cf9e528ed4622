"""On estimates whose descriptors are known functions of W."""

from pathlib import Path

import pytest
import torch

from synth.control.estimate import Estimate
from synth.control.latent import Direction, bend
from synth.control.steering import FILE, Steering, read_steering

D, K = 12, 8


@pytest.fixture
def estimate() -> Estimate:
    """Two curved descriptors of eight of twelve coordinates of W; each coordinate's unit is a half."""
    rng = torch.Generator().manual_seed(0)
    rand = lambda *shape: torch.randn(*shape, generator=rng)  # noqa: E731
    wide, narrow, out = rand(32, K) / K**0.5, rand(16, 32) / 4.0, rand(2, 16) / 2.0
    axes = 0.5 * torch.eye(D)[:K]
    return Estimate(("a", "b"), rand(D), axes, wide, rand(32), narrow, rand(16), out, rand(2), torch.tensor([0.5, 0.5]))


def measured(estimate: Estimate, w: torch.Tensor) -> torch.Tensor:
    return estimate(estimate.coordinates(w))


def steered(steering: Steering, name: str = "A") -> Direction:
    return Direction(name, torch.eye(D)[0], 1.0, (3, 3), "test", steering=steering)


def test_slopes_are_those_of_what_is_estimated(estimate: Estimate) -> None:
    x = torch.randn(5, K, generator=torch.Generator().manual_seed(1)).requires_grad_(True)
    y = estimate(x)
    also, slopes = estimate.with_slopes(x)
    torch.testing.assert_close(also, y)
    for i in range(2):
        (expected,) = torch.autograd.grad(y[:, i].sum(), x, retain_graph=True)
        torch.testing.assert_close(slopes[:, i], expected)


def test_every_sound_follows_in_a_straight_line_of_one_slope(estimate: Estimate) -> None:
    w = estimate.centre + 0.5 * torch.randn(20, D, generator=torch.Generator().manual_seed(2))
    slider, start = Steering(estimate, "a", (), 0.05), measured(estimate, w)
    # One vector, as long as it takes to raise the mean sound as much: sounds do not follow it alike.
    slope = estimate.with_slopes(estimate.coordinates(w))[1][:, 0].mean(0)
    vector = (slope / slope.square().sum()) @ estimate.axes
    off = {"steered": 0.0, "vector": 0.0}
    for position in (-5.0, -2.0, 2.0, 5.0):
        goal = 0.05 * position
        ends = {"steered": w + slider.displacement(w, position), "vector": w + goal * vector}
        for name, end in ends.items():
            off[name] += float((measured(estimate, end)[:, 0] - start[:, 0] - goal).abs().mean())
    assert off["steered"] < 0.02 < 0.2 * off["vector"], off


def test_another_descriptor_is_let_be(estimate: Estimate) -> None:
    w = estimate.centre + 0.5 * torch.randn(20, D, generator=torch.Generator().manual_seed(3))
    leaks = []
    for against in ((), ("b",)):
        moved = w + Steering(estimate, "a", against, 0.1).displacement(w, 4.0)
        leaks.append(float((measured(estimate, moved) - measured(estimate, w))[:, 1].abs().mean()))
    assert leaks[1] < 0.3 * leaks[0]


def test_where_nothing_grows_it_stays(estimate: Estimate) -> None:
    flat = Estimate(**{**vars(estimate), "out": torch.zeros(2, 16)})
    assert Steering(flat, "a", ("b",), 1.0).displacement(torch.randn(2, D), 5.0).abs().max() == 0.0


def test_it_moves_the_last_row_alone_and_composes(estimate: Estimate) -> None:
    ws = torch.randn(2, 4, D, generator=torch.Generator().manual_seed(4))
    directions = {
        "A": steered(Steering(estimate, "a", ("b",), 0.1)),
        "B": steered(Steering(estimate, "b", ("a",), 0.1), "B"),
        "Plain": Direction("Plain", torch.eye(D)[1], 0.3, (0, 3), "test"),
    }
    assert torch.equal(bend(ws, {"A": 0.0}, directions), ws), "0 is the sound untouched"
    one = bend(ws, {"A": 3.0}, directions)
    assert torch.equal(one[:, :3], ws[:, :3]) and not torch.equal(one[:, 3], ws[:, 3])
    asked = {"A": 2.0, "B": -3.0, "Plain": 1.0}
    both = bend(ws, asked, directions)
    assert torch.equal(both, bend(ws, dict(reversed(asked.items())), directions)), "in whatever order they are named"
    plain = bend(ws, {"Plain": 1.0}, directions)
    change = (measured(estimate, both[:, 3]) - measured(estimate, plain[:, 3])).mean(0)
    torch.testing.assert_close(change, torch.tensor([0.2, -0.3]), atol=0.08, rtol=0)


def test_gradients_pass_as_of_a_vector(estimate: Estimate) -> None:
    ws = torch.randn(1, 4, D).requires_grad_(True)
    bend(ws, {"A": 3.0}, {"A": steered(Steering(estimate, "a", (), 0.1))}).sum().backward()
    assert ws.grad is not None and torch.equal(ws.grad, torch.ones_like(ws))


def test_it_is_read_from_a_checkpoint_as_it_was_written(estimate: Estimate, tmp_path: Path) -> None:
    slider = Steering(estimate, "a", ("b",), 0.1)
    estimate.save(tmp_path / FILE)
    described = [steered(slider).describe(), {"name": "Plain"}]
    again = read_steering(tmp_path, described)
    w = torch.randn(3, D)
    assert list(again) == ["A"] and torch.equal(again["A"].displacement(w, 2.0), slider.displacement(w, 2.0))
    assert read_steering(tmp_path / "elsewhere", [{"name": "Plain"}]) == {}, "a card without steered sliders"


def test_a_file_of_another_kind_is_refused(estimate: Estimate, tmp_path: Path) -> None:
    estimate.save(tmp_path / FILE)
    asked = Steering(estimate, "a", ("c",), 0.1).describe()
    with pytest.raises(ValueError, match="does not estimate c"):
        read_steering(tmp_path, [{"name": "A", "steering": asked}])
    from safetensors.torch import save_file

    save_file({"out": torch.zeros(1)}, tmp_path / FILE)
    with pytest.raises(ValueError, match="holds no estimate"):
        read_steering(tmp_path, [{"name": "A", "steering": asked}])
