"""How long a sound file is, where its header does not know: the file with a header that a decoder can go by.

A header is written before the sound, so what went through a pipe or was never closed has no length, or a guess, in it;
libsndfile then stops at the guess. (WAV: Microsoft, "Multimedia Programming Interface", 1991; EBU Tech 3306, RF64.
FLAC: RFC 9639, section 8.2. MP3: ISO/IEC 11172-3, section 2.4.1; the Xing header is no standard.)
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import IO, Protocol

_STREAMED = 0x7FFFF000  # sizes from here on stand for "unknown" in the headers of streams
_AIFF_TEXTS = (b"ANNO", b"COMT", b"NAME", b"AUTH", b"(c) ", b"APPL")
_LONG_TEXT = 4096  # bytes
_JUNK = 1 << 16  # bytes between two MP3 frames, at most
_TAIL = 1 << 16  # no page of OGG is longer
# Sample rates by the two bits that tell of MPEG 1, 2 and 2.5; bit rates of layer III, in MPEG 1 and not, from index 1.
_HERTZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_KBITS = {
    True: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


@dataclass(frozen=True)
class Length:
    """frames: of sound in all, None where only decoding tells. promised: what the header tells of, where it does.

    short: the file can be seen to end before what it tells of; more: further streams follow the first, which decoders
    leave out.
    """

    frames: int | None = None
    promised: int = 0
    short: bool = False
    more: bool = False


class Bytes(Protocol):
    """As much of a binary file as a decoder asks for."""

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int: ...
    def tell(self) -> int: ...
    def read(self, size: int = -1) -> bytes: ...


def mended(file: IO[bytes]) -> tuple[Bytes, Length]:
    """The file, from its beginning, as a decoder reads all of it; and what its own header tells of its length."""
    head = _at(file, 0, 16)
    start = 10 + _synchsafe(head[6:10]) if head[:3] == b"ID3" else 0
    kind = _at(file, start, 12) if start else head
    if kind[:4] == b"fLaC":
        return _flac(file, start)
    if kind[:4] in (b"RIFF", b"RF64") and kind[8:12] == b"WAVE":
        return _wav(file, start)
    if kind[:4] == b"OggS":
        return _whole(file, _ogg(file, start))
    if kind[:4] == b"FORM":
        return _aiff(file, start)
    if _mp3_frame(kind[:4]):
        return _mp3(file, start)
    return _whole(file)


class _View:
    """A file from its beginning, some bytes of which read as others."""

    def __init__(self, file: IO[bytes], *patches: tuple[int, bytes]):
        """patches: where, and what is read there."""
        self._file, self._patches = file, patches
        file.seek(0)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Stays where it is for a place that no file has; damaged headers ask for such."""
        try:
            return self._file.seek(offset, whence)
        except (OSError, ValueError, OverflowError):
            return self._file.tell()

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int = -1) -> bytes:
        start = self._file.tell()
        data = self._file.read(size)
        for at, new in self._patches:
            first, last = max(at, start), min(at + len(new), start + len(data))
            if first < last:
                data = data[: first - start] + new[first - at : last - at] + data[last - start :]
        return data


class _Lengthened:
    """A binary file that ends where it ends and calls itself far longer, with a last block of zeros out there.

    A decoder of MP3 without a Xing header guesses the number of frames from that size and the first frame's, and asks
    whether a tag stands in the last block.
    """

    _TIMES = 64  # more than lies between the largest and the smallest bit rate

    def __init__(self, file: IO[bytes]):
        self._file, self._end = file, _size(file)
        self._at = file.seek(0)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(offset + (0, self._at, self._end * self._TIMES)[whence], 0)
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        if self._at >= self._end * self._TIMES - 128:
            return bytes(max(min(size, self._end * self._TIMES - self._at), 0))
        self._file.seek(self._at)
        data = self._file.read(size)
        self._at += len(data)
        return data


def _at(file: IO[bytes], position: int, size: int) -> bytes:
    file.seek(position)
    return file.read(size)


def _whole(file: IO[bytes], length: Length = Length()) -> tuple[Bytes, Length]:
    """The file as it is."""
    return _View(file), length


def _size(file: IO[bytes]) -> int:
    return file.seek(0, io.SEEK_END)


def _synchsafe(data: bytes) -> int:
    """The size in an ID3v2 header: 7 bits a byte."""
    return sum((byte & 0x7F) << 7 * (3 - i) for i, byte in enumerate(data))


# -- FLAC ----------------------------------------------------------------------------------------------------------


def _flac(file: IO[bytes], start: int) -> tuple[Bytes, Length]:
    """With no number of samples, so that it is read for as long as frames come."""
    at = start + 4 + 4 + 13  # magic, header of the block, sizes and the upper bits of rate, channels and depth
    field = _at(file, at, 5)
    if len(field) < 5:
        return _whole(file)
    frames = int.from_bytes(field, "big") & 0xF_FFFF_FFFF
    return _View(file, (at, bytes([field[0] & 0xF0]) + bytes(4))), Length(frames or None, frames)


