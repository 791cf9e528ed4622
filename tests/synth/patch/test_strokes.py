import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.errors import PatchError
from synth.patch.patch import Patch
from synth.patch.strokes import CLOSED, MOST, MOST_POINTS, TOOLS, Stroke, mixed, read, text

share = st.floats(0.0, 1.0)
BRUSH = {"tool": "brush", "points": [[0.1, 0.2], [0.3, 0.4]]}


@st.composite
def strokes(draw: st.DrawFn) -> Stroke:
    tool = draw(st.sampled_from(TOOLS))
    points = draw(st.lists(st.tuples(share, share), min_size=3 if tool in CLOSED else 1, max_size=MOST_POINTS))
    shift = (draw(st.floats(-1, 1)), draw(st.floats(-1, 1))) if tool == "clone" else (0.0, 0.0)
    seed = draw(st.integers(0, 2**32 - 1)) if tool == "fill" else 0
    rest = (draw(st.floats(-60, 60)), (draw(share), draw(share)), draw(share), draw(share))
    return Stroke(tool, tuple(points), *rest, shift, seed)


@given(st.lists(strokes(), max_size=12))
def test_strokes_come_back_to_what_their_bits_hold(made: list[Stroke]) -> None:
    again = read(text(made))
    assert [s.tool for s in again] == [s.tool for s in made] and read(text(again)) == again
    for before, after in zip(made, again, strict=True):
        assert after.seed == before.seed and abs(after.gain - before.gain) <= 0.25
        for a, b in zip(before.points, after.points, strict=True):
            assert math.dist(a, b) < 2e-4
        assert math.dist(before.size, after.size) < 3e-3 and math.dist(before.shift, after.shift) < 2e-4


def test_fifty_strokes_of_sixteen_points_are_four_kilobytes_at_most() -> None:
    way = tuple((k / 15, 0.5) for k in range(16))
    assert len(text([Stroke("brush", way)] * 50)) <= 4096


def test_a_patch_takes_objects_or_text_and_keeps_text() -> None:
    patch = Patch(strokes=[BRUSH])
    assert isinstance(patch.strokes, str) and Patch(strokes=patch.strokes) == patch
    assert patch.painted[0].tool == "brush" and patch.painted[0].gain == 6.0
    assert Patch.from_query(patch.to_query()) == patch and Patch.from_json(patch.to_json()) == patch
    assert Patch(strokes=[]).strokes is None and Patch(strokes="") == Patch()


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ([BRUSH | {"points": [[0.1, 1.2]]}], "stroke 1 that lies outside the picture: points are 0..1"),
        ([BRUSH, BRUSH | {"points": [[math.nan, 0.2]]}], "stroke 2 that lies outside the picture"),
        ([BRUSH | {"gain": math.inf}], "is out of range: gain is -60..60 dB"),
        ([BRUSH | {"gain": math.nan}], "is out of range: gain is"),
        ([BRUSH | {"size": [0.1, -0.1]}], "size is 0..1"),
        ([BRUSH | {"tool": "hammer"}], "has no tool 'hammer': use brush, eraser"),
        ([BRUSH | {"tool": "region"}], "a region takes 3 to 64"),
        ([BRUSH | {"points": []}], "a brush takes 1 to 64"),
        ([BRUSH | {"points": 7}], "has fields of the wrong kind"),
        ([BRUSH | {"colour": "red"}], "has no colour: a stroke has tool, points"),
        ([{"tool": "brush"}], "needs a tool and points"),
        ([3], "a stroke 1 that is no object"),
        ([BRUSH] * 10_000, f"has 10000 strokes: {MOST} are the most"),
        ("%%%", "is cut or altered"),
        (text([Stroke("brush", ((0.1, 0.2),))])[:-2], "is cut or altered"),
        ("A" * 20_000, "is longer than 16000 characters"),
        (5, "must be a list of strokes, or their text"),
    ],
)
def test_what_is_no_stroke_is_one_sentence(bad: object, told: str) -> None:
    with pytest.raises(PatchError, match=told.replace(".", r"\.")):
        Patch(strokes=bad)  # type: ignore[arg-type]


def test_a_morph_has_the_strokes_of_its_corners_by_their_weights() -> None:
    one, two = (Stroke("brush", ((x, 0.5),)) for x in (0.2, 0.8))
    assert mixed([((one,), 0.25), ((two,), 0.75)]) == (one.weighted(0.25), two.weighted(0.75))
    assert mixed([((one,), 0.25), ((one,), 0.75)]) == (one,)
    assert mixed([((one,), 1.0), ((), 0.0)]) == (one,)


def test_the_browser_writes_the_same_text() -> None:
    """That of web/tests/strokes.test.ts."""
    common = {"points": ((0.25, 0.33), (0.71, 0.61)), "gain": -12.5, "size": (0.03, 1.0), "softness": 0.6}
    made = [
        Stroke("brush", **common),
        Stroke("clone", **common, shift=(-0.26, 0.51)),
        Stroke("fill", **common | {"points": ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))}, seed=4_000_000_000),
    ]
    assert text(made) == "AOcI_5n_AkAFR7W5wgPnCP-Z_wLX-ygIQAVHtbnCBecI_5n_AwAoa-4AAAD_8AD___8"
