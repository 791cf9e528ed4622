"""The pads of the page Kits, as a value."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.session.pads import Pads, begun
from synth.checkpoint.store import load_card
from synth.errors import KitError
from synth.kits.kit import Kit, Pad
from synth.patch.patch import Patch

HERE = Patch(model="tiny", category="scrape", seed=9, sliders={"Dim 1": 1.0})


@pytest.fixture
def pads(published: Path) -> Pads:
    return begun(HERE, load_card(published / "tiny"))


def test_they_begin_with_the_sound_at_hand_and_seeds_of_each_category(pads: Pads) -> None:
    kit = pads.kit()
    assert isinstance(kit, Kit) and [pad.note for pad in kit.pads] == list(range(36, 52))
    assert kit.pads[0].patch == HERE
    assert [pad.patch.category for pad in kit.pads[1:5]] == ["scrape", "hit", "scrape", "hit"]


def test_another_sound_takes_over_how_the_pad_is_played(pads: Pads) -> None:
    played = pads.turn(note=60, choke=2, level=-3.0).put(Patch(model="tiny", seed=4))
    assert played.pad == Pad(Patch(model="tiny", seed=4), 60, "tiny_s4", choke=2, level=-3.0)


def test_an_emptied_pad_is_filled_on_a_note_of_its_own(pads: Pads) -> None:
    empty = pads.put(None)
    assert empty.pad is None and len(empty.kit().pads) == 15 and empty.turn(note=3) == empty
    filled = empty.put(HERE).pad
    assert filled is not None and filled.note == 36
    other = Pads((None, Pad(HERE, 36)), chosen=0).put(HERE).pad
    assert other is not None and other.note == 37


def test_pads_are_exchanged_and_notes_stay_at_their_places(pads: Pads) -> None:
    moved = pads.swapped(0, 5)
    assert moved.chosen == 5 and moved.pad is not None and (moved.pad.patch, moved.pad.note) == (HERE, 41)
    assert [pad.note for pad in moved.kit().pads] == list(range(36, 52))
    emptied = pads.put(None).swapped(5, 0)
    assert emptied.pads[5] is None and emptied.pad is not None and emptied.pad.note == 36


def test_what_no_pad_can_be_is_refused(pads: Pads) -> None:
    with pytest.raises(KitError, match=r"note: must lie in 0\.\.127, not 128"):
        pads.turn(note=128)
    with pytest.raises(KitError, match="are both on key 37"):
        pads.turn(note=37).kit()
    with pytest.raises(KitError, match="the kit has no pad"):
        Pads((None,) * 16).kit()
