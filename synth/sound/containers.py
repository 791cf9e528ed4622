"""What libsndfile leaves out of the files it writes: long comments in WAV, loops, and the same bytes every time.

libsndfile loses a WAV comment longer than about 2 kB (a patch with a latent is longer), stamps float WAVs with the
time of writing, and gives each OGG stream a random serial number. These functions work on the bytes of a whole file.

A loop is (first sample, end, exclusive). A WAV holds it, and the MIDI key at which a sampler plays the sound as it is,
in a `smpl` chunk (Microsoft, "New Multimedia Data Types and Data Techniques", 1994), FLAC and OGG hold it in the
comments LOOPSTART and LOOPLENGTH, which games and samplers read.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator

from synth.sound.ogg import header_packets, with_comments

Loop = tuple[int, int]
Data = bytes | memoryview | mmap.mmap
_FLAC_COMMENTS = 4  # type of a FLAC metadata block
_MIDDLE_C = 60


def finished_wav(wav: bytes, comment: str, loop: Loop | None, rate: int, root: int | None = None) -> bytes:
    """The WAV with the comment (LIST INFO ICMT, UTF-8) in place of its own comments and time stamp, its loop, and its
    root key where it has one."""
    kept = [(name, bytes(body)) for name, body in chunks(wav) if name not in (b"PEAK", b"LIST", b"smpl")]
    if loop or root is not None:
        kept.append((b"smpl", _smpl(loop, rate, _MIDDLE_C if root is None else root)))
    kept.append((b"LIST", b"INFO" + chunk(b"ICMT", comment.encode() + b"\0")))
    return chunk(b"RIFF", b"WAVE" + b"".join(chunk(name, body) for name, body in kept))


def finished_flac(flac: bytes, loop: Loop | None) -> bytes:
    """The FLAC with its loop among its comments."""
    if not loop:
        return flac
    blocks = [(kind, _added(body, loop) if kind == _FLAC_COMMENTS else body) for kind, body in _flac_blocks(flac)]
    begin = 4 + sum(4 + len(body) for _, body in _flac_blocks(flac))
    lasts = [*[0] * (len(blocks) - 1), 0x80]
    packed = [
        bytes([kind | last]) + len(body).to_bytes(3, "big") + body
        for (kind, body), last in zip(blocks, lasts, strict=True)
    ]
    return b"".join([flac[:4], *packed, flac[begin:]])


def finished_ogg(ogg: bytes, loop: Loop | None) -> bytes:
    """The OGG file of one stream with its loop among its comments, and a serial number that is always the same."""
    comments = header_packets(ogg)[1]
    if loop:
        begin = 7  # after b"\3vorbis"
        comments = comments[:begin] + _added(comments[begin:-1], loop) + comments[-1:]
    return with_comments(ogg, comments)


def read_loop(data: Data) -> Loop | None:
    """The first loop that a WAV, FLAC or OGG file tells of, None where there is none or it holds no samples."""
    if data[:4] in (b"RIFF", b"RF64"):
        found = next((bytes(body) for name, body in chunks(data) if name == b"smpl" and len(body) >= 52), None)
        first, last = struct.unpack_from("<2I", found, 44) if found and found[28:32] != b"\0\0\0\0" else (0, -1)
        return (first, last + 1) if first <= last else None
    told = {key.upper(): value for key, _, value in (text.partition("=") for text in comments_of(data))}
    try:
        first = int(told["LOOPSTART"])
        end = first + int(told["LOOPLENGTH"]) if "LOOPLENGTH" in told else int(told["LOOPEND"])
    except (KeyError, ValueError):
        return None
    return (first, end) if 0 <= first < end else None


def comments_of(data: Data) -> list[str]:
    """The comments, "KEY=value", of a FLAC or OGG file."""
    if data[:4] == b"fLaC":
        return _texts(next((body for kind, body in _flac_blocks(data) if kind == _FLAC_COMMENTS), b""))
    if data[:4] == b"OggS":
        packets = header_packets(data)
        return _texts(packets[1][7:] if len(packets) > 1 and packets[1][1:7] == b"vorbis" else b"")
    return []


def chunks(riff: Data, start: int = 12) -> Iterator[tuple[bytes, memoryview]]:
    """Name and body of each chunk of a RIFF file, or of a list from `start` on; a cut-off last one is given cut.

    A chunk of odd size is followed by a byte of 0, which some writers leave out.
    """
    if start == 12 and (riff[:4] not in (b"RIFF", b"RF64") or riff[8:12] != b"WAVE"):
        return
    view = memoryview(riff)
    while start + 8 <= len(view):
        name, size = struct.unpack_from("<4sI", view, start)
        yield name, view[start + 8 : start + 8 + size]
        start += 8 + size
        start += size % 2 and not _named(view[start : start + 4])


def _named(name: Data) -> bool:
    return len(name) == 4 and all(32 <= byte < 127 for byte in name)


def chunk(name: bytes, body: bytes) -> bytes:
    """A chunk of a RIFF file, padded to an even size."""
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _smpl(loop: Loop | None, rate: int, root: int) -> bytes:
    """A root key, and one forward loop without end where there is one; the chunk counts its last sample in."""
    head = struct.pack("<9I", 0, 0, round(1e9 / rate), root, 0, 0, 0, 1 if loop else 0, 0)
    return head + (struct.pack("<6I", 0, 0, loop[0], loop[1] - 1, 0, 0) if loop else b"")


def _flac_blocks(flac: Data) -> Iterator[tuple[int, bytes]]:
    """Type and body of each metadata block."""
    at, last = 4, False
    while not last and at + 4 <= len(flac):
        last, size = bool(flac[at] & 0x80), int.from_bytes(flac[at + 1 : at + 4], "big")
        yield flac[at] & 0x7F, bytes(flac[at + 4 : at + 4 + size])
        at += 4 + size


def _added(comments: bytes, loop: Loop) -> bytes:
    """Vorbis comments, as in FLAC or after the magic of the OGG packet, with a loop in place of an older one."""
    vendor = struct.unpack_from("<I", comments)[0]
    kept = [text for text in _texts(comments) if not text.upper().startswith("LOOP")]
    texts = [text.encode() for text in (*kept, f"LOOPSTART={loop[0]}", f"LOOPLENGTH={loop[1] - loop[0]}")]
    body = b"".join(struct.pack("<I", len(text)) + text for text in texts)
    return comments[: 4 + vendor] + struct.pack("<I", len(texts)) + body


def _texts(comments: bytes) -> list[str]:
    """All that can be read of Vorbis comments: vendor, number, and each with its length before it."""
    texts: list[str] = []
    at = 4 + (int.from_bytes(comments[:4], "little"))
    count = int.from_bytes(comments[at : at + 4], "little")
    at += 4
    while len(texts) < count and at + 4 <= len(comments):
        size = int.from_bytes(comments[at : at + 4], "little")
        texts.append(comments[at + 4 : at + 4 + size].decode("utf-8", "replace"))
        at += 4 + size
    return texts
