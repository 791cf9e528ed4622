"""What libraries and editors of sound effects read in a WAV: the chunks `bext` and `iXML`.

`bext` is that of EBU Tech 3285 (version 1 of the chunk, 2001), `iXML` that of ixml.info (1.61) with the fields of
ASWG-G006 for names in the Universal Category System.
"""

from __future__ import annotations

import struct
import time
from dataclasses import dataclass
from xml.etree import ElementTree

from synth.sound.containers import chunk, chunks

PROGRAM = "Sonoform"
_OURS = (b"bext", b"iXML")


@dataclass(frozen=True)
class Told:
    """What is said of a sound. cat_id, category, subcategory, creator, source: by the Universal Category System. made:
    seconds since 1970, None where nobody knows."""

    name: str
    cat_id: str
    category: str
    subcategory: str
    creator: str
    source: str
    notes: str = ""
    made: float | None = None


def described(wav: bytes, told: Told) -> bytes:
    """The WAV with both chunks, in place of its own: the same bytes for the same words."""
    kept = [(name, bytes(body)) for name, body in chunks(wav) if name not in _OURS]
    parts = [(b"bext", bext(told)), *kept, (b"iXML", ixml(told))]
    return chunk(b"RIFF", b"WAVE" + b"".join(chunk(name, body) for name, body in parts))


def bext(told: Told) -> bytes:
    """Description, originator, its reference, date and time (UTC), and a version; 602 bytes of ASCII and zeros."""
    when = time.gmtime(told.made) if told.made is not None else None
    day, hour = (time.strftime("%Y-%m-%d", when), time.strftime("%H:%M:%S", when)) if when else ("", "")
    words = " - ".join(filter(None, (told.name, told.notes)))
    head = [(words, 256), (PROGRAM, 32), (f"{told.creator}_{told.source}", 32), (day, 10), (hour, 8)]
    texts = b"".join(_ascii(text, size) for text, size in head)
    reference, version, umid_and_reserved = 0, 1, bytes(64 + 190)
    return texts + struct.pack("<QH", reference, version) + umid_and_reserved


def ixml(told: Told) -> bytes:
    """XML, UTF-8."""
    root = ElementTree.Element("BWFXML")
    _put(root, IXML_VERSION="1.61", PROJECT=PROGRAM, NOTE=told.notes)
    aswg = ElementTree.SubElement(root, "ASWG")
    _put(aswg, contentType="sfx", catId=told.cat_id, category=told.category, subCategory=told.subcategory)
    _put(aswg, fxName=told.name, creatorId=told.creator, sourceId=told.source, notes=told.notes)
    found: bytes = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return found


def _put(under: ElementTree.Element, **texts: str) -> None:
    for name, text in texts.items():
        if text:
            ElementTree.SubElement(under, name).text = "".join(c for c in text if c.isprintable() or c in "\n\t")


def _ascii(text: str, size: int) -> bytes:
    """In a field of so many bytes, zeros after it; what is not ASCII is a question mark."""
    return text.encode("ascii", "replace")[:size].ljust(size, b"\0")
