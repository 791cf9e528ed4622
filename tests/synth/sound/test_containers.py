"""Patches and loops in files of all kinds, written by us and left by others, and read by others."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tinytag import TinyTag
from wavinfo import WavInfoReader

from synth.patch.patch import Patch
from synth.sound.containers import chunks, comments_of, read_loop
from synth.sound.ogg import header_packets, pages, with_comments
from synth.sound.sound import Sound
from synth.sound.texts import marked

RATE = 16000
LONG = Patch(category="wood_hit", seed=9, sliders={"Helligkeit ☀": 2.0}, latent=tuple(np.linspace(-3, 3, 7168)))
LOOP = (1000, 30001)
FORMATS = ("wav", "flac", "ogg", "mp3")


def tone(patch: Patch | None = LONG, loop: tuple[int, int] | None = LOOP) -> Sound:
    t = np.arange(32768) / RATE
    return Sound(0.5 * np.sin(2 * np.pi * 440 * t), RATE, patch, loop)


@pytest.mark.parametrize("format", ["wav", "flac", "ogg"])
@pytest.mark.parametrize("patch", [None, Patch(), LONG])
@pytest.mark.parametrize("loop", [None, LOOP, (0, 32768), (5, 6)])
def test_patch_and_loop_come_back(format: str, patch: Patch | None, loop: tuple[int, int] | None) -> None:
    sound = tone(patch, loop)
    data = sound.to_bytes(format)
    back = Sound.load(data)
    assert (back.patch, back.loop, back.samples.shape) == (patch, loop, (1, 32768))
    assert sound.to_bytes(format) == data
    assert back.to_bytes(format) == Sound.load(back.to_bytes(format)).to_bytes(format) or format == "ogg"
    samples, rate = soundfile.read(io.BytesIO(data))  # libsndfile takes what was changed in its files
    assert rate == RATE and len(samples) == 32768


def test_an_mp3_holds_the_patch_and_no_loop() -> None:
    back = Sound.load(tone().to_bytes("mp3"))
    assert back.patch == LONG and back.loop is None and back.samples.shape == (1, 32768)
    peak = np.correlate(back.samples[0, 8000:16000], tone().samples[0, 8000:12000], "valid").argmax()
    assert peak % 400 in (0, 36, 37, 399, 363, 364)  # whole periods of 36.4 samples: no delay


def test_the_loop_chunk_is_read_by_another_reader(tmp_path: Path) -> None:
    """wavinfo 4: its last sample counts in, as the chunk has it."""
    tone().save(tmp_path / "a.wav")
    read = WavInfoReader(str(tmp_path / "a.wav"))
    (loop,) = read.smpl.sample_loops
    assert (loop.start, loop.end, loop.loop_type, loop.repetition_count) == (1000, 30000, 0, 0)
    assert (read.smpl.sample_period_ns, read.smpl.midi_note) == (62500, 60)
    assert (read.fmt.sample_rate, read.data.frame_count) == (RATE, 32768)
    assert Patch.from_json(read.info.comment.removeprefix("sonoform-patch:")) == LONG


@pytest.mark.parametrize("format", ["flac", "ogg"])
def test_loop_comments_are_read_by_another_reader(format: str, tmp_path: Path) -> None:
    """tinytag 2."""
    tone().save(tmp_path / f"a.{format}")
    read = TinyTag.get(tmp_path / f"a.{format}")
    assert (read.other["loopstart"], read.other["looplength"]) == (["1000"], ["29001"])
    assert Patch.from_json(read.comment.removeprefix("sonoform-patch:")) == LONG
    assert read.duration == pytest.approx(2.048)


def test_the_patch_in_an_mp3_is_read_by_another_reader(tmp_path: Path) -> None:
    tone().save(tmp_path / "a.mp3")
    assert Patch.from_json(TinyTag.get(tmp_path / "a.mp3").comment.removeprefix("sonoform-patch:")) == LONG


def test_pages_of_an_ogg_are_whole_and_numbered() -> None:
    data = tone().to_bytes("ogg")
    every = [*pages(data)]
    assert b"".join(page.packed(i) for i, page in enumerate(every)) == data
    assert every[0].flags == 2 and every[-1].flags & 4
    assert [packet[:7] for packet in header_packets(data)] == [b"\1vorbis", b"\3vorbis", b"\5vorbis"]
    assert sum(text.upper().startswith("LOOP") for text in comments_of(data)) == 2


@pytest.mark.parametrize("text", ["LOOPLENGTH=29001", "loopend=30001", "LoopLength=29001"])
def test_loops_of_others(text: str) -> None:
    """Comments have keys in any case; some write the end instead of the length."""
    data = tone(None).to_bytes("flac").replace(b"LOOPLENGTH=29001", text.encode().ljust(16, b"\0")[:16])
    if len(text) < 16:
        data = data.replace(struct.pack("<I", 16) + text.encode(), struct.pack("<I", len(text)) + text.encode())
    assert read_loop(data) == LOOP


@pytest.mark.parametrize("loop", [(31000, 40000), (32768, 32769)])
def test_a_loop_beyond_the_sound_is_left_out(loop: tuple[int, int]) -> None:
    data = tone().to_bytes("wav")
    at = data.index(b"smpl") + 8 + 44
    assert Sound.load(data[:at] + struct.pack("<2I", loop[0], loop[1] - 1) + data[at + 8 :]).loop is None


# -- the patch, wherever it was left -------------------------------------------------------------------------------


def chunk(name: bytes, body: bytes, pad: bool = True) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (pad and len(body) % 2)


def comment(patch: Patch = LONG) -> bytes:
    return b"sonoform-patch:" + patch.to_json().encode()


def wav_with(*lists: bytes) -> bytes:
    kept = b"".join(chunk(name, bytes(body)) for name, body in chunks(tone(None).to_bytes()) if name != b"LIST")
    return chunk(b"RIFF", b"WAVE" + kept + b"".join(lists))


OGG = tone(LONG, None).to_bytes("ogg")
LEFT = {
    "text of odd size without its pad byte": wav_with(
        chunk(b"LIST", b"INFO" + chunk(b"ISFT", b"tool 1.23", pad=False) + chunk(b"ICMT", comment() + b"\0"))
    ),
    "several such": wav_with(
        chunk(b"LIST", b"INFO" + chunk(b"IART", b"abc", pad=False) * 3 + chunk(b"ICMT", comment(), pad=False))
    ),
    "under another name": wav_with(chunk(b"LIST", b"INFO" + chunk(b"ISBJ", comment()))),
    "in the description of a broadcast file": wav_with(chunk(b"bext", comment(Patch()).ljust(602, b"\0"))),
    "in an ID3 tag of UTF-16": wav_with(
        chunk(b"id3 ", b"ID3" + "\ufeff".encode("utf-16-le") + comment().decode().encode("utf-16-le"))
    ),
    "in an ID3 tag, big-endian": wav_with(chunk(b"id3 ", comment().decode().encode("utf-16-be"))),
    "twice, once damaged": wav_with(
        chunk(b"LIST", b"INFO" + chunk(b"ICMT", b'sonoform-patch:{"psi":1e')),
        chunk(b"LIST", b"INFO" + chunk(b"ICMT", comment())),
    ),
    "as a description": tone(LONG, None).to_bytes("flac").replace(b"COMMENT=sonoform", b"DESCRIP=sonoform"),
    "after other words": with_comments(OGG, header_packets(OGG)[1].replace(b"COMMENT=sonoform", b"SUMMARY=sonoform")),
}


@pytest.mark.parametrize("data", LEFT.values(), ids=LEFT.keys())
def test_the_patch_is_found_where_others_put_it(data: bytes) -> None:
    sound = Sound.load(data)
    assert sound.patch == (Patch() if b"bext" in data else LONG)
    assert sound.samples.shape == (1, 32768)
    np.testing.assert_allclose(sound.samples, tone().samples, atol=0.2 if data[:4] == b"OggS" else 1e-4)


def test_a_file_without_a_patch_has_none() -> None:
    for data in (wav_with(), wav_with(chunk(b"LIST", b"INFO" + chunk(b"ICMT", b"sonoform-patch: soon")))):
        assert Sound.load(data).patch is None
    assert not [*marked(b"nothing here", "sonoform-patch:")]


def test_an_aiff_with_a_long_text_is_read(tmp_path: Path) -> None:
    """libsndfile 1.2.2 refuses an ANNO of 76 kB, which a converter makes of a patch with a latent."""
    buffer = io.BytesIO()
    soundfile.write(buffer, tone().samples[0], RATE, format="AIFF", subtype="PCM_16")
    plain = buffer.getvalue()
    text = comment() + b" " * (len(comment()) % 2)
    data = plain[:12] + b"ANNO" + struct.pack(">I", len(text)) + text + plain[12:]
    data = data[:4] + struct.pack(">I", len(data) - 8) + data[8:]
    with pytest.raises(soundfile.SoundFileError):
        soundfile.read(io.BytesIO(data))
    sound = Sound.load(data)
    assert sound.patch == LONG
    np.testing.assert_array_equal(sound.samples, Sound.load(plain).samples)
