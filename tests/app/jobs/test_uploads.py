"""A person's own sounds on their way from the browser into a folder."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from app.jobs import jobs, uploads
from synth.errors import RunError
from synth.storage import write_json


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SONOFORM_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


def test_an_uploaded_folder_is_unpacked_where_it_is_looked_at(recordings):
    files = [
        (f"kit/{path.relative_to(recordings)}", io.BytesIO(path.read_bytes()))
        for path in sorted(recordings.rglob("*.wav"))
    ]
    folder = uploads.take_files(files)
    assert folder.name == "kit" and not folder.exists()
    found = uploads.look(folder, "tiny")
    assert found.categories == {"hit": 10, "scrape": 10} and found.clips == 20 and not found.blocking
    assert found.typical == pytest.approx(0.064)
    assert [p.name for p in folder.parent.iterdir()] == ["kit"], "the archive is gone"
    for _, file in files:
        file.seek(0)
    assert uploads.take_files(files) == folder, "the same files are the same folder"


def archive(**files: bytes) -> io.BytesIO:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as writer:
        for name, content in files.items():
            writer.writestr(name, content)
    packed.seek(0)
    return packed


def test_names_are_made_plain_and_uploads_of_yesterday_go(root, monkeypatch):
    first = uploads.take_zip("My drums (2).zip", archive(a=b"1"))
    used = uploads.take_zip("../../..zip", archive(a=b"2"))
    assert (first.name, used.name) == ("My_drums_2", "sounds") and first.parent.parent == root / uploads.KEPT
    run = root / "run"
    run.mkdir()
    write_json(run / jobs.JOB, {"arguments": ["--data", str(used)]})
    for folder in (first, used):
        os.utime(folder.parent, (0, 0))
    uploads.take_zip("new.zip", archive(a=b"3"))
    assert not first.parent.exists() and used.parent.exists()


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(RunError, match="not a folder"):
        uploads.look(tmp_path / "nowhere", "tiny")


@pytest.fixture
def full(monkeypatch):
    """A disk that is full from now on: a file can be made, and nothing be written into it."""
    written = Path.write_bytes

    def write(self, data):
        written(self, data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write)


def test_a_full_disk_is_one_sentence_and_leaves_nothing(root, full):
    for take in (
        lambda: uploads.take_zip("drums.zip", archive(a=b"1")),
        lambda: uploads.take_files([("kit/a/1.wav", io.BytesIO(b"sound"))]),
    ):
        with pytest.raises(RunError, match=r"cannot be written \(no space left on device\): free some space"):
            take()
        assert not (root / uploads.KEPT).exists()


def test_another_upload_stays_when_there_is_no_room_for_one(root, full, monkeypatch):
    (root / uploads.KEPT / "0123").mkdir(parents=True)
    with pytest.raises(RunError, match="cannot be written"):
        uploads.take_zip("drums.zip", archive(a=b"1"))
    assert [p.name for p in (root / uploads.KEPT).iterdir()] == ["0123"]
