"""The binary frame says the same as the sound it was made of."""

from __future__ import annotations

import numpy as np
import pytest

from app.server.frames import BINS, FRAMES, HEADER, MAGIC, VERSION, pack
from synth.audio.loudness import integrated
from synth.sound.sound import Sound


@pytest.mark.parametrize("channels", [1, 2])
def test_frame_layout(channels):
    samples = np.random.default_rng(0).uniform(-1, 1, (channels, 1000)).astype(np.float32)
    sound = Sound(samples, 16000)
    frame = pack(sound, 2**32 - 1, 12.5)
    fields = HEADER.unpack_from(frame)
    lufs = np.float32(integrated(samples, 16000))
    assert fields == (MAGIC, VERSION, 44, 2**32 - 1, 16000, 1000, channels, BINS, FRAMES, 80, 12.5, lufs, 0, 0)
    pcm = np.frombuffer(frame, "<i2", 1000 * channels, 44).reshape(1000, channels)
    assert np.abs(pcm.T / 32767.0 - samples).max() <= 0.5 / 32767 + 1e-6
    levels = np.frombuffer(frame, np.uint8, offset=44 + pcm.nbytes).reshape(BINS, FRAMES)
    assert np.array_equal(levels, sound.spectrogram(BINS, FRAMES))


def test_samples_beyond_full_scale_are_clipped_not_wrapped():
    frame = pack(Sound(np.array([2.0, -2.0], np.float32), 16000), 0, 0.0)
    assert np.frombuffer(frame, "<i2", 2, 44).tolist() == [32767, -32767]


def test_a_loop_is_told_and_a_draft_is_not_measured():
    looped = Sound(np.zeros((2, 100), np.float32), 16000, loop=(10, 100))
    lufs, first, end = HEADER.unpack_from(pack(looped, 0, 0.0, measured=False))[-3:]
    assert np.isnan(lufs) and (first, end) == (10, 100)
    assert HEADER.unpack_from(pack(looped, 0, 0.0))[-3] == -np.inf
