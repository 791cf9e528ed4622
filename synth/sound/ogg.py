"""Pages of an OGG file of one stream: its header packets, and the same file with other comments (RFC 3533).

Of Vorbis the first page holds the identification alone, and the sound begins on a page of its own (Vorbis I, A.2), so
the pages between them can be made anew.
"""

from __future__ import annotations

import mmap
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

SERIAL = 1
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_SEGMENTS = 255  # in a page, each of at most 255 bytes


@dataclass(frozen=True)
class Page:
    """flags: 1 continues a packet, 2 first, 4 last page; granule: samples so far; lacing: sizes of segments."""

    flags: int
    granule: bytes
    lacing: bytes
    body: bytes

    def packed(self, number: int) -> bytes:
        """The bytes of the page with this number."""
        head = b"OggS\0" + struct.pack("<B8sII", self.flags, self.granule, SERIAL, number)
        rest = bytes([len(self.lacing)]) + self.lacing + self.body
        return head + struct.pack("<I", _checksum(head + bytes(4) + rest)) + rest


def pages(ogg: bytes | memoryview | mmap.mmap) -> Iterator[Page]:
    """The whole pages, from the beginning of the file on."""
    at = 0
    while ogg[at : at + 4] == b"OggS" and at + 27 <= len(ogg):
        lacing = bytes(ogg[at + 27 : at + 27 + ogg[at + 26]])
        body = at + 27 + len(lacing)
        yield Page(ogg[at + 5], bytes(ogg[at + 6 : at + 14]), lacing, bytes(ogg[body : body + sum(lacing)]))
        at = body + sum(lacing)


def header_packets(ogg: bytes | memoryview | mmap.mmap) -> list[bytes]:
    """The first three packets: of Vorbis the identification, the comments and the setup."""
    return _headers(pages(ogg))


def with_comments(ogg: bytes, comments: bytes) -> bytes:
    """The file with this as its packet of comments, numbered and summed anew, its serial number SERIAL."""
    every = pages(ogg)
    first, _, setup = _headers(every)
    identification = Page(2, bytes(8), bytes([len(first)]), first)
    made = [identification, *_paged([comments, setup]), *every]
    return b"".join(page.packed(number) for number, page in enumerate(made))


def _headers(every: Iterator[Page]) -> list[bytes]:
    """The first three packets, or as many as there are; takes their pages from `every`."""
    packets: list[bytes] = []
    open_packet = b""
    while len(packets) < 3 and (page := next(every, None)) is not None:
        at = 0
        for size in page.lacing:
            open_packet += page.body[at : at + size]
            at += size
            if size < 255:
                packets.append(open_packet)
                open_packet = b""
    return packets[:3]


def _paged(packets: list[bytes]) -> Iterator[Page]:
    """Packets of headers one after the other; a page on which none ends has the granule -1."""
    lacing = b"".join(b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255]) for packet in packets)
    body, continued = b"".join(packets), False
    for start in range(0, len(lacing), _SEGMENTS):
        part = lacing[start : start + _SEGMENTS]
        ends = any(size < 255 for size in part)
        yield Page(int(continued), bytes(8) if ends else b"\xff" * 8, part, body[: sum(part)])
        body, continued = body[sum(part) :], part[-1] == 255


def _checksum(page: bytes) -> int:
    """CRC-32 with the usual polynomial, most significant bit first, from 0 and not inverted: zlib's, mirrored."""
    mirrored = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)
