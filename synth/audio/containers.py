"""What libsndfile leaves out of the files it writes: long comments in WAV, and the same bytes every time.

libsndfile loses a WAV comment longer than about 2 kB (a patch with a latent is longer), stamps float WAVs with the
time of writing, and gives each OGG stream a random serial number. These functions work on the bytes of a whole file.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def write_wav_comment(wav: bytes, comment: str) -> bytes:
    """The WAV with the comment (LIST INFO ICMT, UTF-8) in place of its own comments and time stamp."""
    kept = [(name, body) for name, body in _chunks(wav) if name not in (b"PEAK", b"LIST")]
    info = b"INFO" + _chunk(b"ICMT", comment.encode() + b"\0")
    body = b"WAVE" + b"".join(_chunk(name, body) for name, body in kept) + _chunk(b"LIST", info)
    return _chunk(b"RIFF", body)


def read_wav_comment(wav: bytes) -> str:
    """The comment (LIST INFO ICMT) of a WAV, "" where it has none or is not a WAV."""
    for name, body in _chunks(wav):
        if name == b"LIST" and body[:4] == b"INFO":
            for key, text in _chunks(body, 4):
                if key == b"ICMT":
                    return bytes(text).rstrip(b"\0").decode("utf-8", "replace")
    return ""


def _chunk(name: bytes, body: bytes | memoryview) -> bytes:
    return name + struct.pack("<I", len(body)) + bytes(body) + b"\0" * (len(body) % 2)


def _chunks(riff: bytes | memoryview, start: int = 12) -> Iterator[tuple[bytes, memoryview]]:
    """Name and body of each chunk of a RIFF file, or of a list from `start` on; a cut-off last one is given cut."""
    if start == 12 and (riff[:4], riff[8:12]) != (b"RIFF", b"WAVE"):
        return
    view = memoryview(riff)
    while start + 8 <= len(view):
        name, size = struct.unpack_from("<4sI", view, start)
        yield name, view[start + 8 : start + 8 + size]
        start += 8 + size + size % 2


def fix_ogg_serial(ogg: bytes, serial: int = 1) -> bytes:
    """An OGG file of one stream with this serial number on every page, checksums made anew (RFC 3533, section 6)."""
    out, start = bytearray(ogg), 0
    while out[start : start + 4] == b"OggS":
        segments = out[start + 26]
        end = start + 27 + segments + sum(out[start + 27 : start + 27 + segments])
        struct.pack_into("<I", out, start + 14, serial)
        struct.pack_into("<I", out, start + 22, 0)
        struct.pack_into("<I", out, start + 22, _ogg_checksum(bytes(out[start:end])))
        start = end
    return bytes(out)


def _ogg_checksum(page: bytes) -> int:
    """CRC-32 with the usual polynomial, most significant bit first, from 0 and not inverted: zlib's, mirrored."""
    mirrored = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)
