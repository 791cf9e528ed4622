"""Names of files: what they tell, and that every system takes them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.patch.naming import file_stem, sliders, word
from synth.patch.patch import Patch

HIT = Patch(category="metal_hit", seed=7)


@pytest.mark.parametrize(
    ("patch", "stem"),
    [
        (HIT, "metal_hit_s7"),
        (replace(HIT, sliders={"Bright": 3.0}), "metal_hit_bright+3_s7"),
        (replace(HIT, sliders={"Bright": -0.5, "SeFa 3 [4-9]": 2.25}), "metal_hit_sefa_3_4_9+2.25_bright-0.5_s7"),
        (Patch("environmental", "rain", 12), "environmental_rain_s12"),
        (Patch("wgan", None, 3), "wgan_s3"),
    ],
)
def test_a_name_tells_category_sliders_and_seed(patch, stem):
    assert file_stem(patch) == stem


def test_what_a_name_cannot_tell_makes_it_another_name():
    others = [
        replace(HIT, psi=0.5),
        replace(HIT, lufs=None),
        replace(HIT, latent=(0.1,) * 16),
        replace(HIT, fade_in=0.1),
        replace(HIT, sliders={f"Dim {i}": 1.0 for i in range(6)}),
        replace(HIT, sliders={f"Dim {i}": 1.0 for i in range(7)}),
    ]
    assert len({file_stem(patch) for patch in (HIT, *others)}) == 1 + len(others)


@given(st.text(min_size=1, max_size=80))
def test_a_word_is_safe_everywhere(name):
    made = word(name)
    assert made.isascii() and made and len(made) <= 20
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")


def test_accents_and_other_scripts():
    assert word("Mêtal hit / große") == "metal_hit_groe" and word("打") == "x"
    assert sliders(Patch(sliders={"Härte": 1.0})) == ["harte+1"]
