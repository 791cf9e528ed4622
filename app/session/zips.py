"""Zips to download. No Streamlit."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

_STAMP = (1980, 1, 1, 0, 0, 0)  # the same bytes for the same files


def packed(files: Mapping[str, bytes]) -> bytes:
    """A zip of files by name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, _STAMP), data)
    return buffer.getvalue()
