"""Folders, tables and data sets of other people, as they come: no file is read here, so any bytes do for a sound."""

from __future__ import annotations

import csv
import os
import unicodedata
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from synth.errors import DataError
from synth.recordings.archive import unpack
from synth.recordings.dataset import scan
from synth.recordings.listing import Listing, listing


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"sound")
    return root


def several(folder: str, count: int) -> list[str]:
    return [f"{folder}/{i:02}.wav" for i in range(count)]


def table(path: Path, rows: list[dict[str, str]], delimiter: str = ",") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as f:
        writer = csv.DictWriter(f, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)


def tally(found: Listing) -> dict[str, dict[str, int]]:
    counted = Counter((e.category, e.split) for e in found.entries)
    return {c: {s: n for (d, s), n in sorted(counted.items()) if d == c} for c in sorted({c for c, _ in counted})}


def zipped(root: Path, out: Path) -> Listing:
    """What the same folder is when it comes as a zip, with a folder around it as a Mac makes it."""
    with zipfile.ZipFile(out / "set.zip", "w") as archive:
        for path in sorted(root.rglob("*")):
            archive.write(path, f"my set/{path.relative_to(root)}")
    return listing(unpack(out / "set.zip", out / "unpacked"))


def test_what_a_system_leaves_beside_files_is_no_recording(tmp_path: Path) -> None:
    root = touch(tmp_path / "ds", *several("a", 12), *several("b", 12), ".hidden/0.wav", "a/.0.wav")
    touch(root, *(f"{c}/._{i:02}.wav" for c in "ab" for i in range(12)), "__MACOSX/a/00.wav", "@eaDir/a/00.wav/x.wav")
    touch(root, "a/Thumbs.db", "desktop.ini", "a/Icon\r")
    found = listing(root)
    assert tally(found) == {"a": {"train": 11, "valid": 1}, "b": {"train": 11, "valid": 1}}
    assert (found.ignored, found.notes, found.loose) == ((), (), ())
    assert zipped(root, tmp_path).entries == found.entries


def test_a_folder_that_looks_like_a_file_is_a_folder(tmp_path: Path) -> None:
    root = touch(tmp_path, *several("kick", 5), "kick/session.wav/notes.txt", "kick/take.wav/1.wav")
    found = listing(root)
    assert {e.file for e in found.entries} == {*several("kick", 5), "kick/take.wav/1.wav"}
    assert found.ignored == ("kick/session.wav/notes.txt",)


def test_links_are_followed_once_and_broken_ones_told(tmp_path: Path) -> None:
    touch(tmp_path / "elsewhere", *several("snare", 4))
    root = touch(tmp_path / "ds", *several("kick", 4))
    (root / "snare").symlink_to(tmp_path / "elsewhere" / "snare")
    (root / "kick" / "up").symlink_to(root)
    (root / "kick" / "one.wav").symlink_to(tmp_path / "elsewhere" / "snare" / "00.wav")
    (root / "kick" / "gone.wav").symlink_to(tmp_path / "nowhere.wav")
    os.mkfifo(root / "kick" / "pipe.wav")
    found = listing(root)
    files = {e.file for e in found.entries}
    assert {"snare/00.wav", "kick/00.wav", "kick/one.wav"} <= files
    assert not any("pipe" in file or "gone" in file or "up/" in file for file in files), files
    assert any(note.startswith("links to nothing") and "kick/gone.wav" in note for note in found.notes)


@pytest.mark.parametrize(
    ("train", "valid", "test"),
    [
        ("train", "valid", "test"),
        ("Train", "Val", "TEST"),
        ("training", "validation", "eval"),
        ("train", "dev", "test"),
    ],
)
def test_splits_are_no_categories(tmp_path: Path, train: str, valid: str, test: str) -> None:
    counts = {(train, "kick"): 9, (train, "snare"): 8, (valid, "kick"): 3, (valid, "snare"): 2, (test, "kick"): 4}
    expected = {"kick": {"train": 9, "valid": 3}, "snare": {"train": 8, "valid": 2}}
    above = touch(tmp_path / "a", *(f for (s, c), n in counts.items() for f in several(f"{s}/{c}", n)))
    below = touch(tmp_path / "b", *(f for (s, c), n in counts.items() for f in several(f"{c}/{s}", n)))
    around = touch(tmp_path / "c", *(f for (s, c), n in counts.items() for f in several(f"data/{s}/{c}", n)))
    for i, root in enumerate((above, below, around)):
        out = tmp_path / f"out{i}"
        out.mkdir()
        for found in (listing(root), zipped(root, out)):
            assert tally(found) == expected, root
            assert found.notes == ("4 of split test left out: a model neither learns from them nor is scored on them",)
            assert len(found.held) == 5


