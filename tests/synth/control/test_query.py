import torch
from torch import Tensor

from synth.control.query import distance, refine


def make(ws: Tensor) -> Tensor:
    """A picture whose rows and columns the latent draws."""
    spread = torch.linspace(-1, 1, 32)
    line = (ws.mean(1)[:, :, None] * torch.cos(torch.arange(4)[:, None] * spread)).sum(1)
    return (line[:, :, None] + line[:, None, :])[:, None]


def test_steps_come_nearer_and_never_go_back() -> None:
    torch.manual_seed(0)
    target, start = make(torch.randn(1, 6, 4)), torch.zeros(1, 6, 4)
    found = list(refine(make, start, target, 40, 2.0))
    losses = [step.loss for step in found]
    assert len(losses) == 41 and losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.5 * losses[0]
    assert losses[0] == float(distance(make(start), target)) and torch.equal(found[0].ws, start)
    again = list(refine(make, start, target, 40, 2.0))
    assert torch.equal(again[-1].ws, found[-1].ws)


def test_noise_within_cells_is_no_distance() -> None:
    target = torch.zeros(1, 1, 32, 32)
    noisy = target.clone()
    noisy[..., ::2], noisy[..., 1::2] = 1.0, -1.0
    assert float(distance(noisy, target)) < 1e-6
    assert float(distance(target + 0.5, target)) > 0.4
