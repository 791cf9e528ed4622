"""Text in a sound file of any kind, found by the mark that it begins with, wherever a converter has left it.

Converters carry a comment from one kind of file to another under other names (ICMT, COMMENT, DESCRIPTION, COMM, TXXX,
ANNO) and in other encodings. A mark that nothing else begins with needs no list of those.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator

from synth.sound.ogg import header_packets

LONGEST = 1 << 22  # bytes
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")


def marked(data: bytes | mmap.mmap, mark: str) -> Iterator[str]:
    """What follows the mark at each place where it stands, far beyond its end: that is for the reader to find."""
    if data[:4] == b"OggS":  # whose pages interrupt a long comment
        data = b"".join(header_packets(data[: 4 * LONGEST]))
    for encoding in _ENCODINGS:
        key = mark.encode(encoding)
        at = data.find(key)
        while at >= 0:
            yield data[at + len(key) : at + len(key) + LONGEST].decode(encoding, "replace")
            at = data.find(key, at + len(key))
