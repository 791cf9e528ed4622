"""The patch in the comment of an exported file."""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synth.errors import PatchError
from synth.patch.patch import Patch
from synth.sound.reading import Source
from synth.sound.texts import marked

_MARK = "sonoform-patch:"


def comment_of(patch: Patch | None) -> str:
    """What a file says of the patch that made it; "" where there is none."""
    return _MARK + patch.to_json() if patch else ""


@contextmanager
def searched(content: Source) -> Iterator[bytes | mmap.mmap]:
    """The bytes of a file, which are not all brought into memory."""
    if isinstance(content, bytes):
        yield content
        return
    with Path(content).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        yield data


def find_patch(data: bytes | mmap.mmap) -> Patch | None:
    """The first patch that can be read."""
    for text in marked(data, _MARK):
        try:
            end = json.JSONDecoder().raw_decode(text)[1]
            return Patch.from_json(text[:end])
        except (ValueError, RecursionError, PatchError):
            continue
    return None
