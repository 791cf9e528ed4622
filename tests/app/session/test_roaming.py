import math

import pytest

from app.session.roaming import MOST, Deed, read


def test_deeds_are_read():
    assert read({"kind": "point", "point": 7}) == Deed("point", point=7)
    assert read({"kind": "line", "line": [[0, 0.5], [-1, 1]]}) == Deed("line", ((0.0, 0.5), (-1.0, 1.0)))


@pytest.mark.parametrize(
    "said",
    [
        None,
        7,
        {},
        {"kind": "other", "line": [[0, 0]]},
        {"kind": "point", "point": -1},
        {"kind": "point", "point": 1.5},
        {"kind": "point", "point": True},
        {"kind": "place"},
        {"kind": "place", "line": []},
        {"kind": "place", "line": [[0]]},
        {"kind": "place", "line": [[0, 1.5]]},
        {"kind": "place", "line": [[0, math.nan]]},
        {"kind": "place", "line": [["0", 0]]},
        {"kind": "line", "line": [[0, 0]] * (MOST + 1)},
    ],
)
def test_what_is_no_deed_is_none(said):
    assert read(said) is None
