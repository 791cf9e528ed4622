"""One reader: the samples that a file holds, in order, whatever its header tells; one sentence where it holds none."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from synth.errors import AudioError, FileError
from synth.sound.lengths import mended
from synth.sound.pieces import Recording, read_recording
from synth.sound.reading import MAX_SAMPLES, opened, start_of, whole
from synth.sound.sound import Sound

RATE = 16000
PCM = [
    ("WAV", "PCM_16"),
    ("WAVEX", "PCM_24"),
    ("FLAC", "PCM_16"),
    ("AIFF", "PCM_16"),
    ("RF64", "PCM_16"),
    ("W64", "PCM_16"),
]
LOSSY = [("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III"), ("WAV", "IMA_ADPCM"), ("WAV", "MS_ADPCM")]
UNSEEKABLE = [("WAV", "GSM610"), ("WAV", "G721_32"), ("AU", "G723_24"), ("WAV", "NMS_ADPCM_16")]
FORMATS = [*PCM, *LOSSY, *UNSEEKABLE]


def sound(seconds: float = 2.0, rate: int = RATE) -> np.ndarray:
    """Bursts of noise over a decaying tone, float32 (n,), each sample one that 16 bits hold."""
    t = np.arange(round(seconds * rate)) / rate
    bursts = 0.2 * np.random.default_rng(0).standard_normal(len(t)).clip(-3, 3) * ((t % 0.45) < 0.2)
    return np.round(32768 * (0.2 * np.exp(-t) * np.sin(2 * np.pi * 440 * t) + bursts)).astype(np.float32) / 32768


def packed(samples: np.ndarray, rate: int = RATE, format: str = "WAV", subtype: str | None = None, **options) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=format, subtype=subtype, **options)
    return buffer.getvalue()


def patched(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def piped_flac(data: bytes) -> bytes:
    """As an encoder writes it that cannot go back: the number of samples is 0."""
    return patched(data, 21, bytes([data[21] & 0xF0, 0, 0, 0, 0]))


def without_xing(data: bytes) -> bytes:
    """As a stream holds it: without the frame that tells how many there are."""
    second = data.index(data[:2], 100)
    assert b"Xing" in data[:second] or b"Info" in data[:second]
    return data[second:]


@pytest.mark.parametrize(("format", "subtype"), FORMATS)
def test_reading_in_pieces_gives_what_reading_at_once_gives(format: str, subtype: str) -> None:
    rate = 8000 if subtype in ("GSM610", "OPUS", "G721_32", "G723_24", "NMS_ADPCM_16") else RATE
    data = packed(sound(2.0, rate), rate, format, subtype)
    with soundfile.SoundFile(io.BytesIO(data)) as file:
        every = file.read(file.frames, dtype="float32", always_2d=True)
    assert len(every) >= 2.0 * rate
    for size in (997, 4096, 1 << 16):
        with opened(data) as reading:
            np.testing.assert_array_equal(np.concatenate([*reading.blocks(size)]), every)
            assert reading.note == "" and reading.told == pytest.approx(len(every) / file.samplerate)


@pytest.mark.parametrize(("format", "subtype"), FORMATS)
def test_all_ways_into_the_program_take_the_same_files(format: str, subtype: str, tmp_path: Path) -> None:
    from synth.recordings.cutting import Cutting, measure
    from synth.recordings.dataset import read_start

    rate = 8000 if subtype in ("GSM610", "OPUS", "G721_32", "G723_24", "NMS_ADPCM_16") else RATE
    path = tmp_path / "a.wav"
    path.write_bytes(packed(sound(2.0, rate), rate, format, subtype))
    loaded, heard = Sound.load(path), read_recording("a", path.read_bytes())
    np.testing.assert_array_equal(loaded.samples, heard.samples)
    start, _, seconds = read_start(path, RATE, 10 * RATE)
    np.testing.assert_array_equal(start.T, loaded.samples)
    assert seconds == loaded.seconds == measure(path, Cutting(0.2), lambda part: None).seconds


def test_six_channels_are_refused_by_all_ways_alike(tmp_path: Path) -> None:
    from synth.recordings.cutting import Cutting, measure
    from synth.recordings.dataset import read_start

    path = tmp_path / "six.wav"
    path.write_bytes(packed(np.repeat(sound()[:, None], 6, 1)))
    ways = (
        lambda: Sound.load(path),
        lambda: read_recording("six.wav", path.read_bytes()),
        lambda: read_start(path, RATE, RATE),
        lambda: measure(path, Cutting(0.2), lambda part: None),
    )
    for way in ways:
        with pytest.raises(Exception, match=r"six\.wav has 6 channels; mix it down to mono or stereo"):
            way()


# -- lengths that a header tells -----------------------------------------------------------------------------------


def zero_wav() -> bytes:
    """A recorder died: no size was written."""
    return patched(patched(packed(sound()), 40, bytes(4)), 4, bytes(4))


def zero_rf64() -> bytes:
    data = packed(sound(), format="RF64")
    at = data.index(b"ds64") + 8
    return patched(data, at, bytes(24))


@pytest.mark.parametrize(
    "data",
    [
        zero_wav(),
        patched(packed(sound()), 40, b"\xff" * 4),
        zero_rf64(),
        piped_flac(packed(sound(), format="FLAC")),
        patched(packed(sound(), format="FLAC"), 22, struct.pack(">I", 1000)),
        b"ID3\3\0\0\0\0\0\x0a" + bytes(10) + piped_flac(packed(sound(), format="FLAC")),
    ],
    ids=["size 0", "size unknown", "RF64 of size 0", "FLAC of 0", "FLAC of too few", "FLAC after a tag"],
)
def test_a_length_that_is_unknown_or_wrong_is_not_believed(data: bytes, tmp_path: Path) -> None:
    expected = whole(packed(sound()))[0]
    np.testing.assert_array_equal(whole(data)[0], expected)
    (tmp_path / "a").write_bytes(data)
    np.testing.assert_array_equal(whole(tmp_path / "a")[0], expected)
    start = start_of(data, "a", lambda rate: rate // 2)
    assert start.seconds == pytest.approx(2.0) or start.seconds == 1000 / RATE  # told by a header that lies
    np.testing.assert_array_equal(start.samples, expected[: RATE // 2])


@pytest.mark.parametrize("name", [b"LIST", b"bext", b"iXML", b"JUNK", b"PAD "])
@pytest.mark.parametrize("size", [0, 602, 393164], ids=["empty", "short", "of a recorder"])
def test_chunks_of_zeros_before_the_samples_are_passed_over(name: bytes, size: int, tmp_path: Path) -> None:
    """Field recorders leave room for their notes: libsndfile's issues 370, 374 and 542."""
    from synth.recordings.dataset import read_start

    data = packed(sound())
    at = data.index(b"data")
    room = name + struct.pack("<I", size) + bytes(size)
    path = tmp_path / "zoom.wav"
    path.write_bytes(patched(data[:at] + room + data[at:], 4, struct.pack("<I", len(data) + len(room) - 8)))
    np.testing.assert_array_equal(whole(path)[0], whole(data)[0])
    np.testing.assert_array_equal(Sound.load(path).samples[0], sound())
    np.testing.assert_array_equal(read_recording("zoom.wav", path.read_bytes()).samples[0], sound())
    np.testing.assert_array_equal(read_start(path, RATE, 10 * RATE)[0][:, 0], sound())


