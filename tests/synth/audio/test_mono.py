"""One channel of several: nothing that sounds is lost, 0 Hz is, and what was right before stays to the bit."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from synth.audio.descriptors import describe
from synth.audio.mono import mixdown, mono
from synth.errors import AudioError
from synth.recordings.cutting import Cutting, measure, read_clips, stretches
from synth.recordings.dataset import as_clip
from synth.sound.pieces import read_recording
from synth.sound.sound import Sound

RATE = 44100
T = np.arange(RATE) / RATE
HIT = (0.4 * np.exp(-9 * T) * np.sin(2 * np.pi * 1800 * T)).astype(np.float32)
LOW = (0.4 * np.sin(2 * np.pi * 110 * T)).astype(np.float32)
NOISE = (0.1 * np.random.default_rng(0).standard_normal((RATE, 2))).astype(np.float32)


def pair(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.stack([left, right], 1).astype(np.float32)


def packed(samples: np.ndarray, subtype: str = "PCM_24", format: str = "WAV") -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, RATE, subtype, format=format)
    return buffer.getvalue()


def alike(a: np.ndarray, b: np.ndarray) -> float:
    return float(abs(np.dot(a, b)) / np.sqrt(np.dot(a, a) * np.dot(b, b)))


AS_BEFORE = {
    "mono": HIT[:, None],
    "equal": pair(HIT, HIT),
    "left only": pair(HIT, 0 * HIT),
    "right only": pair(0 * HIT, HIT),
    "unrelated": NOISE,
    "panned": pair(HIT, 0.3 * HIT),
    "two rooms": pair(HIT + NOISE[:, 0], HIT + NOISE[:, 1]),
    "ping-pong": pair(np.where(T < 0.5, LOW, 0), np.where(T < 0.5, 0, LOW)),
    "30 Hz": (0.4 * np.sin(2 * np.pi * 30 * T)).astype(np.float32)[:, None],
    "30 Hz, short": (0.4 * np.sin(2 * np.pi * 30 * T)).astype(np.float32)[: 3 * RATE // 10, None],
    "25 Hz kick": (0.4 * np.exp(-9 * T) * np.sin(2 * np.pi * 25 * T)).astype(np.float32)[:, None],
    "hit, then digital silence": np.pad(HIT, (0, 2 * RATE))[:, None],
}


@pytest.mark.parametrize("samples", AS_BEFORE.values(), ids=AS_BEFORE.keys())
def test_what_does_not_cancel_is_the_mean_to_the_bit(samples: np.ndarray) -> None:
    np.testing.assert_array_equal(mono(samples, RATE), samples.mean(axis=1))


CANCEL = {
    "inverted": (pair(HIT, -HIT), HIT),
    "inverted, at half the level": (pair(HIT, -0.5 * HIT), HIT),
    "inverted, louder on the right": (pair(-0.5 * HIT, HIT), HIT),
    "inverted, a little late": (pair(HIT, -np.roll(HIT, 3)), HIT),
    "inverted, low": (pair(LOW, -LOW), LOW),
    "inverted from the middle on": (pair(LOW, np.where(T < 0.5, LOW, -LOW)), LOW),
    "one tone inverted, one not": (pair(LOW + HIT, LOW - HIT), LOW + HIT),
    "inverted, with an offset": (pair(HIT + 0.1, 0.1 - HIT), HIT),
    "inverted, with opposite offsets": (pair(HIT + 0.1, -HIT - 0.1), HIT),
}


@pytest.mark.parametrize(("samples", "sound"), CANCEL.values(), ids=CANCEL.keys())
def test_channels_that_cancel_keep_the_sound(samples: np.ndarray, sound: np.ndarray) -> None:
    kept = mono(samples, RATE)
    assert alike(kept, sound) > 0.999 or alike(kept, samples[:, 1]) > 0.999
    assert np.linalg.norm(kept) > 0.7 * np.linalg.norm(sound)
    assert "cancel" in mixdown([samples], RATE).note


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_a_file_of_inverted_channels_is_heard_as_one_of_them(subtype: str, tmp_path: Path) -> None:
    data, alone = packed(pair(HIT, -HIT), subtype), packed(HIT, subtype)
    heard, expected = read_recording("anti", data), read_recording("x", alone)
    np.testing.assert_array_equal(heard.samples, expected.samples)
    assert heard.note == "anti has channels that cancel each other, so its left one is used."
    np.testing.assert_array_equal(Sound.load(data).mono().samples, expected.samples)
    assert describe(Sound.load(data).samples, RATE) == pytest.approx(describe(expected.samples, RATE), abs=1e-3)
    clip = as_clip(Sound.load(data).samples.T, RATE, 16000, 32000)
    assert alike(clip, as_clip(Sound.load(alone).samples.T, RATE, 16000, 32000)) > 0.99
    (tmp_path / "anti.wav").write_bytes(packed(np.concatenate([pair(HIT, -HIT)] * 3), subtype))
    (tmp_path / "x.wav").write_bytes(packed(np.concatenate([HIT] * 3), subtype))
    cutting = Cutting(0.5, "onsets")
    levels = [measure(tmp_path / name, cutting, lambda part: None) for name in ("anti.wav", "x.wav")]
    assert levels[0].digest == levels[1].digest and "cancel" in levels[0].note
    cuts = [[*read_clips(tmp_path / name, stretches(levels[1], cutting), cutting)] for name in ("anti.wav", "x.wav")]
    assert len(cuts[0]) == 3
    for (a, _), (b, _) in zip(*cuts, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("offset", [0.001, 0.01, 0.05, 0.2, -0.5])
@pytest.mark.parametrize("name", ["hit", "kick", "noise", "hit in digital silence"])
def test_an_offset_is_no_sound(offset: float, name: str) -> None:
    x = {
        "hit": HIT,
        "kick": AS_BEFORE["25 Hz kick"][:, 0],
        "noise": NOISE[:, 0],
        "hit in digital silence": np.pad(HIT, (RATE, RATE)),
    }[name]
    shifted = np.where(np.arange(len(x)) % len(x) >= 0, x + np.float32(offset), 0).astype(np.float32)
    if name == "hit in digital silence":
        shifted[:RATE] = shifted[-RATE:] = 0.0
    if name == "noise" and abs(offset) < 0.01:
        return  # is less than its own lowest sounds
    heard = mono(shifted[:, None], RATE)
    noise_of_its_own = 1e-3 if name == "noise" else 1e-5
    inside = slice(RATE, -RATE) if name == "hit in digital silence" else slice(None)
    np.testing.assert_allclose(heard[inside], x[inside], atol=noise_of_its_own + 2e-3 * abs(offset))


def test_an_offset_changes_no_descriptor_and_no_clip() -> None:
    expected = describe(read_recording("x", packed(HIT)).samples, RATE)
    clip = as_clip(Sound.load(packed(HIT)).samples.T, RATE, 16000, 16000)
    for offset in (0.01, 0.05, 0.2):
        sound = read_recording("x", packed(HIT + np.float32(offset)))
        found = describe(sound.samples, RATE)
        assert abs(found["brightness"] - expected["brightness"]) < 0.05
        assert abs(found["distance"] - expected["distance"]) < 1.0
        assert describe(HIT[None] + np.float32(offset), RATE) == pytest.approx(expected, abs=0.05)
        np.testing.assert_allclose(as_clip(HIT[:, None] + np.float32(offset), RATE, 16000, 16000), clip, atol=1e-5)


def test_nothing_but_an_offset_is_silent() -> None:
    with pytest.raises(AudioError, match="is silent"):
        read_recording("dc", packed(np.full(RATE, 0.2)))


def test_pieces_make_the_same_mixdown() -> None:
    for samples in (*(case[0] for case in CANCEL.values()), HIT[:, None] + np.float32(0.05)):
        whole = mixdown([samples], RATE)
        for pieces in (7, 211):
            split = np.array_split(samples, pieces)
            again = mixdown(split, RATE)
            assert again.way == whole.way and again.offset == pytest.approx(whole.offset, abs=1e-7)
        at, parts = 0, []
        for part in split:
            parts.append(whole(part, at))
            at += len(part)
        np.testing.assert_array_equal(np.concatenate(parts), whole(samples))


@pytest.mark.parametrize("n", [1, 2, 100, 220, 2000])
def test_short_sounds(n: int) -> None:
    samples = NOISE[:n]
    assert mono(samples, RATE).shape == (n,) and mono(samples[:, :1], RATE).shape == (n,)
    assert not mono(np.zeros((n, 2), np.float32), RATE).any()
