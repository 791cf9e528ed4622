import pytest
import torch
from torch import Tensor, nn

from synth.models.discriminators import CELLS, ProjectedDiscriminator

CHANNELS = (6, 10)


def projected() -> tuple[nn.Module, list[Tensor]]:
    maps = [torch.randn(4, 6, 40, 20), torch.randn(4, 10, 6, 2)]
    return ProjectedDiscriminator(CHANNELS, 3, width=8).eval(), maps


def test_the_category_is_projected() -> None:
    torch.manual_seed(3)
    d, maps = projected()
    out = [d(maps, torch.full((4,), c)) for c in range(3)]
    assert out[0].shape == (4, len(CHANNELS) * CELLS**2)
    assert not torch.allclose(out[0], out[1])
    for embed in (m for m in d.modules() if isinstance(m, nn.Embedding)):
        embed.weight.data[:] = embed.weight.data[0]
    torch.testing.assert_close(d(maps, torch.full((4,), 2)), d(maps, torch.full((4,), 0)))


def test_heads_are_smooth() -> None:
    """Spectral normalisation: however large the weights, a linear layer of a head stretches nothing by more than 1."""
    d = ProjectedDiscriminator((6,), 3, width=8)
    head = d.heads[0]
    head.narrow.parametrizations.weight.original.data.mul_(100.0)
    for _ in range(20):
        head.narrow(torch.zeros(1, 6, 1, 1))  # each use in training mode is a step of the power iteration
    assert torch.linalg.matrix_norm(head.narrow.weight[:, :, 0, 0], 2).item() == pytest.approx(1.0, abs=0.02)


def test_heads_judge_every_part() -> None:
    """A change in one corner of a map moves the logits of that corner more than those of the one opposite."""
    d, maps = projected()
    changed = [maps[0].clone(), maps[1]]
    changed[0][:, :, :4, :2] += 5.0
    moved = (d(changed, torch.zeros(4, dtype=torch.long)) - d(maps, torch.zeros(4, dtype=torch.long))).abs().mean(0)
    first = moved[: CELLS**2].view(CELLS, CELLS)
    assert first[0, 0] > 10.0 * first[-1, -1]
