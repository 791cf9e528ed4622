"""The sounds of a kit: which patches they are of, and how loud they are beside one another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from synth.audio.loudness import integrated, true_peak
from synth.checkpoint.card import Card
from synth.checkpoint.store import load_card
from synth.errors import KitError, PatchError
from synth.instruments.instrument import Instrument
from synth.instruments.loading import load
from synth.kits.kit import Kit, Pad
from synth.kits.takes import REFERENCE, sounds, takes
from synth.patch.patch import Patch
from synth.sound.sound import Sound

TINY = Patch(model="tiny", category="hit", seed=3)


@pytest.fixture(scope="module")
def source(families: Path) -> Callable[[str], Instrument]:
    return lru_cache(lambda model: load(families / model, "cpu"))


@dataclass
class Bright:
    """A model with a slider for brightness, whose sounds are of one sample; it notes what it is asked."""

    card: Card
    asked: list[Patch] = field(default_factory=list)

    def settled(self, patch: Patch) -> Patch:
        self.asked.append(patch)
        return replace(patch, latent=(patch.sliders.get("Brightness", 0.0),), sliders={})

    def around(self, patch: Patch, distance: float, count: int, seed: int) -> list[Patch]:
        assert patch.latent is not None
        return [replace(patch, latent=(*patch.latent, distance, i)) for i in range(count)]

    def renders(self, patches: Iterable[Patch], threads: int = 1) -> Iterator[Sound]:
        return (Sound(np.zeros(1), 16000, patch) for patch in patches)


@pytest.fixture
def bright(published: Path) -> Bright:
    card = load_card(published / "tiny")
    return Bright(replace(card, directions=[*card.directions, {"name": "Brightness"}]))


def test_softer_layers_are_duller(bright: Bright) -> None:
    pads = (Pad(replace(TINY, sliders={"Brightness": 1.0}), 36), Pad(replace(TINY, sliders={"Brightness": -4.5}), 37))
    made = list(takes(Kit(pads, velocities=2, brightness=4.0), lambda _: bright))
    soft = 1.0 + 4.0 * (64 / 127 - 1.0)
    assert [patch.latent for _, patch in made] == [(np.float32(soft),), (1.0,), (-5.0,), (-4.5,)]


def test_turns_are_neighbours_with_a_noise_of_their_own(bright: Bright) -> None:
    kit = Kit((Pad(TINY, 36),), velocities=2, round_robins=3, variation=0.25)
    made = [patch for _, patch in takes(kit, lambda _: bright)]
    assert [patch.seed for patch in made] == [3, 4, 5] * 2
    assert [patch.latent for patch in made[3:]] == [(0.0,), (0.0, 0.25, 0.0), (0.0, 0.25, 1.0)]
    assert len(bright.asked) == 2  # settled once a layer


def test_keys_move_the_pitch_and_one_shots_are_cut(bright: Bright) -> None:
    looped = replace(TINY, loop=True, length=1.0, pitch=2.0)
    kit = Kit((Pad(TINY, 60, keys=(57, 63)), Pad(looped, 40, keys=(40, 43))))
    made = [patch for _, patch in takes(kit, lambda _: bright)]
    assert [patch.pitch for patch in made] == [-3.0, 0.0, 3.0, 2.0, 5.0]
    assert [(patch.start, patch.end) for patch in made] == [(True, True)] * 3 + [(None, False)] * 2
    assert {patch.lufs for patch in made} == {REFERENCE}


def test_a_key_that_the_decoder_cannot_reach_is_refused(bright: Bright) -> None:
    kit = Kit((Pad(TINY, 36, "Far", keys=(60, 61), every=1),))
    with pytest.raises(KitError, match="Far: key 61 lies 25 semitones from its own pitch, and 24 is the most: narrow"):
        list(takes(kit, lambda _: bright))


def test_a_kit_of_silence_is_silent(bright: Bright) -> None:
    ((_, sound),) = sounds(Kit((Pad(TINY, 36),)), lambda _: bright)
    assert not sound.samples.any() and sound.sample_rate == 44100


def test_pads_are_as_loud_as_one_another_and_layers_as_their_velocities(source: Callable[[str], Instrument]) -> None:
    pads = (
        Pad(TINY, 36),
        Pad(replace(TINY, category="scrape", lufs=-40.0), 37),
        Pad(replace(TINY, seed=8), 38, level=-6.0),
    )
    kit = Kit(pads, velocities=2, rate=48000)
    made = list(sounds(kit, source))
    assert {sound.sample_rate for _, sound in made} == {48000}
    loud = [integrated(sound.samples, 48000) for _, sound in made]
    beside = [loud[i] - loud[1] for i in range(6)]
    step = 40 * np.log10(64 / 127)
    assert beside == pytest.approx([step, 0.0, step, 0.0, step - 6.0, -6.0], abs=0.3)  # the rate moves it by as much
    assert max(true_peak(sound.samples) for _, sound in made) == pytest.approx(-1.0, abs=0.01)
    for (_, sound), level in zip(made, loud, strict=True):
        assert sound.patch is not None and sound.patch.lufs == pytest.approx(level, abs=0.3)


def test_a_file_s_patch_makes_its_sound_again(source: Callable[[str], Instrument]) -> None:
    kit = Kit((Pad(replace(TINY, sliders={"Dim 1": 1.0}), 36),), velocities=2, round_robins=2)
    for _, sound in sounds(kit, source):
        assert sound.patch is not None
        again = source("tiny").render(sound.patch).resampled(44100).samples
        assert again.shape == sound.samples.shape
        assert np.abs(again - sound.samples).max() < 0.01 * np.abs(sound.samples).max()


def test_turns_sound_alike_and_are_not_the_same(source: Callable[[str], Instrument]) -> None:
    made = [sound.samples[0] for _, sound in sounds(Kit((Pad(TINY, 36),), round_robins=4), source)]
    assert all(not np.array_equal(a[:900], b[:900]) for i, a in enumerate(made) for b in made[:i])


def test_a_plain_model_takes_turns_too_and_has_no_pitch(source: Callable[[str], Instrument]) -> None:
    patch = Patch(model="waveform", phase="pghi")
    made = list(sounds(Kit((Pad(patch, 36), Pad(TINY, 37)), round_robins=2), source))
    assert Counter(sound.patch.model for _, sound in made if sound.patch) == {"waveform": 2, "tiny": 2}
    assert not np.array_equal(made[0][1].samples, made[1][1].samples)
    with pytest.raises(PatchError, match="pitch"):
        list(sounds(Kit((Pad(patch, 36, keys=(36, 40)),)), source))
