"""Zips, the same bytes for the same files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO

_STAMP = (1980, 1, 1, 0, 0, 0)


def packed(files: Mapping[str, bytes]) -> bytes:
    """A zip of files by name."""
    buffer = io.BytesIO()
    write_zip(buffer, files.items())
    return buffer.getvalue()


def write_zip(to: Path | IO[bytes], files: Iterable[tuple[str, bytes]]) -> None:
    """Writes files, each a name and its bytes, as they come; raises OSError."""
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(zipfile.ZipInfo(name, _STAMP), data, zipfile.ZIP_DEFLATED)
