from dataclasses import dataclass

import pytest

from synth.models.sizes import Sizes


@dataclass(frozen=True)
class Example(Sizes):
    widths: tuple[int, ...] = (4, 8)
    width: int = 16


def test_sizes_survive_their_card() -> None:
    example = Example(widths=(1, 2), width=3)
    assert example.to_dict() == {"widths": [1, 2], "width": 3}
    assert Example.from_dict(example.to_dict()) == example
    assert Example.from_dict({"width": 5}) == Example(width=5)


def test_unknown_sizes_are_named() -> None:
    with pytest.raises(ValueError, match="Example has no setting depth, hue"):
        Example.from_dict({"hue": 1, "width": 3, "depth": 2})
