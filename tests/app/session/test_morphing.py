"""What the controls of the Morph page do to a morph, and its zip."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from app.session import morphing
from app.widgets import tiles
from synth.checkpoint.store import load_card
from synth.patch.factors import ROWS
from synth.patch.morph import Morph, Way
from synth.patch.patch import Patch
from synth.sound.sound import Sound


@pytest.fixture(scope="module")
def card(published):
    return load_card(published / "tiny")


def test_it_begins_at_the_sound_at_hand(card):
    hand = Patch("tiny", "scrape", 5, psi=0.3)
    morph = morphing.begun(hand, card)
    assert morph.corners[0] == hand and (morph.x, morph.y, morph.path) == (0.0, 0.0, "w")
    assert [corner.category for corner in morph.corners] == ["scrape", "hit", "scrape", "hit"]
    assert len(set(morph.corners)) == 4
    assert morphing.begun(replace(hand, model="other"), card).corners[0] == Patch("tiny", "hit", 0)


def test_a_path_that_leads_no_more_becomes_straight(card):
    a = Patch("tiny", "hit", 1)
    morph = Morph((a, replace(a, seed=2)), path="z")
    assert morphing.with_corner(morph, "B", replace(a, seed=3)).path == "z"
    assert morphing.with_corner(morph, "B", replace(a, category="scrape")).path == "w"
    assert morphing.with_count(morph, 4, card).path == "w"
    assert morphing.with_count(morphing.with_count(morph, 4, card), 2, card).corners == morph.corners


def test_words_and_ways(card):
    rows_in_turn = [row for layers in morphing.WORDS.values() if layers for row in range(layers[0], layers[1] + 1)]
    assert rows_in_turn == list(range(ROWS)), "each row in one word"
    two = Morph((Patch("tiny"), Patch("tiny", seed=1)))
    assert morphing.ways(two) == {"A to B": "AB"}
    four = Morph(two.corners * 2)
    assert all(Way(four, stops) for stops in morphing.ways(four).values())


def test_the_zip_holds_steps_with_their_patches_the_way_and_the_morph():
    morph = Morph((Patch("tiny", "hit", 1), Patch("tiny", "hit", 2)))
    steps = [Sound(np.full((1, 64), 0.1 * i, np.float32), 16000, Patch("tiny", "hit", i)) for i in range(3)]
    data = morphing.bundle(morph, steps, morphing.in_a_row(steps))
    assert data == morphing.bundle(morph, steps, morphing.in_a_row(steps))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert Sound.load(archive.read("tiny-step-3.wav")).patch == Patch("tiny", "hit", 2)
        assert Sound.load(archive.read("tiny-way.wav")).samples.shape == (1, 192)
        assert Morph.from_dict(json.loads(archive.read("morph.json"))) == morph


def test_a_small_picture_keeps_the_loudest_of_each_cell():
    levels = np.zeros((256, 300), np.uint8)
    levels[5, 7] = 200
    small = tiles.small(levels)
    assert small.shape == (64, 150) and small[1, 3] == 200 and small.sum() == 200
    assert tiles.small(levels[:10, :10]).shape == (10, 10)