def test_a_test_folder_beside_the_categories_is_a_split(tmp_path: Path) -> None:
    names = [*several("kick", 10), *several("snare", 10), *several("test/kick", 3), *several("test/snare", 2)]
    found = listing(touch(tmp_path, *names))
    assert tally(found) == {"kick": {"train": 9, "valid": 1}, "snare": {"train": 9, "valid": 1}}
    assert found.notes[0].startswith("5 of split test left out")


def test_a_category_that_is_called_train_stays_one(tmp_path: Path) -> None:
    found = listing(touch(tmp_path / "a", *several("engine", 10), *several("train", 10)))
    assert tally(found) == {"engine": {"train": 9, "valid": 1}, "train": {"train": 9, "valid": 1}}
    found = listing(
        touch(tmp_path / "b", *several("engine", 10), *several("train/steam", 5), *several("train/diesel", 5))
    )
    assert list(tally(found)) == ["engine", "train"]
    assert list(tally(listing(touch(tmp_path / "c", *several("train", 10))))) == ["train"]


def test_splits_without_categories_are_one_category(tmp_path: Path) -> None:
    found = listing(touch(tmp_path / "rain", *several("train", 8), *several("valid", 2)))
    assert tally(found) == {"rain": {"train": 8, "valid": 2}}


def test_the_last_fold_is_held_out(tmp_path: Path) -> None:
    folds = [f for n in (1, 2, 10) for c in ("kick", "snare") for f in several(f"fold{n}/{c}", 3)]
    found = listing(touch(tmp_path, *folds))
    assert tally(found) == {c: {"train": 6, "valid": 3} for c in ("kick", "snare")}
    assert all(file.startswith("fold10/") for file in found.held)


@pytest.mark.parametrize("words", [("train", "val", "test"), ("Train", "Valid", "Test"), ("TRAINING", " dev", "eval")])
def test_splits_of_a_table_in_any_words(tmp_path: Path, words: tuple[str, str, str]) -> None:
    names = [*several("kick", 20), *several("snare", 20)]
    touch(tmp_path, *names)
    split = [words[0]] * 12 + [words[1]] * 4 + [words[2]] * 4
    rows = [{"file": n, "class": n[:-7], "split": s} for n, s in zip(names, split * 2, strict=True)]
    table(tmp_path / "metadata.csv", rows)
    found = listing(tmp_path)
    assert tally(found) == {c: {"train": 12, "valid": 4} for c in ("kick", "snare")}
    assert found.notes == ("8 of split test left out: a model neither learns from them nor is scored on them",)


