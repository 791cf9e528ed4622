import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.errors import PatchError
from synth.patch.lanes import MOST, MOST_POINTS, RANGES, Lane, mixed, range_of, read, slowed, text, total
from synth.patch.patch import Patch

RAMP = Lane("loudness", ((0.2, -20.0, 0.0), (0.8, 10.0, 0.0)))


@st.composite
def lanes(draw: st.DrawFn) -> Lane:
    name = draw(st.sampled_from([*RANGES, "sliders.Brightness", "sliders.Größe 2"]))
    times = sorted(draw(st.lists(st.floats(0, 1), min_size=1, max_size=MOST_POINTS)))
    low, high = range_of(name)
    return Lane(name, tuple((t, draw(st.floats(low, high)), draw(st.floats(-1, 1))) for t in times))


@given(st.lists(lanes(), max_size=3))
def test_lanes_come_back_to_what_their_bits_hold(made: list[Lane]) -> None:
    again = read(text(made))
    assert [lane.name for lane in again] == [lane.name for lane in made] and read(text(again)) == again
    for before, after in zip(made, again, strict=True):
        fine = max(map(abs, range_of(before.name))) / 32767
        for a, b in zip(before.points, after.points, strict=True):
            assert abs(a[0] - b[0]) < 1e-5 and abs(a[1] - b[1]) <= fine and abs(a[2] - b[2]) < 0.005


def test_values_go_evenly_and_stay_before_and_after() -> None:
    np.testing.assert_allclose(RAMP.at(np.array([0.0, 0.2, 0.5, 0.8, 1.0])), [-20, -20, -5, 10, 10])
    lone = Lane("pitch", ((0.3, 7.0, 0.0),))
    np.testing.assert_allclose(lone.at(np.array([0.0, 1.0])), [7, 7])


def test_a_bend_leaves_late_or_soon_and_arrives() -> None:
    late, soon = (Lane("pitch", ((0.0, 0.0, bend), (1.0, 8.0, 0.0))).at(np.array([0, 0.5, 1])) for bend in (1, -1))
    np.testing.assert_allclose(late, [0.0, 8.0 * 0.5**5, 8.0])
    np.testing.assert_allclose(soon, [0.0, 8.0 * (1 - 0.5**5), 8.0])


def test_a_step_is_two_points_at_one_time() -> None:
    step = Lane("pitch", ((0.5, 0.0, 0.0), (0.5, 5.0, 0.0)))
    np.testing.assert_allclose(step.at(np.array([0.49, 0.5, 0.51])), [0, 5, 5])


def test_lanes_of_a_name_add_up() -> None:
    both = total((RAMP, RAMP, Lane("pitch", ((0.0, 3.0, 0.0),))), "loudness", np.array([1.0]))
    np.testing.assert_allclose(both, [20.0])


def test_time_goes_slower_here_and_faster_there_and_lasts_as_long() -> None:
    heard, learnt = slowed((Lane("stretch", ((0.0, 1.0, 0.0), (0.5, 1.0, 0.0), (0.5, -1.0, 0.0))),), 100)
    assert heard[0] == 0.0 and heard[-1] == pytest.approx(100) and (np.diff(heard) > 0).all()
    assert np.interp(50.0, learnt, heard) == pytest.approx(80.0, abs=0.3), "the first half takes 2 of 2.5 parts"


def test_a_patch_takes_objects_or_text_and_keeps_text() -> None:
    patch = Patch(lanes=[{"name": "loudness", "points": [[0.2, -20], [0.8, 10, 0.5]]}])
    assert isinstance(patch.lanes, str) and Patch.from_query(patch.to_query()) == patch
    assert patch.automated[0].points[1] == pytest.approx((0.8, 10.0, 0.5), abs=0.01)
    assert Patch(lanes=[]).lanes is None and Patch(lanes="") == Patch()
    assert len(text([Lane("loudness", tuple((k / 49, 0.0, 0.0) for k in range(50)))])) < 400


POINT = [[0.1, 1.0]]


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (
            [{"name": "loudness", "points": [[0.1, math.nan]]}],
            "has a value of loudness out of range: it lies in -60..24",
        ),
        ([{"name": "loudness", "points": [[0.9, 0], [0.1, 0]]}], "out of order: sort them by time"),
        ([{"name": "pitch", "points": [[1.5, 0]]}], "times are 0..1"),
        ([{"name": "pitch", "points": [[math.nan, 0]]}], "times are 0..1"),
        ([{"name": "pitch", "points": [[0, 0, 7]]}], "bends -1..1"),
        ([{"name": "pitch", "points": []}], "of 0 points"),
        ([{"name": "pitch", "points": 3}], "are no lists of numbers"),
        ([{"name": "pitch", "points": [["a", 2]]}], "cut or altered|are no lists of numbers|could not convert"),
        ([{"name": "colour", "points": POINT}], "has no lane 'colour': use loudness"),
        ([{"name": "pitch"}], "has a lane without name and points"),
        ([{"name": "pitch", "points": POINT}] * (MOST + 1), f"{MOST} are the most"),
        ("%%%", "is cut or altered"),
        (text([RAMP])[:-3], "is cut or altered"),
        (5, "must be a list of lanes, or their text"),
    ],
)
def test_what_is_no_lane_is_one_sentence(bad: object, told: str) -> None:
    with pytest.raises(PatchError, match=told):
        Patch(lanes=bad)  # type: ignore[arg-type]


def test_a_morph_has_the_lanes_of_its_corners_by_their_weights() -> None:
    found = mixed([((RAMP,), 0.25), ((), 0.75)])
    assert found[0].points[0][1] == -5.0
    assert mixed([((RAMP,), 0.5), ((RAMP,), 0.5)]) == (RAMP,)


def test_the_browser_writes_the_same_text() -> None:
    """That of web/tests/curve.test.ts."""
    lanes = [Lane("loudness", ((0.2, -20, 0), (0.8, 10, 0.5))), Lane("sliders.Größe", ((0, 2.5, -1),))]
    assert text(lanes) == "CGxvdWRuZXNzAjMzVtUAzMxVFUAPc2xpZGVycy5HcsO2w59lAQAAAECB"
