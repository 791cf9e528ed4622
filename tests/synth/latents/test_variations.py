import torch

from synth.latents.variations import displaced, turned


def test_distance_one_is_the_spread_of_the_category() -> None:
    root = torch.diag(torch.tensor([2.0, 1.0, 0.0]))
    ws = torch.ones(1, 4, 3)
    around = displaced(ws, root, 1.0, 4000, seed=1)
    assert around.shape == (4000, 4, 3)
    away = around - ws
    assert torch.equal(away, away[:, :1].expand_as(away)), "all rows move alike"
    assert torch.allclose(away[:, 0].square().mean(0), torch.tensor([4.0, 1.0, 0.0]), rtol=0.1)
    assert torch.allclose(displaced(ws, root, 0.5, 3, seed=1) - ws, 0.5 * away[:3], atol=1e-6)


def test_a_turned_z_is_as_likely() -> None:
    z = torch.randn(1, 64, generator=torch.Generator().manual_seed(0))
    around = turned(z, 1.0, 2000, seed=1)
    assert abs(float(around.square().mean()) - 1.0) < 0.1
    assert abs(float((around @ z.t()).mean() / z.square().sum()) - 0.7071) < 0.03
    assert torch.equal(turned(z, 0.0, 2, seed=1), z.expand(2, -1))
