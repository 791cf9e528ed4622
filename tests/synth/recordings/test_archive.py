"""A zip from anywhere becomes a data folder, or one sentence."""

from __future__ import annotations

import io
import signal
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from synth.errors import DataError
from synth.recordings.archive import unpack
from tests.harness.patience import PATIENCE


def packed(*names: str, data: bytes = b"sound") -> io.BytesIO:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, data)
    buffer.seek(0)
    return buffer


def held(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("rain/1.wav", "wind/2.FLAC"), {"rain/1.wav", "wind/2.FLAC"}),
        (("my/data/rain/1.wav", "my/data/wind/2.wav"), {"rain/1.wav", "wind/2.wav"}),
        (("my/metadata.csv", "my/1.wav"), {"metadata.csv", "1.wav"}),
        (("rain/1.wav", "rain/2.wav"), {"rain/1.wav", "rain/2.wav"}),
        (("1.wav", "2.wav"), {"out/1.wav", "out/2.wav"}),
        (("a/1.wav", "a/metadata.csv", "b/2.wav"), {"a/1.wav", "b/2.wav"}),
        (("d/a/1.wav", "__MACOSX/d/a/._1.wav", "d/.x/2.wav", "d/notes.txt", "d/run.sh"), {"a/1.wav"}),
        (("d\\a\\1.wav", "d\\b\\2.wav"), {"a/1.wav", "b/2.wav"}),
    ],
)
def test_what_is_taken_and_where_it_goes(tmp_path: Path, names: tuple[str, ...], expected: set[str]) -> None:
    assert unpack(packed(*names), tmp_path / "out") == tmp_path / "out"
    assert held(tmp_path / "out") == expected
    assert {p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()} == {b"sound"}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (io.BytesIO(b"this is not a zip"), "cannot be read: make it anew"),
        (io.BytesIO(packed("a/1.wav", data=bytes(range(256)) * 9).getvalue()[:-30]), "cannot be read"),
        (packed("../1.wav"), "outside of itself"),
        (packed("a/../../1.wav"), "outside of itself"),
        (packed("/etc/1.wav"), "outside of itself"),
        (packed("..\\1.wav"), "outside of itself"),
        (packed("C:\\1.wav"), "outside of itself"),
        (packed("a/1.txt"), "holds no recordings"),
        (packed("metadata.csv"), "holds no recordings"),
        (packed(), "holds no recordings"),
        (packed("a/1.wav", "a/2.wav", data=bytes(600)), "too large"),
        (Path("nowhere.zip"), "is not there"),
    ],
)
def test_what_is_refused_leaves_nothing(tmp_path: Path, source: io.BytesIO | Path, message: str) -> None:
    with pytest.raises(DataError, match=message):
        unpack(source, tmp_path / "out", max_bytes=1000)
    assert not list(tmp_path.iterdir())


def test_a_damaged_member_is_a_damaged_zip(tmp_path: Path) -> None:
    data = bytearray(packed("a/1.wav", data=bytes(range(256)) * 9).getvalue())
    data[60] ^= 0xFF
    with pytest.raises(DataError, match="cannot be read"):
        unpack(io.BytesIO(bytes(data)), tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_links_are_not_followed(tmp_path: Path) -> None:
    buffer = packed("a/1.wav")
    with zipfile.ZipFile(buffer, "a") as archive:
        link = zipfile.ZipInfo("a/2.wav")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    unpack(buffer, tmp_path / "out")
    assert held(tmp_path / "out") == {"a/1.wav"}


def test_a_zip_on_disk_and_a_folder_in_use(tmp_path: Path) -> None:
    path = tmp_path / "sounds.zip"
    path.write_bytes(packed("a/1.wav").getvalue())
    unpack(path, tmp_path / "out")
    with pytest.raises(DataError, match="already in use"):
        unpack(path, tmp_path / "out")
    assert held(tmp_path) == {"sounds.zip", "out/a/1.wav"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a/" * 40 + "1.wav", "more than 16 deep"),
        ("a/" * 3000 + "1.wav", "more than 16 deep"),
        ("b/" + "\\".join("ab" * 40) + "/1.wav", "more than 16 deep"),
        ("a/" + "n" * 250 + ".wav", "names of more than 240 letters"),
        ("ä" * 125 + "/1.wav", "names of more than 240 letters"),
    ],
)
def test_deep_and_long_names_are_refused_at_once(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        unpack(packed("a/1.wav", name), tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_tables_of_other_data_sets_come_along(tmp_path: Path) -> None:
    unpack(packed("set/audio/1.wav", "set/meta/set.csv", "set/meta/._set.csv", "set/readme.txt"), tmp_path / "out")
    assert held(tmp_path / "out") == {"audio/1.wav", "meta/set.csv"}


def test_a_process_that_is_told_to_end_leaves_nothing(tmp_path: Path) -> None:
    """As when the app does not wait any longer: no hidden folder stays."""
    code = (
        "import sys, time; from pathlib import Path; from synth.storage import new_folder\n"
        "with new_folder(Path(sys.argv[1])) as part:\n"
        "    (part / 'a.wav').write_text('half'); print('begun', flush=True); time.sleep(900)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "out")], stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"begun\n"
    assert list(tmp_path.iterdir())
    process.terminate()
    assert process.wait(PATIENCE) == -signal.SIGTERM
    assert not list(tmp_path.iterdir())
