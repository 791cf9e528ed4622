"""Long recordings are cut where they sound, into splits that share no recording, whole or not at all."""

from __future__ import annotations

import csv
import errno
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from synth.cli.command import main
from synth.errors import DataError
from synth.recordings import cutting
from synth.recordings.cutting import Cutting, Levels, Stretch, measure, stretches
from synth.recordings.dataset import load_clips
from synth.recordings.prepare import COLUMNS, prepare
from synth.sound.sound import Sound

RATE = 8000
ONSETS = (0.5, 1.8, 3.0)


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal(round(seconds * RATE))


def interrupted(gain: float = 1.0) -> np.ndarray:
    """Sound for 3 s, silence for 2 s, sound for 3 s."""
    return gain * np.concatenate([noise(3.0), np.zeros(2 * RATE), noise(3.0, 1)])


def hits(times: tuple[float, ...] = ONSETS) -> np.ndarray:
    """Decaying bursts over faint noise, 4 s."""
    samples = 1e-4 * noise(4.0)
    decay = np.exp(-np.arange(RATE) / (0.1 * RATE))
    for i, time in enumerate(times):
        samples[round(time * RATE) :][:RATE] += (3 * noise(1.0, i + 1) * decay)[: len(samples) - round(time * RATE)]
    return np.clip(samples, -1, 1)


def write(path: Path, samples: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, RATE, subtype="PCM_24")
    return path


def levels_of(path: Path, how: Cutting) -> Levels:
    return measure(path, how, lambda part: None)


def cut(path: Path, how: Cutting) -> list[Stretch]:
    return stretches(levels_of(path, how), how)


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / "metadata.csv").open(newline="") as f:
        return list(csv.DictReader(f))


# -- where it is cut ---------------------------------------------------------------------------------------------


def test_fixed_clips_follow_one_another_and_skip_silence(tmp_path: Path) -> None:
    found = cut(write(tmp_path / "a.flac", interrupted()), Cutting(1.0))
    assert [p.start for p in found] == pytest.approx([0, 1, 2, 4.94, 5.94, 6.94], abs=0.06)
    assert [p.stop - p.start for p in found] == pytest.approx([1.0] * 6, abs=0.06)


def test_overlapping_clips_repeat_a_share(tmp_path: Path) -> None:
    found = cut(write(tmp_path / "a.flac", noise(4.0)), Cutting(1.0, overlap=0.5))
    assert [p.start for p in found] == pytest.approx([0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5], abs=0.01)


@pytest.mark.parametrize("mode", cutting.MODES)
def test_a_quiet_recording_is_cut_as_a_loud_one(tmp_path: Path, mode: str) -> None:
    loud = cut(write(tmp_path / "loud.flac", interrupted()), Cutting(1.0, mode))
    assert loud and loud == cut(write(tmp_path / "quiet.flac", interrupted(0.003)), Cutting(1.0, mode))


def test_noise_of_pauses_and_offset_are_silence(tmp_path: Path) -> None:
    hiss = np.concatenate([noise(3.0), 0.015 * noise(4.0, 2), noise(3.0, 3)]) + 0.2
    starts = [p.start for p in cut(write(tmp_path / "a.flac", hiss), Cutting(1.0))]
    assert starts == pytest.approx([0, 1, 2, 6.94, 7.94, 8.94], abs=0.06), "hiss 36 dB down, under an offset"