# -- WAV and AIFF --------------------------------------------------------------------------------------------------


def _wav(file: IO[bytes], start: int) -> tuple[Bytes, Length]:
    """With the size of its data where that is 0 and no chunk follows: its recorder never came to write it."""
    end, at, wide = _size(file), start + 12, 0
    while at + 8 <= end:
        name, size = struct.unpack("<4sI", _at(file, at, 8))
        if name == b"ds64":
            wide = at + 8 + 8
        if name == b"data":
            rest = end - at - 8
            if wide and size == 0xFFFFFFFF:
                size = int.from_bytes(_at(file, wide, 8), "little")
                field, new = wide, struct.pack("<Q", rest)
            else:
                field, new = at + 4, struct.pack("<I", min(rest, 0xFFFFFFFF))
            if size == 0 and rest and not _chunk_follows(file, at + 8, end):
                return _View(file, (field, new)), Length()
            return _whole(file, Length(short=rest < size and (wide > 0 or size < _STREAMED)))
        at += 8 + size + size % 2
    return _whole(file)


def _chunk_follows(file: IO[bytes], at: int, end: int) -> bool:
    """Whether a chunk that fits into the file, with a name in letters, begins there."""
    head = _at(file, at, 8)
    if len(head) < 8:
        return False
    name, size = struct.unpack("<4sI", head)
    return all(32 <= byte < 127 for byte in name) and size <= end - at - 8


def _aiff(file: IO[bytes], start: int) -> tuple[Bytes, Length]:
    """With long texts under a name that a decoder passes over: libsndfile takes them into a header of bounded size."""
    end, at = _size(file), start + 12
    texts, short = [], False
    while at + 8 <= end:
        name, size = struct.unpack(">4sI", _at(file, at, 8))
        if name in _AIFF_TEXTS and size > _LONG_TEXT:
            texts.append((at, b"JUNK"))
        short = short or (name == b"SSND" and end - at - 8 < size < _STREAMED)
        at += 8 + size + size % 2
    return _View(file, *texts), Length(short=short)


# -- OGG -----------------------------------------------------------------------------------------------------------


def _ogg(file: IO[bytes], start: int) -> Length:
    """By its last page: it says that it is the last one, and of which stream (RFC 3533)."""
    serial = _at(file, start + 14, 4)
    tail = _at(file, max(_size(file) - _TAIL, start), _TAIL)
    last = tail.rfind(b"OggS")
    if last < 0 or len(tail) < last + 27:
        return Length(short=True)
    segments = tail[last + 26]
    whole = last + 27 + segments + sum(tail[last + 27 : last + 27 + segments])
    ends = bool(tail[last + 5] & 4) and whole <= len(tail)
    return Length(short=not ends, more=tail[last + 14 : last + 18] != serial)


# -- MP3 -----------------------------------------------------------------------------------------------------------


def _mp3(file: IO[bytes], start: int) -> tuple[Bytes, Length]:
    """With the number of frames that there are, where its Xing header tells of fewer; lengthened where it has none."""
    file.seek(0)
    data = file.read()
    frame = _mp3_frame(data[start : start + 4])
    if frame is None:
        return _whole(file)
    found = _count(data, start)
    at = start + frame.xing
    if data[at : at + 4] in (b"Xing", b"Info") and data[at + 7] & 1:
        told = int.from_bytes(data[at + 8 : at + 12], "big")
        if told >= found - 1:  # the first frame holds no sound
            return _whole(file, Length(short=told > found - 1))
        return _View(file, (at + 8, struct.pack(">I", found - 1))), Length()
    return _Lengthened(file), Length(found * frame.samples)


@dataclass(frozen=True)
class _Frame:
    """size in bytes; samples in it; xing: where a Xing header would stand; kind: the same in all of a stream."""

    size: int
    samples: int
    xing: int
    kind: tuple[int, int]


def _mp3_frame(head: bytes) -> _Frame | None:
    """What the header of a frame tells; None for what is no frame of layer III, or one of free format."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return None
    version, rate, hertz = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or rate in (0, 15) or hertz == 3:
        return None
    first, one = version == 3, head[3] >> 6 == 3
    samples = 1152 if first else 576
    size = samples // 8 * 1000 * _KBITS[first][rate - 1] // _HERTZ[version][hertz] + (head[2] >> 1 & 1)
    side = (17 if one else 32) if first else (9 if one else 17)
    return _Frame(size, samples, 4 + side, (version, hertz))


def _count(data: bytes, start: int) -> int:
    """How many whole frames there are."""
    count, at, junk, kind = 0, start, 0, None
    while at + 4 <= len(data) and junk < _JUNK:
        frame = _mp3_frame(data[at : at + 4])
        if frame and frame.kind == (kind or frame.kind):
            kind, junk = frame.kind, 0
            at += frame.size
            count += at <= len(data)
        else:
            following = data.find(b"\xff", at + 1)
            following = following if following > 0 else len(data)
            junk += following - at
            at = following
    return count
