"""A folder of recordings, one folder a category, as batches on the training device.

With a `metadata.csv` (columns file, class, split; licence, source and author where known) its splits and categories
count; without one every folder is a category and one clip in ten is held out for validation.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch
from torch import Tensor

from synth.errors import DataError

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif")
MIN_CLIPS = 4  # to train on
MIN_VALID = 2  # to score against


@dataclass(frozen=True)
class Entry:
    """One recording: path relative to the data folder, category name, split, and its metadata row."""

    file: str
    category: str
    split: str
    row: dict[str, str]


@dataclass(frozen=True)
class Clips:
    """Recordings of one split in memory.

    samples: int16 (N, n), mono, peak-normalised; labels: int64 (N,), indices into categories.
    """

    samples: Tensor
    labels: Tensor
    categories: tuple[str, ...]
    entries: tuple[Entry, ...]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def counts(self) -> dict[str, int]:
        tally = Counter(self.labels.tolist())
        return {name: tally[i] for i, name in enumerate(self.categories)}

    def waveforms(self) -> Tensor:
        """float32 (N, n) in [-1, 1]."""
        return self.samples.float() / 32767.0


def scan(folder: Path) -> list[Entry]:
    """The recordings that a data folder holds; raises DataError when there is nothing to train on."""
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder: name a folder with one sub-folder of recordings per category")
    table = folder / "metadata.csv"
    entries = _from_table(folder, table) if table.exists() else _from_folders(folder)
    if not entries:
        raise DataError(
            f"{folder} holds no recordings: put WAV, FLAC, OGG or MP3 files into one sub-folder per category"
        )
    return entries


def read_table(table: Path) -> list[dict[str, str]]:
    """The rows of a metadata.csv, empty where a cell is; raises DataError for what is no such file."""
    try:
        with table.open(newline="", encoding="utf-8-sig") as f:
            return [{k: v or "" for k, v in row.items() if k} for row in csv.DictReader(f)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{table} cannot be read as CSV in UTF-8: save it so") from error


def _from_table(folder: Path, table: Path) -> list[Entry]:
    rows = read_table(table)
    needed = {"file", "class", "split"}
    if rows and not needed <= rows[0].keys():
        lacking = ", ".join(sorted(needed - rows[0].keys()))
        raise DataError(f"{table} lacks the columns {lacking}: add them or delete it")
    short = [i for i, r in enumerate(rows, start=2) if not (r["file"] and r["class"] and r["split"])]
    if short:
        raise DataError(
            f"{table} lacks a file, class or split in {len(short)} rows, first row {short[0]}: fill them in"
        )
    outside = [r["file"] for r in rows if Path(r["file"]).is_absolute() or ".." in Path(r["file"]).parts]
    if outside:
        raise DataError(f"{table} names {len(outside)} files outside its folder, first {outside[0]}: move them into it")
    missing = [r["file"] for r in rows if not (folder / r["file"]).is_file()]
    if missing:
        raise DataError(f"{table} names {len(missing)} files that are not there, first {missing[0]}: restore or remove")
    return [Entry(r["file"], r["class"], r["split"], r) for r in rows]


def _from_folders(folder: Path) -> list[Entry]:
    entries = []
    for sub in sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")):
        files = sorted(p for p in sub.rglob("*") if p.suffix.lower() in SUFFIXES)
        for i, path in enumerate(files):
            split = "valid" if i % 10 == 9 or (len(files) < 10 and i == len(files) - 1 > 0) else "train"
            entries.append(Entry(str(path.relative_to(folder)), sub.name, split, {}))
    return entries


def category_names(entries: list[Entry]) -> tuple[str, ...]:
    """Names in the order of their labels: alphabetical."""
    return tuple(sorted({e.category for e in entries}))


def load_clips(folder: Path, split: str, sample_rate: int, n: int) -> Clips:
    """Reads one split: every clip mono, at `sample_rate`, exactly n samples, its peak at full scale."""
    folder = Path(folder)
    every = scan(folder)
    categories = category_names(every)
    entries = [e for e in every if e.split == split]
    if split == "train" and len(entries) < MIN_CLIPS:
        raise DataError(f"{folder} has {len(entries)} training clips: at least {MIN_CLIPS} are needed")
    if split == "valid" and len(entries) < MIN_VALID:
        clips = f"{folder} has {len(entries)} clips in its valid split"
        raise DataError(f"{clips}: at least {MIN_VALID} are needed to score against")
    empty = sorted(set(categories) - {e.category for e in entries})
    if split == "train" and empty:
        raise DataError(f"{folder} has no training clip of {', '.join(empty)}: add some or leave the category out")
    samples = np.zeros((len(entries), n), np.int16)
    silent = []
    for i, entry in enumerate(entries):
        data, rate, _ = read_start(folder / entry.file, sample_rate, n)
        clip = as_clip(data, rate, sample_rate, n)
        peak = float(np.abs(clip).max(initial=0.0))
        if peak == 0.0:
            silent.append(entry.file)
            continue
        samples[i, : len(clip)] = np.round(clip / peak * 32767.0)
    if silent:
        raise DataError(f"{len(silent)} clips are silent, first {silent[0]}: remove them")
    labels = torch.tensor([categories.index(e.category) for e in entries], dtype=torch.int64)
    return Clips(torch.from_numpy(samples), labels, categories, tuple(entries))


@contextmanager
def open_recording(path: Path) -> Iterator[soundfile.SoundFile]:
    """An audio file open for reading; raises DataError where it cannot be read, at its start or midway."""
    try:
        with soundfile.SoundFile(path) as file:
            yield file
    except (soundfile.LibsndfileError, OSError) as error:
        raise DataError(f"{path.name} cannot be read as audio: replace or remove it") from error


def read_start(path: Path, sample_rate: int, n: int) -> tuple[np.ndarray, int, float]:
    """What n samples at `sample_rate` need of a file, at its own rate: float32 (m, channels), rate, seconds in all.

    Raises DataError for a file that cannot be read or holds samples that are not numbers.
    """
    with open_recording(path) as file:
        rate = file.samplerate
        seconds = file.frames / rate
        data = file.read(frames=int(n * rate / sample_rate) + rate // 10, dtype="float32", always_2d=True)
    if not np.isfinite(data).all():
        raise DataError(f"{path.name} holds samples that are not numbers: replace or remove it")
    return data, rate, seconds


def as_clip(data: np.ndarray, rate: int, sample_rate: int, n: int) -> np.ndarray:
    """Samples (m, channels) at `rate` as a model takes them: mono at `sample_rate`, float32, n samples at most."""
    mono = data.mean(axis=1)
    if rate != sample_rate:
        mono = soxr.resample(mono, rate, sample_rate)
    return np.asarray(mono[:n], np.float32)


class BatchSampler:
    """Draws class-balanced batches from clips that live on the training device.

    balance: 0 draws every clip equally often, 1 every category. jitter: largest random delay or advance in samples.
    semitones: largest change of speed, up or down, that half of the drawn clips get: a smaller or a larger object.
    """

    def __init__(self, clips: Clips, device: torch.device, balance: float, jitter: int, semitones: float = 0.0):
        counts = torch.bincount(clips.labels, minlength=len(clips.categories)).double()
        self.weights = (counts[clips.labels] ** -balance).float().to(device)
        self.category_weights = (counts ** (1.0 - balance)).float().to(device)
        self.samples = clips.samples.to(device)
        self.labels = clips.labels.to(device)
        self.jitter = jitter
        self.semitones = semitones
        self.offsets = torch.arange(self.samples.shape[1], device=device)

    def real(self, count: int, rng: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """(samples (B, n) float32, labels (B,), clip indices (B,))."""
        index = torch.multinomial(self.weights, count, replacement=True, generator=rng)
        return self._varied(self.samples[index].float() / 32767.0, rng), self.labels[index], index

    def categories(self, count: int, rng: torch.Generator) -> Tensor:
        """Labels (B,) for generated sounds, as frequent as among the real ones."""
        return torch.multinomial(self.category_weights, count, replacement=True, generator=rng)

    def _varied(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """Samples (B, n) at random delays and speeds, silence where nothing was recorded."""
        shift = torch.randint(-self.jitter, self.jitter + 1, (len(x), 1), generator=rng, device=x.device)
        if not self.semitones:
            return self._at(x, self.offsets - shift)
        octaves = (torch.rand(len(x), 1, generator=rng, device=x.device) * 2 - 1) * self.semitones / 12
        chosen = torch.rand(len(x), 1, generator=rng, device=x.device) < 0.5
        position = (self.offsets - shift) * 2 ** (octaves * chosen)
        whole = position.floor()
        return self._between(x, whole.long(), position - whole)

    def _between(self, x: Tensor, whole: Tensor, part: Tensor) -> Tensor:
        """Samples at whole + part, by cubic (4-point Lagrange) interpolation."""
        before, here, after, last = (self._at(x, whole + k) for k in (-1, 0, 1, 2))
        p = part
        return (
            before * (-p * (p - 1) * (p - 2) / 6)
            + here * ((p + 1) * (p - 1) * (p - 2) / 2)
            + after * (-(p + 1) * p * (p - 2) / 2)
            + last * ((p + 1) * p * (p - 1) / 6)
        )

    def _at(self, x: Tensor, index: Tensor) -> Tensor:
        index = index.expand(len(x), -1)
        inside = (index >= 0) & (index < x.shape[1])
        return x.gather(1, index.clamp(0, x.shape[1] - 1)) * inside