def test_one_bang_does_not_silence_the_rest(tmp_path: Path) -> None:
    samples = 0.005 * noise(30.0)
    samples[: RATE // 10] = noise(0.1, 1) * 5
    assert len(cut(write(tmp_path / "a.flac", samples), Cutting(2.0))) == 15


def test_what_a_clip_left_of_a_sound_needs_half_a_clip(tmp_path: Path) -> None:
    assert len(cut(write(tmp_path / "a.flac", noise(2.3)), Cutting(1.0))) == 2
    assert len(cut(write(tmp_path / "b.flac", noise(2.7)), Cutting(1.0))) == 3
    assert len(cut(write(tmp_path / "c.flac", noise(0.3)), Cutting(1.0))) == 1, "a short recording is kept"


def test_clips_start_just_before_onsets_and_end_before_the_next(tmp_path: Path) -> None:
    found = cut(write(tmp_path / "a.flac", hits()), Cutting(1.5, "onsets"))
    assert [p.start + cutting.LEAD for p in found] == pytest.approx(ONSETS, abs=0.01)
    assert all(a.stop <= b.start for a, b in pairwise(found))
    assert found[0].stop == pytest.approx(found[1].start) and found[-1].stop == pytest.approx(4.0)


def test_onsets_within_the_gap_share_a_clip(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", hits((0.5, 0.7, 2.0)))
    assert len(cut(path, Cutting(1.0, "onsets", gap=0.1))) == 3
    assert len(cut(path, Cutting(1.0, "onsets", gap=0.4))) == 2


def test_steady_noise_has_no_onsets_but_its_start(tmp_path: Path) -> None:
    assert len(cut(write(tmp_path / "a.flac", noise(8.0)), Cutting(1.0, "onsets"))) == 1


@pytest.mark.parametrize("mode", cutting.MODES)
def test_blocks_leave_no_seams(tmp_path: Path, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.flac", hits())
    whole = levels_of(path, Cutting(1.0, mode))
    monkeypatch.setattr(cutting, "_BLOCK", 37)
    parts = levels_of(path, Cutting(1.0, mode))
    np.testing.assert_allclose(parts.power, whole.power, rtol=1e-5)
    np.testing.assert_allclose(parts.rise, whole.rise, atol=1e-3)
    assert (parts.digest, parts.seconds) == (whole.digest, whole.seconds) and whole.seconds == 4.0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"seconds": 0.01}, "0.1 to 60"),
        ({"mode": "beats"}, "use fixed or onsets"),
        ({"overlap": 1.0}, "0 to 0.9"),
        ({"mode": "onsets", "overlap": 0.5}, "leave out overlap"),
        ({"gap": 0.0}, "0.02 to 60"),
        ({"silence": 200.0}, "3 to 80"),
    ],
)
def test_settings_out_of_range_are_one_sentence(settings: dict[str, float], message: str) -> None:
    with pytest.raises(DataError, match=message):
        Cutting(**{"seconds": 1.0} | settings)  # type: ignore[arg-type]


# -- what is written ---------------------------------------------------------------------------------------------


def test_the_folder_can_be_trained_on(tmp_path: Path) -> None:
    for i in range(24):
        write(tmp_path / "in" / ("rain" if i % 2 else "wind") / f"{i:02}.flac", noise(3.0, i))
    made = prepare(tmp_path / "in", tmp_path / "out", Cutting(1.0))
    rows = table(tmp_path / "out")
    assert tuple(rows[0]) == COLUMNS and made.recordings == 24 and not made.warnings
    assert made.clips == {"rain": {"train": 33, "valid": 3}, "wind": {"train": 33, "valid": 3}}
    assert (made.seconds_kept, made.seconds_dropped) == (72.0, 0.0)
    sources = {split: {r["recording"] for r in rows if r["split"] == split} for split in ("train", "valid")}
    assert len(sources["valid"]) == 2 and not sources["train"] & sources["valid"]
    clips = load_clips(tmp_path / "out", "train", RATE, RATE)
    assert len(clips) == 66 and clips.categories == ("rain", "wind")
    row = next(r for r in rows if r["start"] == "1.000")
    written, rate = soundfile.read(tmp_path / "out" / row["file"])
    original, _ = soundfile.read(tmp_path / "in" / row["recording"])
    assert rate == RATE and np.array_equal(written, original[RATE : 2 * RATE]), "bit for bit"


