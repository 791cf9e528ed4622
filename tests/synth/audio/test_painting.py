import numpy as np
import pytest

from synth.audio.painting import BELOW, area, painted
from synth.patch.strokes import Stroke

BINS, FRAMES, FLOOR = 64, 96, -80.0
BOX = ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75))


def flat(db: float = -30.0, noise: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    return np.full((BINS, FRAMES), db, np.float32), np.full((BINS, FRAMES), noise, np.float32)


def put(*strokes: Stroke, level: float = -30.0) -> tuple[np.ndarray, np.ndarray]:
    return painted(*flat(level), strokes, FLOOR, lambda seed: flat(-20.0 + seed, 0.25))


def test_a_brush_raises_what_it_touches_by_its_gain_and_leaves_the_noise() -> None:
    level, gate = put(Stroke("brush", ((0.2, 0.5), (0.8, 0.5)), gain=9.0, size=(0.05, 0.1), softness=0.0))
    middle = round(0.5 * BINS)
    assert level[middle, 30:70] == pytest.approx(-21.0) and level[middle + 10] == pytest.approx(-30.0)
    assert (gate == 1.0).all()


def test_a_soft_brush_falls_smoothly_and_its_amount_counts() -> None:
    mask = area(Stroke("brush", ((0.5, 0.5),), size=(0.3, 0.3), softness=1.0), BINS, FRAMES)
    across = mask[BINS // 2, FRAMES // 2 :]
    assert across[0] == 1.0 and (np.diff(across) <= 0.0).all() and across[-1] == 0.0
    level, _ = put(Stroke("brush", ((0.5, 0.5),), gain=10.0, amount=0.5))
    assert level.max() == pytest.approx(-25.0)


def test_a_brush_may_reach_over_all_frequencies_or_all_times() -> None:
    column = area(Stroke("brush", ((0.5, 0.1),), size=(0.02, 1.0)), BINS, FRAMES)
    row = area(Stroke("brush", ((0.1, 0.5),), size=(1.0, 0.02)), BINS, FRAMES)
    assert (column.max(0) > 0).sum() < 8 and (column[:, FRAMES // 2] == 1.0).all()
    assert (row.max(1) > 0).sum() < 8 and (row[BINS // 2] == 1.0).all()


def test_the_smallest_brush_does_not_fall_between_two_cells() -> None:
    assert area(Stroke("brush", ((0.503, 0.503),), size=(0.0, 0.0), softness=0.0), BINS, FRAMES).max() == 1.0


def test_a_stroke_is_counted_once_where_it_crosses_itself_and_two_strokes_twice() -> None:
    there_and_back = Stroke("brush", ((0.2, 0.5), (0.8, 0.5), (0.2, 0.5)), gain=6.0)
    assert put(there_and_back)[0].max() == pytest.approx(-24.0)
    assert put(there_and_back, there_and_back)[0].max() == pytest.approx(-18.0)


def test_an_eraser_leaves_silence() -> None:
    level, _ = put(Stroke("eraser", ((0.5, 0.5),), size=(0.2, 1.0), softness=0.2))
    assert level[:, FRAMES // 2] == pytest.approx(FLOOR - BELOW) and level[0, 0] == -30.0


def test_an_area_is_inside_of_its_corners() -> None:
    level, _ = put(Stroke("region", BOX, gain=-12.0, size=(0.0, 0.0), softness=0.0))
    changed = level < -40.0
    assert changed[20:44, 28:68].all() and not changed[:14].any() and not changed[:, 76:].any()
    triangle = area(Stroke("region", ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)), size=(0.0, 0.0)), BINS, FRAMES)
    assert triangle.mean() == pytest.approx(0.5, abs=0.03)


def test_a_clone_takes_what_lies_a_shift_away() -> None:
    level, gate = flat()
    level[:, :20], gate[:, :20] = -10.0, 0.0
    stroke = Stroke("clone", ((0.8, 0.5),), size=(0.05, 0.1), softness=0.0, shift=(-0.7, 0.0))
    found, noise = painted(level, gate, (stroke,), FLOOR, lambda _: flat())
    spot = (BINS // 2, round(0.8 * FRAMES))
    assert found[spot] == -10.0 and noise[spot] == 0.0 and found[0, spot[1]] == -30.0
    outside = Stroke("clone", ((0.5, 0.5),), size=(0.05, 0.1), softness=0.0, shift=(-0.9, 0.0))
    assert painted(level, gate, (outside,), FLOOR, lambda _: flat())[0].min() == FLOOR - BELOW


def test_a_smudge_takes_what_it_passes_along() -> None:
    level, gate = flat(-60.0)
    level[:, 20:28] = -10.0
    stroke = Stroke("smudge", ((0.25, 0.5), (0.6, 0.5)), size=(0.06, 0.06), softness=0.3)
    found, _ = painted(level, gate, (stroke,), FLOOR, lambda _: flat())
    row = found[BINS // 2]
    assert row[34] > -45.0 and row[80] == -60.0 and found[2, 34] == -60.0


def test_a_fill_is_as_loud_at_its_edge_as_what_is_around_it() -> None:
    """Of another sound, 15 dB louder all over: only its noise shows."""
    level, gate = put(Stroke("fill", BOX, size=(0.05, 0.05), softness=1.0, seed=5))
    assert level == pytest.approx(-30.0, abs=1e-4) and gate[BINS // 2, FRAMES // 2] == pytest.approx(0.25)
    assert gate[2, 2] == 1.0


def test_nothing_is_changed_in_place() -> None:
    level, gate = flat()
    painted(level, gate, (Stroke("eraser", ((0.5, 0.5),)),), FLOOR, lambda _: flat())
    assert (level == -30.0).all() and (gate == 1.0).all()
