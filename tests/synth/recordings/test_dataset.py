from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from synth.errors import DataError
from synth.recordings.dataset import BatchSampler, Clips, load_clips, scan


def test_folders_become_categories_and_splits(recordings: Path) -> None:
    train = load_clips(recordings, "train", 16000, 1024)
    valid = load_clips(recordings, "valid", 16000, 1024)
    assert train.categories == ("hit", "scrape")
    assert train.counts == {"hit": 9, "scrape": 9} and valid.counts == {"hit": 1, "scrape": 1}
    assert train.samples.abs().amax(1).tolist() == [32767] * 18


def test_metadata_rules_when_there_is_one(tmp_path: Path) -> None:
    rows = ["file,class,split,licence"]
    for i in range(6):
        soundfile.write(tmp_path / f"{i}.wav", np.random.default_rng(i).standard_normal(800) * 0.1, 8000)
        rows.append(f"{i}.wav,{'a' if i % 2 else 'b'},{'valid' if i == 5 else 'train'},CC0")
    (tmp_path / "metadata.csv").write_text("\n".join(rows))
    clips = load_clips(tmp_path, "train", 16000, 1600)
    assert len(clips) == 5 and clips.categories == ("a", "b")
    assert clips.samples[:, 1500:].abs().sum() > 0, "8 kHz clips of 0.1 s fill 1600 samples at 16 kHz"
    assert clips.entries[0].row["licence"] == "CC0"


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda p: None, "holds no recordings"),
        (lambda p: (p / "metadata.csv").write_text("file,label\na.wav,b\n"), "lacks the columns"),
        (lambda p: (p / "metadata.csv").write_text("file,class,split\na.wav,b,train\n"), "not there"),
        (lambda p: (p / "metadata.csv").write_text("file,class,split\n../a.wav,b,train\n"), "outside its folder"),
    ],
)
def test_bad_folders_are_one_sentence(tmp_path: Path, prepare: object, message: str) -> None:
    prepare(tmp_path)  # type: ignore[operator]
    with pytest.raises(DataError, match=message):
        scan(tmp_path)


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a folder"):
        scan(tmp_path / "nowhere")


def write_clips(folder: Path, count: int = 5) -> None:
    folder.mkdir()
    for i in range(count):
        soundfile.write(folder / f"{i}.wav", np.full(100, 0.1 * (i + 1)), 16000)


def test_damaged_silent_and_few_clips(tmp_path: Path) -> None:
    write_clips(tmp_path / "a", 3)
    with pytest.raises(DataError, match="at least 4"):
        load_clips(tmp_path, "train", 16000, 100)
    write_clips(tmp_path / "b", 6)
    (tmp_path / "a" / "0.wav").write_bytes(b"this is not audio")
    with pytest.raises(DataError, match=r"0\.wav cannot be read"):
        load_clips(tmp_path, "train", 16000, 100)
    soundfile.write(tmp_path / "a" / "0.wav", np.zeros(100), 16000)
    with pytest.raises(DataError, match="silent"):
        load_clips(tmp_path, "train", 16000, 100)


def sampler_of(counts: tuple[int, int], balance: float, tmp_path: Path) -> BatchSampler:
    for name, count in zip("ab", counts, strict=True):
        write_clips(tmp_path / name, count)
    rows = ["file,class,split"]
    rows += [f"{n}/{i}.wav,{n},train" for n, c in zip("ab", counts, strict=True) for i in range(c)]
    (tmp_path / "metadata.csv").write_text("\n".join(rows))
    return BatchSampler(load_clips(tmp_path, "train", 16000, 100), torch.device("cpu"), balance, 0)


@pytest.mark.parametrize(("balance", "expected"), [(0.0, 0.9), (1.0, 0.5), (0.5, 0.75)])
def test_balance_between_clips_and_categories(balance: float, expected: float, tmp_path: Path) -> None:
    sampler = sampler_of((18, 2), balance, tmp_path)
    rng = torch.Generator().manual_seed(0)
    _, labels, _ = sampler.real(4000, rng)
    assert (labels == 0).float().mean().item() == pytest.approx(expected, abs=0.03)
    assert (sampler.categories(4000, rng) == 0).float().mean().item() == pytest.approx(expected, abs=0.03)