def test_clips_at_onsets_end_in_a_fade_and_silence(tmp_path: Path) -> None:
    path = write(tmp_path / "hits.wav", hits((0.02, 1.5, 2.5)))
    prepare(path, tmp_path / "out", Cutting(1.25, "onsets"))
    clips = [soundfile.read(p)[0] for p in sorted((tmp_path / "out" / "hits").iterdir())]
    lead = round(cutting.LEAD * RATE)
    for clip in clips:
        assert len(clip) == 1.25 * RATE and abs(clip[-1]) < 1e-4
        assert np.abs(clip[: lead - 100]).max() < 0.1 * np.abs(clip[lead - 100 : lead + 400]).max()
    assert not clips[1][round(1.0 * RATE) :].any(), "silence from where the next clip begins"


def test_sounds_beyond_full_scale_keep_their_shape(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    samples = np.stack([noise(2.0) * 20, noise(2.0) * 20], 1)
    soundfile.write(tmp_path / "in" / "a.wav", samples, RATE, subtype="FLOAT")
    prepare(tmp_path / "in", tmp_path / "out", Cutting(1.0), "loud")
    clip, _ = soundfile.read(tmp_path / "out" / "loud" / "loud_0001.flac")
    np.testing.assert_allclose(clip, samples[:RATE, 0] / np.abs(samples[:RATE, 0]).max(), atol=1e-6)


@pytest.mark.parametrize("overlap", [0.0, 0.75])
def test_a_single_recording_holds_out_its_end(tmp_path: Path, overlap: float) -> None:
    path = write(tmp_path / "rain.flac", noise(12.0))
    made = prepare(path, tmp_path / "out", Cutting(1.0, overlap=overlap))
    ends = {"train": [0.0], "valid": [99.0]}
    for row in table(tmp_path / "out"):
        start = float(row["start"])
        ends[row["split"]].append(start + float(row["seconds"]) if row["split"] == "train" else start)
    assert max(ends["train"]) <= min(ends["valid"]) + 1e-6
    assert made.clips["rain"]["valid"] >= 2 and "add a second recording" in made.warnings[0]


def test_what_cannot_be_used_is_named_and_left_out(tmp_path: Path) -> None:
    for i in range(3):
        write(tmp_path / "in" / "a" / f"{i}.flac", noise(5.0, i))
    write(tmp_path / "in" / "a" / "again.flac", noise(5.0, 1))
    write(tmp_path / "in" / "a" / "still.flac", np.zeros(5 * RATE))
    write(tmp_path / "in" / "loose.flac", noise(5.0, 9))
    (tmp_path / "in" / "a" / "broken.wav").write_bytes(b"this is not audio")
    (tmp_path / "in" / "a" / "._0.flac").write_bytes(b"hidden")
    made = prepare(tmp_path / "in", tmp_path / "out", Cutting(1.0))
    said = "\n".join(made.warnings)
    for text in ("again.flac is the same as a/1.flac", "still.flac holds no sound", "broken.wav cannot be read"):
        assert text in said
    assert "beside the sub-folders are left out, first loose.flac" in said and "._0" not in said
    names = {row["recording"] for row in table(tmp_path / "out")}
    assert made.recordings == 3 and names == {f"a/{i}.flac" for i in range(3)}
    assert made.seconds_dropped == pytest.approx(10.0, abs=0.1)


def test_credits_go_with_the_clips(tmp_path: Path) -> None:
    for i in range(2):
        write(tmp_path / "in" / "rain" / f"{i}.flac", noise(3.0, i))
    known = 'file,class,licence,author\nrain/0.flac,wet,CC-BY-4.0,"Doe, J."\n'
    (tmp_path / "in" / "metadata.csv").write_text(known, encoding="utf-8-sig")
    made = prepare(tmp_path / "in", tmp_path / "out", Cutting(1.0))
    credits = {(r["class"], r["recording"], r["licence"], r["author"], r["url"]) for r in table(tmp_path / "out")}
    assert credits == {("rain", "rain/0.flac", "CC-BY-4.0", "Doe, J.", ""), ("rain", "rain/1.flac", "", "", "")}
    assert any("without a row in metadata.csv: 1, first rain/1.flac; add rows" in text for text in made.warnings)
    prepare(tmp_path / "in" / "rain" / "0.flac", tmp_path / "one", Cutting(1.0))
    assert {row["licence"] for row in table(tmp_path / "one")} == {""}, "no table lies beside this one"
    (tmp_path / "in" / "metadata.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match="cannot be read as CSV"):
        prepare(tmp_path / "in", tmp_path / "b", Cutting(1.0))


def test_files_in_a_folder_are_one_category(tmp_path: Path) -> None:
    for i in range(2):
        write(tmp_path / "creek" / f"{i}.flac", noise(3.0, i))
    made = prepare(tmp_path / "creek", tmp_path / "out", Cutting(1.0))
    assert list(made.clips) == ["creek"] and "50% of its clips are held out" in made.warnings[0]
    assert list(prepare(tmp_path / "creek", tmp_path / "b", Cutting(1.0), "water").clips) == ["water"]


def test_too_few_clips_are_said(tmp_path: Path) -> None:
    made = prepare(write(tmp_path / "a.flac", noise(2.0)), tmp_path / "out", Cutting(1.0))
    said = "\n".join(made.warnings)
    assert "none for validation" in said and "training needs 4 clips" in said and "scores need 2 clips" in said


@pytest.mark.parametrize(
    ("source", "category", "message"),
    [
        ("nowhere", None, "is not there"),
        ("empty", None, "holds no recordings"),
        ("still.flac", None, "gave no clip: still.flac holds no sound"),
        ("broken.wav", None, "cannot be read"),
        ("still.flac", "../up", "cannot name a folder"),
    ],
)
def test_nothing_to_cut_is_one_sentence(tmp_path: Path, source: str, category: str | None, message: str) -> None:
    (tmp_path / "empty").mkdir()
    write(tmp_path / "still.flac", np.zeros(RATE))
    (tmp_path / "broken.wav").write_bytes(b"this is not audio")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(DataError, match=message):
        prepare(tmp_path / source, tmp_path / "out", Cutting(1.0), category)
    assert sorted(tmp_path.iterdir()) == before


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", noise(2.0))
    (tmp_path / "out").mkdir()
    prepare(path, tmp_path / "out", Cutting(1.0))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DataError, match="already in use"):
        prepare(path, tmp_path / "out", Cutting(0.5))
    assert sorted(tmp_path.rglob("*")) == before


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.flac", noise(5.0))
    written = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if self.name.endswith("0003.flac"):
            raise OSError(errno.ENOSPC, "No space left on device", str(self))
        return written(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(DataError, match=r"cannot be written \(no space left on device\): free some space"):
        prepare(path, tmp_path / "out", Cutting(1.0))
    assert list(tmp_path.iterdir()) == [path]


def test_progress_runs_from_start_to_end(tmp_path: Path) -> None:
    seen: list[tuple[float, str]] = []
    path = write(tmp_path / "a.flac", noise(25.0))
    prepare(path, tmp_path / "out", Cutting(1.0), report=lambda part, name: seen.append((part, name)))
    parts = [part for part, _ in seen]
    assert parts == sorted(parts) and 0 < parts[0] < 0.3 and parts[-1] == 1.0 and {n for _, n in seen} == {"a.flac"}


def test_the_verb(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "rain.flac", noise(6.0))
    verb = ["prepare", str(path), "--seconds", "1", "--out", str(tmp_path / "out")]
    assert main([*verb, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["clips"] == {"rain": {"train": 4, "valid": 2}} and report["seconds_kept"] == 6.0
    assert main(verb) == 2 and "already in use" in capsys.readouterr().err
    assert main([*verb[:-1], str(tmp_path / "b"), "--category", "creek"]) == 0
    assert "creek: 4 clips, 2 more held out" in capsys.readouterr().out


def test_splits_of_the_recordings_stay_theirs(tmp_path: Path) -> None:
    """Folders of splits are no categories, those called valid are held out, and those called test are left out."""
    for split, count in (("Train", 2), ("val", 1), ("test", 1)):
        for i in range(count):
            write(tmp_path / "in" / split / "rain" / f"{i}.flac", noise(3.0, len(split) + i))
    (tmp_path / "in" / "Train" / "rain" / "._0.flac").write_bytes(b"hidden")
    (tmp_path / "in" / "metadata.csv").write_text("file;licence\nTrain\\rain\\0.flac;CC0\n")
    made = prepare(tmp_path / "in", tmp_path / "out", Cutting(1.0))
    assert made.clips == {"rain": {"train": 6, "valid": 3}}
    assert any(text.startswith("1 of split test left out") for text in made.warnings)
    rows = table(tmp_path / "out")
    assert {row["split"] for row in rows if row["recording"].startswith("val/")} == {"valid"}
    assert {row["licence"] for row in rows if row["recording"] == "Train/rain/0.flac"} == {"CC0"}


def test_empty_files_and_silence_have_one_sentence_each_and_a_late_start_is_cut(tmp_path: Path) -> None:
    for i in range(3):
        write(tmp_path / "in" / "a" / f"{i}.flac", noise(5.0, i))
    write(tmp_path / "in" / "a" / "late.flac", np.concatenate([np.zeros(round(2.5 * RATE)), noise(3.0, 9)]))
    write(tmp_path / "in" / "a" / "still.flac", np.zeros(5 * RATE))
    write(tmp_path / "in" / "a" / "samples.wav", np.zeros(0))
    (tmp_path / "in" / "a" / "bytes.wav").write_bytes(b"")
    made = prepare(tmp_path / "in", tmp_path / "out", Cutting(1.0))
    assert [said for said in made.warnings if ".wav" in said or "still" in said or "late" in said] == [
        "a/bytes.wav is empty; choose a recording",
        "a/samples.wav is empty: it has no samples; choose another recording",
        "a/still.flac holds no sound to cut and is left out: replace or remove it",
    ]
    late = [float(row["start"]) for row in table(tmp_path / "out") if row["recording"] == "a/late.flac"]
    assert len(late) == 3 and late[0] == pytest.approx(2.5, abs=0.1)


@pytest.mark.parametrize("format", ["OGG", "MP3"])
@pytest.mark.parametrize("mode", cutting.MODES)
def test_clips_of_ogg_and_mp3_are_those_of_the_whole_file(
    tmp_path: Path, format: str, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = tuple(0.5 + 0.9 * i for i in range(12))
    samples = 1e-4 * noise(12.0)
    for i, time in enumerate(times):
        tail = 3 * noise(0.6, i + 1) * np.exp(-np.arange(round(0.6 * RATE)) / (0.05 * RATE))
        samples[round(time * RATE) :][: len(tail)] += tail[: len(samples) - round(time * RATE)]
    path = tmp_path / f"a.{format.lower()}"
    soundfile.write(path, np.clip(samples, -1, 1), RATE, format=format)
    monkeypatch.setattr("synth.sound.pieces._KEPT", 0)  # nothing of the file is kept between two readings
    how = Cutting(0.5, mode)
    parts = cut(path, how)
    whole = Sound.load(path).samples[0]
    soundfile.write(tmp_path / "a.wav", whole, RATE, subtype="FLOAT")
    assert len(parts) >= 8
    clips, expected = (cutting.read_clips(file, parts, how) for file in (path, tmp_path / "a.wav"))
    for (clip, rate), (same, _) in zip(clips, expected, strict=True):
        assert rate == RATE
        np.testing.assert_array_equal(clip, same)
