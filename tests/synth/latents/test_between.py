import math

import torch

from synth.latents.between import blend, follow, on_square, slerp


def test_the_sphere_is_not_left_and_angles_go_evenly() -> None:
    a, b = torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 2.0]])
    places = [slerp(a, b, share) for share in (0.0, 0.25, 0.5, 1.0)]
    assert all(math.isclose(float(place.norm()), 2.0, rel_tol=1e-6) for place in places)
    assert torch.allclose(places[1], 2.0 * torch.tensor([[math.cos(math.pi / 8), math.sin(math.pi / 8)]]))
    assert torch.equal(places[0], a) and torch.equal(places[3], b)


def test_alike_and_opposite_ends_go_straight() -> None:
    a = torch.tensor([[1.0, 2.0]])
    assert torch.equal(slerp(a, a, 0.3), a)
    assert slerp(a, -a, 0.5).abs().max() < 1e-6


def test_corners_of_the_square_are_exact() -> None:
    corners = [torch.randn(1, 8, generator=torch.Generator().manual_seed(i)) for i in range(4)]
    for i, corner in enumerate(corners):
        assert torch.equal(on_square(corners, float(i % 2), float(i // 2)), corner)
        assert torch.equal(blend(corners, [float(i == k) for k in range(4)]), corner)


def test_rows_outside_the_range_stay() -> None:
    base, mixed = torch.zeros(1, 5, 3), torch.ones(1, 5, 3)
    assert follow(base, mixed, (1, 2))[0, :, 0].tolist() == [0.0, 1.0, 1.0, 0.0, 0.0]
    assert not base.any()
