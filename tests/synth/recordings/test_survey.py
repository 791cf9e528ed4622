"""A survey says what keeps a folder from being trained on, and what would make for a worse model."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from synth.cli.command import main
from synth.errors import DataError
from synth.recordings.survey import Category, Survey, survey

RATE = 16000
SECONDS = 0.5


def sound(seed: int, seconds: float = SECONDS, rate: int = RATE) -> np.ndarray:
    """A noise burst of its own decay and colour."""
    rng = np.random.default_rng(seed)
    n = np.arange(round(seconds * rate))
    swing = 1 + 0.9 * np.sin(2 * np.pi * rng.uniform(2, 40) * n / rate + rng.uniform(0, 6))
    noise = np.convolve(rng.standard_normal(len(n)), rng.standard_normal(8), "same")
    shaped = noise * swing * np.exp(-n / (rng.uniform(0.05, 0.4) * rate))
    return 0.5 * shaped / np.abs(shaped).max()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two categories of twelve clips, with nothing to complain of."""
    for i in range(24):
        path = tmp_path / "data" / ("hit" if i % 2 else "scrape") / f"{i:02}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, sound(i), RATE)
    return tmp_path / "data"


def look(folder: Path) -> Survey:
    return survey(folder, RATE, SECONDS)


def test_a_good_folder_gives_nothing_to_say(folder: Path) -> None:
    seen: list[float] = []
    found = survey(folder, RATE, SECONDS, lambda part, file: seen.append(part))
    assert found.categories == {"hit": Category(12, 6.0), "scrape": Category(12, 6.0)}
    assert (found.clips, found.seconds, found.formats, found.rates) == (24, 12.0, {"wav": 24}, {RATE: 24})
    assert (found.blocking, found.warnings, found.ignored) == ((), (), 0)
    assert len(seen) == 24 and seen[-1] == 1.0
    assert json.loads(json.dumps(found.to_dict()))["categories"]["hit"] == {"clips": 12, "seconds": 6.0}


def test_a_repeated_clip_is_found_at_any_level(folder: Path) -> None:
    soundfile.write(folder / "hit" / "copy.flac", soundfile.read(folder / "hit" / "01.wav")[0], RATE)
    (exact,) = look(folder).warnings
    assert exact == "1 clip repeats another, first hit/copy.flac = hit/01.wav, as exact copies: remove one of each pair"
    (folder / "hit" / "copy.flac").unlink()
    soundfile.write(folder / "hit" / "softer.flac", 0.05 * soundfile.read(folder / "hit" / "03.wav")[0], RATE)
    (near,) = look(folder).warnings
    assert "first hit/softer.flac = hit/03.wav, but for level or format: listen" in near


def test_a_copy_in_the_other_split_is_said(folder: Path) -> None:
    soundfile.write(folder / "scrape" / "99.wav", soundfile.read(folder / "scrape" / "00.wav")[0], RATE)
    rows = ["file,class,split"]
    rows += [f"{p.relative_to(folder)},{p.parent.name},train" for p in sorted(folder.rglob("*.wav"))]
    (folder / "metadata.csv").write_text("\n".join(rows).replace("99.wav,scrape,train", "99.wav,scrape,valid"))
    assert any("across the splits, which makes scores too good" in text for text in look(folder).warnings)


@pytest.mark.parametrize(
    ("samples", "rate", "message"),
    [
        (np.clip(9 * sound(50), -1, 1), RATE, "clipped, with flat tops at full scale: hit/01.wav; record at a lower"),
        (sound(50) * 1e-3, RATE, "nearly silent, so that noise would be raised too: hit/01.wav; record at a higher"),
        (sound(50, 1.5), RATE, "much longer than 0.5 s, of which only the first 0.5 s count: hit/01.wav; cut with"),
        (sound(50, rate=8000), 8000, "sampled below 16 kHz, so without treble: hit/01.wav; use the originals"),
    ],
)
def test_each_fault_of_a_clip_is_said(folder: Path, samples: np.ndarray, rate: int, message: str) -> None:
    soundfile.write(folder / "hit" / "01.wav", samples, rate)
    (said,) = look(folder).warnings
    assert said.startswith(message)


