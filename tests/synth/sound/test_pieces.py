import io

import numpy as np
import pytest
import soundfile

from synth.errors import AudioError
from synth.sound.pieces import HIGHEST_RATE, read_recording


def packed(samples: np.ndarray, rate: int, format: str = "WAV", subtype: str | None = None) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=format, subtype=subtype)
    return buffer.getvalue()


def tone(seconds: float, rate: int) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)


def test_stereo_at_96_kHz_becomes_mono_at_48() -> None:
    left = tone(6.0, 96000)  # several blocks
    sound = read_recording("a.wav", packed(np.stack([left, 0.0 * left], 1), 96000, subtype="FLOAT"))
    assert sound.sample_rate == HIGHEST_RATE and sound.samples.shape == (1, 6 * HIGHEST_RATE)
    np.testing.assert_allclose(sound.samples[0, 100:-100], 0.5 * tone(6.0, 48000)[100:-100], atol=2e-4)


@pytest.mark.parametrize("format", ["WAV", "FLAC", "OGG", "AIFF"])
def test_lower_rates_stay_as_they_are(format: str) -> None:
    sound = read_recording("a", packed(tone(0.5, 16000), 16000, format))
    assert sound.sample_rate == 16000 and sound.samples.shape == (1, 8000)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"RIFF", "cannot be read as audio"),
        (b"\0" * 5000, "cannot be read as audio"),
        (packed(np.zeros(4000), 16000), "is silent"),
        (packed(np.zeros(0), 16000), "cannot be read as audio|no samples"),
        (packed(np.full(4000, np.nan), 16000, subtype="FLOAT"), "not numbers"),
        (packed(np.zeros(1801 * 4000), 4000, "FLAC"), "longer than 1800 s"),
        (packed(np.ones(100), 2000), "2000 Hz"),
        (packed(tone(1.0, 16000), 16000, "FLAC")[:2000], "a.wav"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(data: bytes, words: str) -> None:
    try:
        sound = read_recording("a.wav", data)
    except AudioError as error:
        import re

        assert re.search(words, str(error)) and "\n" not in str(error)
    else:  # libsndfile reads what there is of a file that was cut off
        assert 0.0 < sound.seconds < 1.0 and words == "a.wav"
