"""`sonoform library`: from sounds that were kept to files, and back."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from synth.cli.command import main
from synth.library.finding import Wanted
from synth.library.library import Library, library
from synth.patch.patch import Patch
from synth.sound.sound import Sound

HIT, SCRAPE = Patch("tiny", "hit", 3), Patch("tiny", "scrape", 4, sliders={"Dim 1": 2.0})

pytestmark = pytest.mark.usefixtures("tiny_checkpoint")


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main(["library", *(str(a) for a in arguments)])
    out, err = capsys.readouterr()
    return code, out, err


def keep_two() -> None:
    library().keep(HIT, "Dull door", tags="oak, door", stars=4, notes="cellar", kept=100.0)
    library().keep(SCRAPE, "Chair: leg/floor", kept=200.0)


def test_list_and_search(capsys):
    assert run(capsys, "list")[1].startswith("no sounds: keep some")
    keep_two()
    assert run(capsys, "list")[1].splitlines() == [
        "Chair: leg/floor\t\ttiny, scrape\t",
        "Dull door\t****\ttiny, hit\toak, door",
    ]
    (found,) = json.loads(run(capsys, "search", "oak", "door", "--json")[1])
    assert found["name"] == "Dull door" and Patch.from_json(found["patch"]) == HIT and found["stars"] == 4
    assert len(json.loads(run(capsys, "list", "--sort", "name", "--limit", 1, "--json")[1])) == 1
    code, _, err = run(capsys, "list", "--sort", "size")
    assert code == 2 and err.strip() == "sonoform: sort is one of newest, oldest, name, stars, category"


def test_what_is_exported_is_imported_elsewhere(capsys, tmp_path, monkeypatch):
    keep_two()
    told = library().find(Wanted())
    out = tmp_path / "mine.zip"
    assert run(capsys, "export", "--format", "wav", "--rate", 48000, "--out", out)[1].strip() == f"{out}: 2 sounds"
    with zipfile.ZipFile(out) as archive:
        sounds = {name: archive.read(name) for name in archive.namelist() if name.endswith(".wav")}
        archive.extractall(tmp_path / "folder")
    assert set(sounds) == {"DSGNMisc_Dull door_SONO_TINY.wav", "OBJMisc_Chair leg floor_SONO_TINY.wav"}
    sound = Sound.load(sounds["DSGNMisc_Dull door_SONO_TINY.wav"])
    assert sound.patch == HIT and sound.sample_rate == 48000
    monkeypatch.setenv("SONOFORM_LIBRARY", str(tmp_path / "other.sqlite"))
    assert run(capsys, "import", out)[1].strip() == "2 sounds"
    other = library().find(Wanted())
    assert [(e.query, e.name, e.tags, e.notes, e.stars, e.kept) for e in other] == [
        (e.query, e.name, e.tags, e.notes, e.stars, e.kept) for e in told
    ]
    library().change(other[0].id, name="Stool")
    assert run(capsys, "import", out)[1].strip() == "0 sounds"
    assert {entry.name for entry in library().find(Wanted())} == {"Stool", "Dull door"}
    monkeypatch.setenv("SONOFORM_LIBRARY", str(tmp_path / "third.sqlite"))
    code, _, _ = run(capsys, "import", tmp_path / "folder")
    assert code == 0 and len(library().find(Wanted())) == 2


def test_what_cannot_be_taken_is_told(capsys, tmp_path):
    (tmp_path / "bad.json").write_text("{}}")
    (tmp_path / "good.json").write_text(HIT.to_json())
    code, out, err = run(capsys, "import", tmp_path)
    assert code == 0 and out.strip() == "1 sounds" and err.startswith("left out: ") and "bad.json" in err
    (tmp_path / "x.zip").write_bytes(b"no zip")
    code, _, err = run(capsys, "import", tmp_path / "x.zip")
    assert code == 2 and "is no zip of a library" in err
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "holds no sounds" in run(capsys, "import", empty)[2]
    assert "there are no such sounds" in run(capsys, "export", "trumpet", "--out", tmp_path / "y.zip")[2]


def test_check_says_what_there_is_and_what_is_damaged(capsys, own_library: Path):
    keep_two()
    assert run(capsys, "check")[1].strip() == f"{own_library} is whole: 2 kept, 0 heard, 0 deleted"
    library().database.close()
    own_library.write_bytes(b"SQLite format 3\0" + bytes(5000))
    code, _, err = run(capsys, "check")
    assert code == 2 and f"{own_library} is damaged: it was moved to" in err
    assert run(capsys, "check")[0] == 0 and isinstance(library(), Library)