def test_a_wav_that_is_empty_stays_empty() -> None:
    data = packed(np.zeros(0, np.float32))
    assert b"data\0\0\0\0" in data
    for wav in (data, data + b"LIST\4\0\0\0INFO"):
        with pytest.raises(FileError, match="is empty"):
            whole(wav)


@pytest.mark.parametrize("rate", [16000, 44100])
def test_an_mp3_is_read_to_its_end_without_a_xing_header(rate: int) -> None:
    """Its first frames are small, so that a decoder guesses that there are far fewer."""
    x = sound(6.0, rate)
    x[: 4 * rate] *= 1e-4
    data = packed(x, rate, "MP3", bitrate_mode="VARIABLE")
    bare = without_xing(data)
    with soundfile.SoundFile(io.BytesIO(bare)) as file:
        guessed = file.frames
    samples, reading = whole(bare)
    assert len(samples) >= len(x) and guessed < 0.8 * len(samples)
    assert reading.note == ""
    best = whole(data)[0][:, 0]  # the same, but for what its header tells to leave out at both ends
    lag = int(np.correlate(samples[:, 0], best[4 * rate : 5 * rate], "valid").argmax()) - 4 * rate
    assert 0 < lag < 2400
    np.testing.assert_allclose(samples[lag + 4 * rate :][:rate, 0], best[4 * rate : 5 * rate], atol=1e-4)