def test_jitter_moves_clips_and_fills_with_silence(recordings: Path) -> None:
    clips = load_clips(recordings, "train", 16000, 1024)
    still = BatchSampler(clips, torch.device("cpu"), 0.0, 0)
    moving = BatchSampler(clips, torch.device("cpu"), 0.0, 50)
    x, _, index = still.real(1, torch.Generator().manual_seed(3))
    y = moving._varied(x.repeat(40, 1), torch.Generator().manual_seed(4))
    shifts = []
    for row in y:
        fit = [torch.equal(torch.roll(x[0], s)[60:-60], row[60:-60]) for s in range(-50, 51)]
        assert sum(fit) == 1
        shifts.append(fit.index(True) - 50)
    assert min(shifts) < -20 and max(shifts) > 20
    assert index.shape == (1,)


def test_speed_changes_pitch_and_keeps_shape() -> None:
    """Half of the clips keep their pitch; the others' spread over the semitones allowed, and a sine stays a sine."""
    n = torch.arange(8192)
    tone = (torch.sin(2 * torch.pi * 1000 / 16000 * n) * 30000).to(torch.int16)
    clips = Clips(tone.repeat(4, 1), torch.zeros(4, dtype=torch.int64), ("tone",), ())
    sampler = BatchSampler(clips, torch.device("cpu"), 0.0, 0, semitones=3.0)
    x, _, _ = sampler.real(200, torch.Generator().manual_seed(0))
    middle = x[:, 1024:5120] * torch.hann_window(4096)
    spectrum = torch.fft.rfft(middle, n=16384).abs()
    hz = spectrum.argmax(1) * 16000 / 16384
    assert ((hz - 1000).abs() < 2).float().mean().item() == pytest.approx(0.5, abs=0.12)
    assert 840 <= hz.min() < 870 and 1150 < hz.max() <= 1190
    peak = spectrum.amax(1)
    assert (peak > 0.97 * peak.max()).all(), "interpolation keeps the level"


def test_a_category_without_training_clips_is_refused(tmp_path: Path) -> None:
    sampler_of((5, 4), 0.0, tmp_path)
    table = tmp_path / "metadata.csv"
    table.write_text(table.read_text().replace("b,train", "b,valid"))
    with pytest.raises(DataError, match="no training clip of b"):
        load_clips(tmp_path, "train", 16000, 100)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("file,class,split,author\na/0.wav,a,train,Jörg\n".encode("latin-1"), "UTF-8"),
        (b"file,class,split\na/0.wav,a\n", "lacks a file, class or split in 1 rows, first row 2"),
    ],
)
def test_damaged_tables_are_one_sentence(tmp_path: Path, content: bytes, message: str) -> None:
    write_clips(tmp_path / "a")
    (tmp_path / "metadata.csv").write_bytes(content)
    with pytest.raises(DataError, match=message):
        scan(tmp_path)


def test_a_table_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    write_clips(tmp_path / "a")
    (tmp_path / "metadata.csv").write_text("\ufefffile,class,split\na/0.wav,a,train\n", encoding="utf-8")
    assert scan(tmp_path)[0].category == "a"


def test_small_folders_hold_one_clip_out(tmp_path: Path) -> None:
    write_clips(tmp_path / "a", 6)
    write_clips(tmp_path / "b", 3)
    assert len(load_clips(tmp_path, "valid", 16000, 100)) == 2
    assert len(load_clips(tmp_path, "train", 16000, 100)) == 7


def test_a_wide_model_learns_from_what_was_recorded_wide(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).standard_normal(9000) * 0.1
    for i in range(12):
        path = tmp_path / ("a" if i % 2 else "b") / f"{i}.wav"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, noise + i * 1e-3, (16000, 44100, 48000)[i % 3])
    assert len(scan(tmp_path, 16000)) == 12
    assert sorted(int(Path(e.file).stem) % 3 for e in scan(tmp_path, 44100)) == [1] * 4 + [2] * 4
    assert len(scan(tmp_path, 48000)) == 4
    clips = load_clips(tmp_path, "train", 44100, 4410)
    assert len(clips) == 7 and all(int(Path(e.file).stem) % 3 for e in clips.entries)
    for path in tmp_path.rglob("*.wav"):
        soundfile.write(path, noise, 16000)
    with pytest.raises(DataError, match=r"holds no recording of 44.1 kHz or more: bring such, or choose a model of 16"):
        scan(tmp_path, 44100)


def test_some_clips_lie_evenly_among_all(recordings: Path) -> None:
    every, some = load_clips(recordings, "train", 16000, 1024), load_clips(recordings, "train", 16000, 1024, most=5)
    step = -(-len(every) // 5)
    assert some.entries == every.entries[::step] and len(some) <= 5
    assert torch.equal(some.samples, every.samples[::step]) and torch.equal(some.labels, every.labels[::step])
