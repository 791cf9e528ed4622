"""Zips."""

from __future__ import annotations

import io
import zipfile

from synth.zips import packed


def test_a_zip_holds_its_files_and_is_the_same_for_the_same():
    files = {"a.wav": bytes(range(256)), "list.txt": "é\n".encode()}
    data = packed(files)
    assert data == packed(dict(files))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == files