def test_an_mp3_after_another_is_read_on() -> None:
    data = packed(sound(), format="MP3")
    samples, reading = whole(data + data)
    assert len(samples) > 1.9 * len(sound()) and reading.note == ""
    np.testing.assert_array_equal(samples[:30000], whole(data)[0][:30000])


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75, 0.9])
@pytest.mark.parametrize("mode", ["VARIABLE", "CONSTANT"])
def test_a_cut_mp3_gives_what_it_holds_and_says_so(share: float, mode: str, tmp_path: Path) -> None:
    data = packed(sound(4.0), format="MP3", bitrate_mode=mode)
    cut = data[: round(share * len(data))]
    every = whole(data)[0]
    for _ in range(3):
        np.random.default_rng().standard_normal(1 << 20)  # other work, which leaves its memory behind
        samples, reading = whole(cut)
        assert 0.5 * share * len(every) < len(samples) < len(every)
        np.testing.assert_array_equal(samples[:-2304], every[: len(samples) - 2304])
        assert np.abs(samples).max() < 1.5
        assert "breaks off after" in reading.note and "save it anew" in reading.note
    assert read_recording("a.mp3", cut).note == f"a.mp3 {reading.note.removeprefix('The audio ')}"
    assert Sound.load(cut).note == reading.note


