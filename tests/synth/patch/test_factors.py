import pytest

from synth.patch.factors import Factor


@pytest.mark.parametrize(
    ("name", "factor"),
    [
        ("SeFa 3", Factor("SeFa", 3)),
        ("PCA 12 [4-9]", Factor("PCA", 12, (4, 9))),
        ("SeFa 1 [0-0]", Factor("SeFa", 1, (0, 0))),
    ],
)
def test_a_name_says_how_a_direction_is_found(name: str, factor: Factor) -> None:
    assert Factor.parse(name) == factor and factor.name == name


@pytest.mark.parametrize("name", ["Dim 3", "SeFa 0", "SeFa", "SeFa 3 ", "SeFa 3 [4]", "ICA 2", "PCA -1", "SeFa 1e9"])
def test_other_names_are_other_directions(name: str) -> None:
    assert Factor.parse(name) is None


def test_a_model_has_as_many_as_its_sizes_allow() -> None:
    assert Factor("SeFa", 16).fits(16, 6) and Factor("PCA", 1, (0, 5)).fits(16, 6)
    assert not Factor("SeFa", 17).fits(16, 6)
    assert not Factor("SeFa", 1, (0, 6)).fits(16, 6)
    assert not Factor("SeFa", 1, (3, 2)).fits(16, 6)
