"""The controls of the decoder, each against a closed form, played from maps that are known."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from synth.audio.codecs import GaussianLogSTFT
from synth.audio.maps import Maps
from synth.errors import PatchError
from synth.instruments.rendering import Player
from synth.patch.patch import Patch

RATE = 16000
CODEC = GaussianLogSTFT(RATE, 512, 128, 128)
HITS, SCENES = Player(RATE, one_shot=True), Player(RATE, one_shot=False)
PLAIN = Patch(start=False)


def of(wave: np.ndarray, gate: float = 0.0) -> Maps:
    levels = CODEC.encode(torch.from_numpy(wave.astype(np.float32))[None])[0]
    return Maps.of(CODEC, levels, torch.full_like(levels, gate))


def passes(maps: Maps):
    return lambda number: maps


def sine(hertz: float, begin: int = 0, end: int = CODEC.samples) -> np.ndarray:
    n = np.arange(CODEC.samples)
    return np.sin(2 * np.pi * hertz * n / RATE) * (n >= begin) * (n < end)


def hiss(level: float = -20.0, frames: int = 128) -> Maps:
    full = np.ones((frames, 256), np.float32)
    return Maps(np.float32(level) * full, full, 128, RATE)


def main_frequency(samples: np.ndarray) -> float:
    padded = np.fft.rfft(samples * np.hanning(samples.size), 8 * samples.size)
    return float(np.argmax(np.abs(padded))) * RATE / (8 * samples.size)


def db(samples: np.ndarray) -> float:
    return 20.0 * float(np.log10(samples.std() + 1e-12))


@pytest.mark.parametrize(
    ("semitones", "hertz"), [(-24.0, 2000.0), (-7.0, 1500.0), (0.3, 700.0), (12.0, 440.0), (24.0, 440.0)]
)
def test_pitch_moves_a_tone_by_its_ratio_and_leaves_the_envelope(semitones, hertz):
    tone = of(sine(hertz, 4000, 12000))
    given, moved = (SCENES.play(replace(PLAIN, pitch=p), passes(tone))[0] for p in (0.0, semitones))
    assert moved.size == given.size
    wanted = hertz * 2.0 ** (semitones / 12.0)
    assert main_frequency(moved[4800:11200]) == pytest.approx(wanted, abs=0.25 * RATE / 512)
    assert db(moved[5600:10400]) == pytest.approx(db(given[5600:10400]), abs=1.0)
    assert db(moved[:2400]) < db(moved[5600:10400]) - 30.0 > db(moved[14000:])


@pytest.mark.parametrize("stretch", [0.25, 0.5, 1.7, 4.0])
def test_stretch_changes_the_length_and_not_the_pitch(stretch):
    samples = SCENES.play(replace(PLAIN, stretch=stretch), passes(of(sine(1000.0))))[0]
    assert samples.size == round(stretch * CODEC.samples)
    assert main_frequency(samples) == pytest.approx(1000.0, abs=0.25 * RATE / 512)


def test_stretched_clicks_lie_as_far_apart_as_asked_and_keep_their_shape_if_asked():
    wave = np.zeros(CODEC.samples)
    wave[[4000, 10000]] = 1.0
    clicks = of(wave)

    def measured(**changes):
        samples = SCENES.play(replace(PLAIN, **changes), passes(clicks))[0]
        power = np.convolve(samples**2, np.ones(16), "same")
        first, second = np.argmax(power[:14000]), 14000 + np.argmax(power[14000:])
        around = power[max(first - 1600, 0) : first + 1600]
        return second - first, (around > around.max() * 1e-3).sum()

    apart, wide = measured(stretch=2.0)
    assert apart == pytest.approx(12000, abs=400)
    apart, kept = measured(stretch=2.0, attacks=True)
    assert apart == pytest.approx(12000, abs=400) and kept < 0.75 * wide


@pytest.mark.parametrize("length", [0.05, 0.7, 2.5, 60.0])
@pytest.mark.parametrize("player", [HITS, SCENES])
def test_length_is_exact(player, length):
    samples = player.play(replace(PLAIN, length=length), passes(hiss()))
    assert samples.shape == (1, round(length * RATE))


def test_a_scene_goes_on_with_fresh_noise_and_other_maps():
    asked = []

    def scene(number: int) -> Maps:
        asked.append(number)
        return hiss(-20.0)

    samples = SCENES.play(replace(PLAIN, length=5.0), scene)[0]
    assert set(asked) == {0, 1, 2, 3, 4, 5, 6}
    second = samples.reshape(5, -1)
    assert [db(part) for part in second] == pytest.approx([db(second[0])] * 5, abs=0.5)
    norm = second / np.linalg.norm(second, axis=1, keepdims=True)
    longest = max(np.abs(np.correlate(np.tile(norm[0], 2), norm[i], "valid")).max() for i in range(1, 5))
    assert longest < 0.1


def test_a_one_shot_falls_silent_after_what_it_learnt():
    samples = HITS.play(replace(PLAIN, length=20.0), passes(hiss()))[0]
    levels = [db(samples[i * 32000 : i * 32000 + 8000]) for i in range(10)]
    assert all(a - b > 20.0 or a < -60.0 for a, b in pairwise(levels)) and not samples[-16000:].any()


def test_a_one_shot_begins_two_milliseconds_before_its_onset():
    late = of(sine(1000.0, 6000))
    assert HITS.play(replace(PLAIN, start=False), passes(late)).shape[1] == CODEC.samples
    samples = HITS.play(Patch(), passes(late))[0]
    assert samples.size == pytest.approx(CODEC.samples - 6000 + 32, abs=100)
    onset = np.argmax(np.abs(samples) > 0.01 * np.abs(samples).max())
    assert onset <= 64
    assert SCENES.play(Patch(), passes(late)).shape[1] == CODEC.samples
    assert HITS.play(Patch(length=0.5), passes(late)).shape[1] == 8000


def test_the_end_is_where_it_has_fallen_by_sixty_decibels_and_fades():
    n = np.arange(CODEC.samples)
    falling = of(sine(1000.0) * 10.0 ** (-n / 16000.0 * 6.0))  # 120 dB a second
    samples = HITS.play(replace(PLAIN, end=True), passes(falling))[0]
    assert samples.size == pytest.approx(8000, abs=700)
    assert abs(samples[-1]) < 1e-5


def test_width_is_mono_at_nought_and_holds_the_mono_sum():
    maps = hiss()
    mono = SCENES.play(PLAIN, passes(maps))
    assert SCENES.play(replace(PLAIN, width=0.0), passes(maps)).tobytes() == mono.tobytes() and mono.shape[0] == 1
    for width in (0.2, 0.5, 1.0):
        left, right = SCENES.play(replace(PLAIN, width=width), passes(maps))
        assert np.corrcoef(left, right)[0, 1] == pytest.approx(1.0 - width, abs=0.05)
        assert db((left + right) / 2) == pytest.approx(db(mono[0]), abs=0.05)
        assert db(left) == pytest.approx(db(right), abs=0.5)


def test_a_tone_stays_in_the_middle():
    left, right = SCENES.play(replace(PLAIN, width=1.0), passes(of(sine(800.0))))
    assert np.corrcoef(left, right)[0, 1] > 0.999


@pytest.mark.parametrize("player", [HITS, SCENES])
@pytest.mark.parametrize("maps", [hiss(), of(sine(617.0))], ids=["noise", "tone"])
def test_the_seam_of_a_loop_is_as_even_as_the_rest(player, maps):
    samples = player.play(replace(PLAIN, loop=True, length=0.75), passes(maps))[0]
    assert samples.size == pytest.approx(12000, abs=16)
    around = np.r_[samples[-2048:], samples[:2048]]
    jumps = np.abs(np.diff(np.r_[samples, samples[0]]))
    assert jumps[-1] <= jumps[:-1].max()
    elsewhere = [db(samples[i : i + 1024]) for i in range(0, samples.size - 1024, 256)]
    assert min(elsewhere) - 1.0 < db(around[1536:2560]) < max(elsewhere) + 1.0


def test_a_loop_may_have_a_pitch_a_stretch_a_width_and_any_length():
    changed = replace(PLAIN, loop=True, length=0.777, pitch=3.3, stretch=1.3, width=0.5)
    assert SCENES.play(changed, passes(hiss())).shape == (2, round(0.777 * RATE))


@pytest.mark.parametrize("changes", [{"length": 0.4}, {"stretch": 0.25}])
def test_a_loop_shorter_than_its_crossing_is_refused(changes):
    with pytest.raises(PatchError, match=r"loop: needs 0\.5 s or more"):
        HITS.play(replace(PLAIN, loop=True, **changes), passes(hiss()))


def test_every_control_repeats_to_the_bit():
    patch = Patch(seed=9, pitch=5.0, stretch=1.5, attacks=True, length=2.0, end=True, width=0.7)
    assert HITS.play(patch, passes(hiss())).tobytes() == HITS.play(patch, passes(hiss())).tobytes()