def test_a_split_that_nobody_knows_is_counted_and_said(tmp_path: Path) -> None:
    names = several("kick", 10)
    touch(tmp_path, *names, "kick/more.wav")
    rows = [{"file": n, "class": "kick", "split": "train" if i < 7 else "extra"} for i, n in enumerate(names)]
    table(tmp_path / "metadata.csv", rows)
    found = listing(tmp_path)
    assert len(found.entries) == 7
    assert found.notes == (
        "3 clips are used nowhere (3 of split 'extra'): call their split train or valid",
        "not in metadata.csv, so left out: kick/more.wav; add rows or delete metadata.csv",
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("separator", ["/", "\\"])
@pytest.mark.parametrize("note", ["", "sep={}\r\n"])
def test_tables_as_they_are_written_elsewhere(tmp_path: Path, delimiter: str, separator: str, note: str) -> None:
    names = [*several("kick", 10), *several("snare", 10)]
    touch(tmp_path, *names)
    lines = [delimiter.join(("File", " Class ", "Split", "Licence"))]
    lines += [delimiter.join((n.replace("/", separator), n[:-7], "Train", '"CC0, or so"')) for n in names]
    text = note.format(delimiter) + "\r\n".join(lines)
    (tmp_path / "metadata.csv").write_text(text, encoding="utf-8-sig", newline="")
    found = listing(tmp_path)
    assert [e.file for e in found.entries] == names
    assert {e.row["licence"] for e in found.entries} == {"CC0, or so"} and found.notes == ()


@pytest.mark.parametrize(
    "cell", ["..\\x.wav", "../x.wav", "C:\\x.wav", "c:/x.wav", "/x.wav", "\\x.wav", "a/../../x.wav"]
)
def test_files_outside_are_refused_however_they_are_spelled(tmp_path: Path, cell: str) -> None:
    root = touch(tmp_path / "ds", "kick/0.wav")
    touch(tmp_path, "x.wav")
    table(root / "metadata.csv", [{"file": cell, "class": "kick", "split": "train"}])
    with pytest.raises(DataError, match="outside its folder"):
        listing(root)


def test_names_have_one_spelling_whatever_wrote_them(tmp_path: Path) -> None:
    """Accents as one character (NFC), as Linux and Windows write them, and as two (NFD), as a Mac does."""
    composed, apart = (unicodedata.normalize(form, "trommelschläge") for form in ("NFC", "NFD"))
    root = touch(tmp_path / "a", *several(apart, 4), f"{apart}/é.wav", *several("b", 4))
    found = listing(root)
    assert sorted({e.category for e in found.entries}) == ["b", composed]
    assert all((root / e.file).is_file() for e in found.entries)
    names = [*several(composed, 4), f"{composed}/{unicodedata.normalize('NFD', 'é')}.wav"]
    table(root / "metadata.csv", [{"file": n, "class": apart, "split": "train"} for n in names])
    found = listing(root)
    assert {e.category for e in found.entries} == {composed} and len(found.entries) == 5
    assert all((root / e.file).is_file() for e in found.entries)
    with zipfile.ZipFile(tmp_path / "mac.zip", "w") as archive:
        for name in (*several(apart, 4), *several("b", 4)):
            archive.writestr(name, b"sound")
    unpack(tmp_path / "mac.zip", tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["b", composed]


def test_a_file_that_is_named_twice_counts_once(tmp_path: Path) -> None:
    touch(tmp_path, *several("kick", 4))
    rows = [{"file": n, "class": "kick", "split": s} for s in ("train", "valid") for n in several("kick", 4)]
    table(tmp_path / "metadata.csv", rows)
    assert tally(listing(tmp_path)) == {"kick": {"train": 4}}, "never in two splits"


# -- data sets as they are downloaded --------------------------------------------------------------------------------


def test_esc_50_as_it_is_downloaded(tmp_path: Path) -> None:
    root, rows = tmp_path / "ESC-50-master", []
    for fold in range(1, 6):
        for target, category in ((0, "dog"), (17, "pouring_water"), (49, "hand_saw")):
            name = f"{fold}-{1000 + target}-A-{target}.wav"
            touch(root, f"audio/{name}")
            told = {"filename": name, "fold": str(fold), "target": str(target), "category": category, "esc10": "True"}
            rows.append(told | {"src_file": "1000", "take": "A"})
    table(root / "meta" / "esc50.csv", rows)
    touch(root, "README.md", "LICENSE", "esc50.gif", "requirements.txt", ".gitignore")
    for found in (listing(root), zipped(root, tmp_path)):
        assert tally(found) == {c: {"train": 4, "valid": 1} for c in ("dog", "hand_saw", "pouring_water")}
        assert "categories are taken from meta/esc50.csv, column category, splits from fold" in found.notes[0]
        assert not any(name.endswith(".csv") for name in found.ignored), "nobody is told to make a WAV of a table"


def test_urbansound8k_as_it_is_downloaded(tmp_path: Path) -> None:
    root, rows = tmp_path / "UrbanSound8K", []
    for fold in range(1, 11):
        for number, category in ((3, "dog_bark"), (7, "jackhammer")):
            name = f"{fold}00-{number}-0-0.wav"
            touch(root, f"audio/fold{fold}/{name}")
            told = {"slice_file_name": name, "fsID": "1", "start": "0", "end": "4", "salience": "1", "fold": str(fold)}
            rows.append(told | {"classID": str(number), "class": category})
    table(root / "metadata" / "UrbanSound8K.csv", rows)
    touch(root, "UrbanSound8K_README.txt", "FREESOUNDCREDITS.txt", "audio/.DS_Store")
    found = listing(root)
    assert tally(found) == {c: {"train": 9, "valid": 1} for c in ("dog_bark", "jackhammer")}
    assert all(file.startswith("audio/fold10/") for file in found.held)


def test_fsd50k_as_it_is_downloaded(tmp_path: Path) -> None:
    labels = ("Bark,Dog,Animal", "Crash_cymbal,Cymbal,Percussion")
    dev = [
        {"fname": str(i), "labels": labels[i % 2], "mids": "", "split": "val" if i > 9 else "train"} for i in range(14)
    ]
    evaluation = [{"fname": str(100 + i), "labels": labels[i % 2], "mids": ""} for i in range(4)]
    touch(tmp_path, *(f"FSD50K.dev_audio/{row['fname']}.wav" for row in dev))
    touch(tmp_path, *(f"FSD50K.eval_audio/{row['fname']}.wav" for row in evaluation))
    table(tmp_path / "FSD50K.ground_truth" / "dev.csv", dev)
    table(tmp_path / "FSD50K.ground_truth" / "eval.csv", evaluation)
    (tmp_path / "FSD50K.ground_truth" / "vocabulary.csv").write_text("0,Bark,/m/1\n1,Crash_cymbal,/m/2\n")
    table(tmp_path / "FSD50K.metadata" / "collection" / "collection_dev.csv", [dev[0] | {"labels": "Other"}])
    touch(tmp_path, "FSD50K.metadata/dev_clips_info_FSD50K.json", "FSD50K.doc/README.md")
    found = listing(tmp_path)
    assert tally(found) == {c: {"train": 5, "valid": 2} for c in ("Bark", "Crash_cymbal")}
    assert any("of several the first" in note for note in found.notes)
    assert any(note.startswith("4 of split test left out") for note in found.notes)


def test_a_table_without_classes_is_told_what_it_lacks(tmp_path: Path) -> None:
    touch(tmp_path, *several("audio", 6))
    table(tmp_path / "meta.csv", [{"filename": n[6:], "author": "me"} for n in several("audio", 6)])
    found = listing(tmp_path)
    assert tally(found) == {"audio": {"train": 5, "valid": 1}}
    assert found.notes[0].startswith("meta.csv names the recordings, but no category of them: add a column class")


def test_a_table_about_something_else_changes_nothing(tmp_path: Path) -> None:
    touch(tmp_path, *several("kick", 6), *several("snare", 6))
    table(tmp_path / "notes.csv", [{"file": "00.wav", "class": "loud"}])
    assert list(tally(listing(tmp_path))) == ["kick", "snare"]
    touch(tmp_path / "one", *several("kick", 6))
    table(tmp_path / "one" / "notes.csv", [{"file": "00.wav", "class": "loud"}])
    assert list(tally(listing(tmp_path / "one"))) == ["kick"]


@pytest.mark.parametrize("name", ["x" * 101, "two\nlines"])
def test_a_name_that_no_card_could_hold_is_refused(tmp_path: Path, name: str) -> None:
    touch(tmp_path, *several(name, 4))
    with pytest.raises(DataError, match="has a category '"):
        scan(tmp_path)


def test_a_name_that_is_no_text_is_told_and_left_out(tmp_path: Path) -> None:
    touch(tmp_path, *several("kick", 4))
    (tmp_path / os.fsdecode(b"caf\xe9")).mkdir()
    (tmp_path / os.fsdecode(b"caf\xe9") / "0.wav").write_bytes(b"sound")
    found = listing(tmp_path)
    assert list(tally(found)) == ["kick"] and "names that are no text" in found.notes[0]
    found.notes[0].encode()
