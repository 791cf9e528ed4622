import torch

from synth.audio.prominence import prominence
from synth.training.line_loss import MEMORY, TOLERATED_DB, LineLoss


def even(count: int = 8, line: float = 0.0) -> torch.Tensor:
    """Levels in dB (N, 32, 40) that fall evenly over frequency, with a line at bin 20."""
    levels = (-torch.arange(32.0))[None, :, None].expand(count, 32, 40).clone()
    levels[:, 20] += line
    return levels


def test_a_bin_is_held_to_the_median_of_its_neighbours() -> None:
    found = prominence(even(line=12.0))
    assert abs(found[20] - 12.0) < 1e-4 and found[[5, 10, 15, 25]].abs().max() < 1e-4
    assert found[:3].abs().max() == 0.0 and found[-3:].abs().max() == 0.0


def test_a_line_is_lowered_once_it_has_stood_out_for_long() -> None:
    loss = LineLoss([even()])
    levels = even(line=6.0).requires_grad_(True)
    first, now = loss(levels)
    assert first == 0.0, "one batch may have it"
    for _ in range(100):
        loss.remember(now)
    held, _ = loss(levels)
    held.backward()
    expected = (6.0 * (1.0 - MEMORY**100) - TOLERATED_DB) * 6.0
    assert abs(held.item() - expected) < 1e-2
    assert levels.grad is not None and (levels.grad[:, 20].sum(1) > 0.0).all()
    assert levels.grad[:, 10].abs().max() == 0.0


def test_lines_that_recordings_have_are_theirs() -> None:
    loss = LineLoss([even(4, line=6.0), even(4, line=6.0)])
    for _ in range(100):
        loss.remember(loss(even(line=6.5))[1])
    assert loss(even(line=6.5))[0] == 0.0


def test_it_goes_on_where_it_was() -> None:
    loss, again = LineLoss([even()]), LineLoss([even()])
    loss.remember(loss(even(line=9.0))[1])
    again.load(loss.state())
    assert torch.equal(again.running, loss.running) and not torch.equal(again.running, again.usual)
