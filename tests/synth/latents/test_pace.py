"""Paths whose length is known."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from synth.latents.pace import Fineness, Pace, even, measure

FINE = Fineness(8, 256, 1 / 64)


def paced(path, fineness: Fineness = FINE) -> Pace:
    return measure(lambda places: [path(place) for place in places], lambda a, b: abs(b - a), fineness)


@pytest.mark.parametrize(
    ("path", "inverse"),
    [
        (lambda t: t, lambda share: share),
        (lambda t: -3.0 * t * t, math.sqrt),
        (lambda t: math.tanh(40.0 * (t - 0.4)), lambda s: 0.4 + math.atanh(2.0 * s - 1.0) / 40.0),
    ],
)
def test_the_place_after_a_share_of_the_length(path, inverse) -> None:
    pace = paced(path)
    for share in (0.1, 0.25, 0.5, 0.8, 0.95):
        assert path(pace.at(share)) == pytest.approx(path(inverse(share)), abs=0.02)
    assert (pace.at(0.0), pace.at(1.0)) == (0.0, 1.0)


def test_a_circle_goes_evenly_by_its_arc() -> None:
    def on_circle(t: float) -> complex:
        return complex(math.cos(t**3), math.sin(t**3))

    pace = paced(on_circle)
    steps = [abs(on_circle(pace.at((i + 1) / 8)) - on_circle(pace.at(i / 8))) for i in range(8)]
    assert max(steps) == pytest.approx(min(steps), rel=0.05)


def test_steps_are_halved_where_they_are_long_and_as_often_as_there_is_room() -> None:
    def steep(t: float) -> float:
        return 1.0 / (1.0 + math.exp(min(500.0, -1000.0 * (t - 0.3))))

    wide = paced(steep, Fineness(8, 8, 1 / 8))
    assert wide.places == tuple(i / 8 for i in range(9))
    fine = paced(steep, Fineness(8, 64, 1 / 16))
    assert len(fine.places) < 40 and max(b - a for a, b in pairwise(fine.shares)) <= 1 / 16
    assert len(paced(steep, Fineness(8, 12, 1 / 64)).places) == 13
    assert list(fine.places) == sorted(fine.places)


def test_a_jump_ends_the_search_and_a_path_that_leads_nowhere_keeps_its_pace() -> None:
    jump = paced(lambda t: float(t > 1 / 3), Fineness(8, 4096, 1 / 16))
    assert jump.at(0.5) == pytest.approx(1 / 3, abs=1e-5)
    assert paced(lambda t: 5.0) == Pace()
    assert Pace().at(0.3) == 0.3


def test_what_is_heard_changes_evenly_also_where_w_jumps() -> None:
    """Bands that fade in, one after the other, each within a hundredth of a path in W."""
    asked = 0

    def place(share: float) -> Tensor:
        rise = torch.sigmoid(torch.tensor([(share - at) * 800.0 for at in (0.2, 0.21, 0.7, 0.9)]))
        return rise.view(1, 1, 4)

    def make(ws: Tensor) -> Tensor:
        nonlocal asked
        asked += len(ws)
        bands = torch.sin(torch.arange(64.0)[None] * torch.tensor([[0.3], [0.6], [0.9], [1.2]]))
        return (0.4 * ws[:, 0] @ bands - 0.2)[:, None, :, None].expand(-1, 1, 64, 64).clamp(-1.0, 1.0)

    at = even(place, make)
    w = [place(at(i / 8)) for i in range(9)]
    steps = [float((b - a).norm()) for a, b in pairwise(w)]
    plain = [float((place((i + 1) / 8) - place(i / 8)).norm()) for i in range(8)]
    assert max(steps) / (sum(steps) / 8) < 2.0 < max(plain) / (sum(plain) / 8)
    assert asked <= 33
