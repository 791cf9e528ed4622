"""A chart: what a place is mixed of, what a line encloses, and its file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from synth.chart.chart import AROUND, Chart, Credit, mixed
from synth.chart.chart_file import FILE, read, write
from synth.checkpoint.card import GENERATOR, Card
from synth.errors import CheckpointError

DIGEST = "a" * 64
CARD = Card("drums", "Drums", "stylegan2", ("hit", "scrape"), 16000, 2.0, {}, {"clips": 40}, files={GENERATOR: DIGEST})


def grid(clips: int = 10) -> Chart:
    """Five by five points, evenly from -1 to 1."""
    axis = np.linspace(-1.0, 1.0, 5)
    points = np.array([(x, y) for y in axis for x in axis], np.float32)
    n = len(points)
    return Chart(
        points=points,
        categories=np.arange(n) % 2,
        clips=np.arange(clips),
        seeds=np.arange(n - clips),
        credits=(Credit("Ann", "CC0-1.0", "https://one"), Credit("Bo", "CC-BY-4.0", "https://two")),
        credited=np.arange(clips) % 2,
        descriptors=("brightness",),
        measured=np.linspace(0.0, 1.0, n)[:, None],
        method="grid",
    )


def weights(chart: Chart, x: float, y: float) -> np.ndarray:
    found = np.zeros(len(chart.points))
    near, shares = chart.around(x, y)
    found[near] = shares
    return found


def test_at_a_point_is_that_point_alone():
    assert weights(grid(), -0.5, 0.5)[16] == 1.0


def test_in_the_middle_of_four_all_count_the_same():
    found = weights(grid(), 0.25, 0.25)
    assert found[[12, 13, 17, 18]] == pytest.approx([0.25] * 4, abs=0.02)
    assert found.sum() == pytest.approx(1.0)


def test_weights_by_hand():
    near, shares = mixed(np.array([1.0, 2.0, 4.0, *[9.0] * AROUND]))
    raw = np.array([8.0**2, 3.5**2, 1.25**2])
    assert near[:3].tolist() == [0, 1, 2]
    assert shares[:3] == pytest.approx(raw / raw.sum())


def test_a_step_of_the_hand_is_a_step_of_the_weights():
    rng = np.random.default_rng(0)
    chart = replace(grid(), points=rng.uniform(-1.0, 1.0, (25, 2)).astype(np.float32))
    places = np.linspace((-0.9, -0.7), (0.8, 0.9), 4000)
    jumps = np.abs(np.diff([weights(chart, x, y) for x, y in places], axis=0)).max()
    assert jumps < 0.02


def test_every_place_sounds_where_there_is_one_point_or_all_are_one():
    assert mixed(np.array([3.0]))[1].tolist() == [1.0]
    assert mixed(np.zeros(9))[1].tolist() == [1.0]
    assert mixed(np.ones(9))[1].sum() == pytest.approx(1.0)


def test_what_a_line_encloses_and_its_four_corners():
    chart = grid()
    inside = chart.within([(-0.6, -0.6), (0.6, -0.6), (0.6, 0.6), (-0.6, 0.6)])
    assert inside.tolist() == [6, 7, 8, 11, 12, 13, 16, 17, 18]
    assert chart.corners(inside) == (6, 8, 16, 18)
    assert chart.corners(inside[:3]) == (6, 8, 7)
    assert chart.within([(0.1, 0.1), (0.2, 0.1), (0.2, 0.2)]).size == 0


def test_the_file_holds_it_all(tmp_path):
    chart = grid()
    write(tmp_path / FILE, chart, DIGEST)
    found = read(tmp_path, CARD)
    assert np.array_equal(found.points, chart.points)
    assert found.credit(3) == Credit("Bo", "CC-BY-4.0", "https://two")
    assert found.credit(12) is None
    assert found.seeds.tolist() == list(range(15))
    assert found.measured[:, 0] == pytest.approx(chart.measured[:, 0], abs=1e-3)


def test_there_is_none(tmp_path):
    with pytest.raises(CheckpointError, match="drums has no map: make one with map --model drums"):
        read(tmp_path, CARD)


def test_of_other_weights(tmp_path):
    write(tmp_path / FILE, grid(), "b" * 64)
    with pytest.raises(CheckpointError, match="of other weights: make it anew"):
        read(tmp_path, CARD)


@pytest.mark.parametrize(
    "wrong",
    [
        {"points": np.full((25, 2), np.nan, np.float32)},
        {"points": np.full((25, 2), 2.0, np.float32)},
        {"categories": np.full(25, 2)},
        {"clips": np.arange(10) + 40},
        {"credited": np.full(10, 2)},
        {"seeds": np.arange(3)},
        {"measured": np.zeros((25, 2))},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_what_does_not_fit_is_damaged(tmp_path, wrong):
    write(tmp_path / FILE, replace(grid(), **wrong), DIGEST)
    with pytest.raises(CheckpointError, match=r"map\.safetensors is damaged"):
        read(tmp_path, CARD)


def test_a_file_cut_short_is_damaged(tmp_path):
    write(tmp_path / FILE, grid(), DIGEST)
    (tmp_path / FILE).write_bytes((tmp_path / FILE).read_bytes()[:200])
    with pytest.raises(CheckpointError, match="damaged"):
        read(tmp_path, CARD)