def test_a_full_scale_tone_is_not_clipped(folder: Path) -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(RATE // 2) / RATE)
    soundfile.write(folder / "hit" / "01.wav", tone / np.abs(tone).max(), RATE)
    assert look(folder).warnings == ()


def test_clips_much_shorter_than_the_model_are_said_when_they_are_many(folder: Path) -> None:
    assert any("much shorter than 2 s" in text for text in survey(folder, RATE, 2.0).warnings)
    assert not any("much shorter" in text for text in survey(folder, RATE, 0.9).warnings)


def test_few_and_uneven_clips_are_said(folder: Path) -> None:
    for path in sorted((folder / "hit").iterdir())[1:]:
        path.unlink()
    found = look(folder)
    said = "\n".join(found.warnings)
    assert "13 clips are few" in said and "hit: fewer than 4 clips" in said
    assert "scrape has 12 clips and hit 1: add clips of hit" in said and not found.blocking


def test_what_forbids_training_is_all_said_at_once(folder: Path) -> None:
    (folder / "hit" / "01.wav").write_bytes(b"this is not audio")
    soundfile.write(folder / "hit" / "03.wav", np.zeros(RATE), RATE)
    soundfile.write(folder / "hit" / "05.wav", np.full(RATE, np.nan), RATE, subtype="FLOAT")
    (folder / "only").mkdir()
    (folder / "only" / "bad.wav").write_bytes(b"neither is this")
    unreadable, silent, lacking = look(folder).blocking
    assert unreadable == "cannot be read as audio: hit/01.wav, hit/05.wav, only/bad.wav; replace or remove"
    assert silent == "nothing but silence: hit/03.wav; remove"
    assert lacking.startswith("only: no clip to train on")


def test_three_clips_are_too_few(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for i in range(3):
        soundfile.write(tmp_path / "a" / f"{i}.wav", sound(i), RATE)
    (few,) = look(tmp_path).blocking
    assert few.startswith("2 clips to train on are too few: bring at least 4")


def test_files_that_do_not_count_are_said(folder: Path) -> None:
    (folder / "notes.txt").write_text("")
    (folder / ".hidden").write_text("")
    soundfile.write(folder / "loose.wav", sound(60), RATE)
    found = look(folder)
    assert found.ignored == 1
    assert any(text.startswith("in no sub-folder, so left out: loose.wav") for text in found.warnings)
    assert any(text.startswith("not recordings, so left out: notes.txt") for text in found.warnings)
    (folder / "metadata.csv").write_text("file,class,split\nhit/01.wav,hit,train\n")
    assert any(text.startswith("not in metadata.csv, so left out: 24 files") for text in look(folder).warnings)


def test_a_folder_without_categories_is_blocked_with_the_reason(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", sound(0), RATE)
    none, where = look(tmp_path).blocking
    assert "holds no recordings" in none and "in no sub-folder, so left out: a.wav" in where
    with pytest.raises(DataError, match="not a folder"):
        look(tmp_path / "nowhere")


def test_the_verb_takes_a_folder_or_a_zip(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["survey", str(folder), "--preset", "tiny", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["clips"] == 24
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in folder.rglob("*.wav"):
            archive.write(path, f"mine/{path.relative_to(folder)}")
    (tmp_path / "mine.zip").write_bytes(buffer.getvalue())
    zipped = ["survey", str(tmp_path / "mine.zip"), "--preset", "tiny"]
    assert main([*zipped, "--unpack", str(tmp_path / "kept")]) == 0
    out = capsys.readouterr().out
    assert "| hit      |    12 |" in out and "24 wav" in out and "warning: much longer than" in out
    assert (tmp_path / "kept" / "hit" / "01.wav").is_file()
    assert main(zipped) == 0
    assert main(["survey", str(folder), "--unpack", str(tmp_path / "x")]) == 2
    assert main(["survey", str(tmp_path / "nowhere")]) == 2


def test_splits_of_folders_are_counted_as_they_are_used(folder: Path) -> None:
    """24 clips, of which 16 are in splits that count, as folders or as a table says."""
    rows = ["file;class;split"]
    for i, path in enumerate(sorted(folder.rglob("*.wav"))):
        split = ("Train", "Val", "Test")[i % 3]
        rows.append(f"{path.parent.name}\\{path.name};{path.parent.name};{split}")
    (folder / "metadata.csv").write_text("\n".join(rows))
    found = look(folder)
    assert (found.clips, found.blocking) == (16, ())
    assert found.warnings[-1].startswith("8 of split test left out")
    (folder / "metadata.csv").unlink()
    for path in sorted(folder.rglob("*.wav")):
        split = "VALID" if path.name < "03" else "Train"
        (folder / split / path.parent.name).mkdir(parents=True, exist_ok=True)
        path.rename(folder / split / path.parent.name / path.name)
    for name in ("hit", "scrape"):
        (folder / name).rmdir()
    found = look(folder)
    assert sorted(found.categories) == ["hit", "scrape"] and (found.clips, found.blocking) == (24, ())


def test_a_table_is_not_to_become_a_sound(folder: Path) -> None:
    (folder / "notes.csv").write_text("a,b\n1,2\n")
    assert look(folder).warnings == () and look(folder).ignored == 0


def test_a_wide_model_leaves_narrow_recordings_out(folder: Path) -> None:
    narrow = survey(folder, 44100, SECONDS)
    assert narrow.clips == 0
    assert narrow.blocking == (
        f"{folder} holds no recording of 44.1 kHz or more: bring such, or choose a model of 16 kHz",
    )
    for i in range(24):
        path = folder / ("hit" if i % 2 else "scrape") / f"wide{i:02}.wav"
        soundfile.write(path, sound(100 + i, rate=44100), 44100)
    found = survey(folder, 44100, SECONDS)
    assert (found.clips, found.rates, found.blocking) == (24, {44100: 24}, ())
    (told,) = found.warnings
    assert told.startswith("sampled below 44.1 kHz, so left out: 24 files") and "hit/01.wav" in told


def test_empty_files_silence_and_late_starts_have_one_sentence_each(folder: Path) -> None:
    hit = folder / "hit"
    (hit / "bytes.wav").write_bytes(b"")
    soundfile.write(hit / "samples.wav", np.zeros(0), RATE)
    soundfile.write(hit / "still.wav", np.zeros(RATE // 2), RATE)
    soundfile.write(hit / "late.wav", np.concatenate([np.zeros(round(2.5 * RATE)), sound(99)]), RATE)
    found = look(folder)
    assert found.blocking == (
        "is empty: hit/bytes.wav; choose a recording, or remove",
        "is empty: it has no samples: hit/samples.wav; choose another recording, or remove",
        "nothing but silence: hit/still.wav; remove",
        "silent for as long as a model hears: hit/late.wav (first sound after 2.50 s); trim (`prepare` does)",
    )
    assert found.warnings == ()