@pytest.mark.parametrize("format", ["WAV", "AIFF", "OGG"])
def test_other_cut_files_say_so_too(format: str) -> None:
    data = packed(sound(4.0), format=format)
    samples, reading = whole(data[: len(data) // 2])
    assert 0 < len(samples) < 4 * RATE and "breaks off" in reading.note
    np.testing.assert_array_equal(samples, whole(data)[0][: len(samples)])


def test_a_damaged_flac_is_refused_with_where() -> None:
    data = packed(sound(20.0), format="FLAC")
    with pytest.raises(FileError, match=r"cannot be read as audio beyond \d+\.\d\d s; save it anew"):
        whole(data[: len(data) * 2 // 3])


def test_streams_behind_the_first_are_told_of() -> None:
    one, other = (Sound(sound(0.5), RATE).to_bytes("ogg"), packed(sound(0.5), format="OGG"))
    samples, reading = whole(one + other)
    assert len(samples) == RATE // 2 and "several streams" in reading.note


# -- what is looked at before anything is read ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty; choose a recording"),
        (b"\0" * 5000, "cannot be read as audio"),
        (packed(np.zeros((9, 3))), "has 3 channels; mix it down to mono or stereo"),
        (packed(np.zeros(9), 2000), "is sampled at 2000 Hz; convert it to 4000..384000 Hz"),
        (packed(np.array([0.0, np.nan]), subtype="FLOAT"), "not numbers"),
        (packed(np.zeros(2 * RATE)), "is longer than 1 s; cut it"),
        (piped_flac(packed(np.zeros(2 * RATE), format="FLAC")), "is longer than 1 s; cut it"),
    ],
)
def test_one_sentence_each(data: bytes, words: str) -> None:
    with pytest.raises(AudioError, match=words) as caught:
        whole(data, "a.wav", max_seconds=1.0)
    assert str(caught.value).startswith("a.wav ") and str(caught.value).endswith(".")


def test_memory_is_bounded_by_what_is_taken(tmp_path: Path) -> None:
    """A small FLAC of many channels and a high rate, and one of no known end, in a process of little memory."""
    path = tmp_path / "eight.flac"
    with soundfile.SoundFile(path, "w", 192000, 8, "PCM_16", format="FLAC") as file:
        for _ in range(20):
            file.write(np.zeros((192000, 8), np.int16))
    endless = tmp_path / "endless.flac"
    with soundfile.SoundFile(endless, "w", RATE, 1, "PCM_16", format="FLAC") as file:
        for _ in range(2100):
            file.write(np.zeros(RATE, np.int16))
    endless.write_bytes(piped_flac(endless.read_bytes()))
    code = """
import resource, sys
from synth.sound.pieces import Recording, read_recording
from synth.errors import AudioError
from synth.sound.sound import Sound
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for read in (Sound.load, lambda path: read_recording("a", path)):
    for path in sys.argv[1:]:
        try: read(path)
        except AudioError as error: print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    done = subprocess.run([sys.executable, "-c", code, path, endless], capture_output=True, text=True, check=True)
    *sentences, grown = done.stdout.splitlines()
    assert [
        words in sentence for words, sentence in zip(("8 channels", "longer than 600 s") * 2, sentences, strict=True)
    ][:3]
    assert "longer than 1800 s" in sentences[3]
    assert int(grown) < 250  # MiB: 120 for 1800 s at 16 kHz and what the libraries take


def test_more_samples_than_memory_should_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_SAMPLES >= 2 * 600 * 96000
    monkeypatch.setattr("synth.sound.reading.MAX_SAMPLES", 40000)
    with pytest.raises(AudioError, match=r"longer than 1 s"):
        whole(packed(np.zeros((2 * RATE, 2))))


# -- the beginning of a file, and parts of it ----------------------------------------------------------------------


def test_where_sound_begins() -> None:
    late = np.concatenate([np.zeros(5 * RATE // 2), sound()]).astype(np.float32)
    for data in (packed(late), packed(late, format="FLAC")):
        start = start_of(data, "late", lambda rate: 2 * rate)
        assert start.begins == pytest.approx(2.5, abs=0.01) and start.seconds == 4.5 and not start.samples.any()
    assert start_of(packed(np.zeros(RATE)), "a", lambda rate: 100).begins is None
    assert start_of(packed(sound()), "a", lambda rate: rate).begins == pytest.approx(0.0, abs=0.001)


@pytest.mark.parametrize("format", ["WAV", "FLAC", "OGG", "MP3"])
def test_parts_are_cut_where_they_lie_in_the_whole(
    format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"a.{format}"
    path.write_bytes(packed(sound(9.0), format=format))
    every = whole(path)[0][:, 0]
    spans = [(0, 4000), (100, 70000), (3000, 3100), (66000, 66010), (140000, 150000)]
    for kept in (1 << 24, 0):  # what is short is kept, what is long is read again
        monkeypatch.setattr("synth.sound.pieces._KEPT", kept)
        parts = [*Recording(path).parts(spans)]
        for (first, last), part in zip(spans, parts, strict=True):
            np.testing.assert_array_equal(part, every[first:last])


def test_a_header_is_changed_as_it_is_read() -> None:
    file, _ = mended(io.BytesIO(zero_wav()))
    expected = patched(zero_wav(), 40, struct.pack("<I", 4 * RATE))
    assert file.read(41) == expected[:41] and file.read(2) == expected[41:43] and file.read() == expected[43:]
    assert file.seek(42) == 42 and file.read(4) == expected[42:46]
    assert file.seek(-10, io.SEEK_SET) == file.tell() == 46
