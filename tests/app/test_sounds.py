"""A person's own sounds on their way from the browser into a folder."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from app import jobs, sounds
from synth.errors import RunError
from synth.files import write_json


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SONOFORM_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


def test_an_uploaded_folder_is_unpacked_where_it_is_looked_at(recordings):
    files = [
        (f"kit/{path.relative_to(recordings)}", io.BytesIO(path.read_bytes()))
        for path in sorted(recordings.rglob("*.wav"))
    ]
    folder = sounds.take_files(files)
    assert folder.name == "kit" and not folder.exists()
    found = sounds.look(folder, "tiny")
    assert found.categories == {"hit": 10, "scrape": 10} and found.clips == 20 and not found.blocking
    assert found.typical == pytest.approx(0.064)
    assert [p.name for p in folder.parent.iterdir()] == ["kit"], "the archive is gone"
    for _, file in files:
        file.seek(0)
    assert sounds.take_files(files) == folder, "the same files are the same folder"


def archive(**files: bytes) -> io.BytesIO:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as writer:
        for name, content in files.items():
            writer.writestr(name, content)
    packed.seek(0)
    return packed


def test_names_are_made_plain_and_uploads_of_yesterday_go(root, monkeypatch):
    first = sounds.take_zip("My drums (2).zip", archive(a=b"1"))
    used = sounds.take_zip("../../..zip", archive(a=b"2"))
    assert (first.name, used.name) == ("My_drums_2", "sounds") and first.parent.parent == root / sounds.KEPT
    run = root / "run"
    run.mkdir()
    write_json(run / jobs.JOB, {"arguments": ["--data", str(used)]})
    for folder in (first, used):
        os.utime(folder.parent, (0, 0))
    sounds.take_zip("new.zip", archive(a=b"3"))
    assert not first.parent.exists() and used.parent.exists()


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(RunError, match="not a folder"):
        sounds.look(tmp_path / "nowhere", "tiny")
