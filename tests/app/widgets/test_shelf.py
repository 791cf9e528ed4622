"""The shelf of a session; its buttons are tried on the pages."""

from __future__ import annotations

import pytest

from app.widgets import shelf
from synth.patch.patch import Patch


@pytest.fixture(autouse=True)
def session(monkeypatch):
    monkeypatch.setattr(shelf.st, "session_state", {})


def test_newest_first_each_by_a_name_of_its_own():
    first = shelf.keep(Patch("tiny", "wood_hit", 7))
    second = shelf.keep(Patch("tiny", "wood_hit", 7, psi=0.5))
    named = shelf.keep(Patch("tiny", seed=1), "  My\n hit ")
    assert [item.name for item in shelf.kept()] == ["My hit", "Wood hit 7 (2)", "Wood hit 7"]
    assert shelf.kept() == (named, second, first)


def test_a_name_tells_the_sliders_that_are_moved_furthest():
    moved = Patch("tiny", "wood_hit", 7, sliders={"Rate": 0.5, "Bright": -3.0})
    assert shelf.keep(moved).name == "Wood hit 7, Bright -3, Rate +0.5"


def test_the_same_sound_is_kept_once_unless_it_is_named():
    patch = Patch("tiny", "hit", 1, latent=(0.1,) * 16)
    assert shelf.keep(patch) == shelf.keep(patch) == shelf.kept()[0]
    assert shelf.kept()[0].name == "Hit, found" and len(shelf.kept()) == 1
    assert shelf.keep(patch, "again").name == "again" and len(shelf.kept()) == 2


def test_what_is_taken_off_is_gone_and_the_oldest_makes_room():
    for seed in range(shelf.MAX_KEPT + 3):
        shelf.keep(Patch("tiny", "hit", seed))
    assert len(shelf.kept()) == shelf.MAX_KEPT and shelf.kept()[-1].patch.seed == 3
    shelf.remove("Hit 10")
    shelf.remove("never there")
    assert len(shelf.kept()) == shelf.MAX_KEPT - 1 and "Hit 10" not in [item.name for item in shelf.kept()]
