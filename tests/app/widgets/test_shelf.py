"""The shelf: what was kept last; its buttons are tried on the pages."""

from __future__ import annotations

import pytest

from app.widgets import shelf
from synth.library.finding import Wanted
from synth.library.library import library
from synth.patch.patch import Patch


@pytest.fixture(autouse=True)
def session(monkeypatch):
    monkeypatch.setattr(shelf.st, "session_state", {})


def names() -> list[str]:
    return [item.name for item in shelf.kept()]


def test_newest_first_each_by_a_name_of_its_own():
    shelf.keep(Patch("tiny", "wood_hit", 7))
    shelf.keep(Patch("tiny", "wood_hit", 7, psi=0.5))
    shelf.keep(Patch("tiny", "wood_hit", 8))
    assert names() == ["Wood hit 8", "Wood hit 7", "Wood hit 7 (2)"]


def test_a_name_tells_the_sliders_that_are_moved_furthest():
    shelf.keep(Patch("tiny", "wood_hit", 7, sliders={"Rate": 0.5, "Bright": -3.0}))
    assert names() == ["Wood hit 7, Bright -3, Rate +0.5"]


def test_the_same_sound_is_kept_once():
    patch = Patch("tiny", "hit", 1, latent=(0.1,) * 16)
    shelf.keep(patch)
    shelf.keep(patch)
    (item,) = shelf.kept()
    assert item.name == "Hit, found" and item.patch == patch


def test_what_is_taken_off_comes_back_with_the_heart():
    for seed in range(shelf.MOST + 3):
        shelf.keep(Patch("tiny", "hit", seed))
    assert len(shelf.kept()) == shelf.MOST and shelf.kept()[-1].patch.seed == 3
    gone = next(item for item in shelf.kept() if item.name == "Hit 10")
    shelf.remove(gone.id)
    assert "Hit 10" not in names() and len(shelf.kept()) == shelf.MOST
    shelf.keep(gone.patch)
    assert names()[0] == "Hit 10"


def test_what_was_heard_is_remembered_once_while_it_stays():
    for seed in (1, 1, 2, 2, 1):
        shelf.remember(Patch("tiny", "hit", seed))
    assert [entry.patch.seed for entry in library().find(Wanted(scope="heard"))] == [1, 2]


def test_a_library_that_cannot_be_used_is_told_and_the_page_goes_on(own_library, monkeypatch):
    own_library.mkdir()
    shelf.keep(Patch("tiny", "hit", 1))
    assert "SONOFORM" in shelf.st.session_state["warning"] and shelf.kept() == ()
