"""A folder of recordings, one folder a category, as batches on the training device.

What it holds is told by synth/recordings/listing.py.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soxr
import torch
from torch import Tensor

from synth.audio.mono import mono
from synth.errors import DataError, FileError
from synth.recordings.listing import Entry as Entry
from synth.recordings.listing import listing
from synth.sound.reading import SILENCE, Start, opened, start_of

MIN_CLIPS = 4  # to train on
MIN_VALID = 2  # to score against
WIDE_RATE = 44100  # from this rate on, models learn only from what was recorded at theirs or above
NOTHING = "holds no recordings: put WAV, FLAC, OGG or MP3 files into one sub-folder per category"


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

    def called(self, categories: tuple[str, ...]) -> Clips:
        """The same, a lone category by the name that a run knows it by: it may be that of a folder which moved."""
        alone = len(self.categories) == len(categories) == 1
        return replace(self, categories=categories) if alone else self

    def waveforms(self) -> Tensor:
        """float32 (N, n) in [-1, 1]."""
        return self.samples.float() / 32767.0


def scan(folder: Path, sample_rate: int = 0) -> list[Entry]:
    """The recordings that a data folder holds for a model of `sample_rate` Hz.

    From WIDE_RATE on, those that were sampled at less are left out: of what a wide model is for they know nothing.
    Raises DataError when there is nothing to train on.
    """
    entries = list(listing(folder).entries)
    if not entries:
        raise DataError(f"{folder} {NOTHING}")
    if sample_rate < WIDE_RATE:
        return entries
    wide = [e for e in entries if _sampled_at(folder / e.file, sample_rate)]
    if not wide:
        raise DataError(too_narrow(str(folder), sample_rate))
    return wide


def too_narrow(folder: str, sample_rate: int) -> str:
    """What is said of a folder all of whose recordings were sampled at less than a wide model's rate."""
    asked = f"{sample_rate / 1000:g} kHz"
    return f"{folder} holds no recording of {asked} or more: bring such, or choose a model of 16 kHz"


def _sampled_at(path: Path, least: int) -> bool:
    """Whether a file has this rate or more. What cannot be read is told when its samples are asked for."""
    try:
        with opened(path) as reading:
            return reading.rate >= least
    except FileError:
        return True


def category_names(entries: list[Entry]) -> tuple[str, ...]:
    """Names in the order of their labels: alphabetical."""
    return tuple(sorted({e.category for e in entries}))


def load_clips(folder: Path, split: str, sample_rate: int, n: int, most: int | None = None) -> Clips:
    """Reads one split: every clip mono, at `sample_rate`, exactly n samples, its peak at full scale.

    most: reads so many clips at most, evenly among all.
    """
    folder = Path(folder)
    every = scan(folder, sample_rate)
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
    if most:
        entries = entries[:: -(-len(entries) // most)]
    samples = np.zeros((len(entries), n), np.int16)
    silent: list[str] = []
    late: list[str] = []
    for i, entry in enumerate(entries):
        try:
            start = read_heard(folder / entry.file, sample_rate, n, entry.file)
        except FileError as error:
            raise DataError(str(error).rstrip(".")) from error
        clip = as_clip(start.samples, start.rate, sample_rate, n)
        peak = float(np.abs(clip).max(initial=0.0))
        if peak < SILENCE:
            (silent if start.begins is None else late).append(entry.file)
            continue
        samples[i, : len(clip)] = np.round(clip / peak * 32767.0)
    if silent:
        raise DataError(f"{len(silent)} clips are silent, first {silent[0]}: remove them")
    if late:
        raise DataError(f"{len(late)} clips begin with longer silence than a model hears, first {late[0]}: trim them")
    labels = torch.tensor([categories.index(e.category) for e in entries], dtype=torch.int64)
    return Clips(torch.from_numpy(samples), labels, categories, tuple(entries))


def read_start(path: Path, sample_rate: int, n: int) -> tuple[np.ndarray, int, float]:
    """What n samples at `sample_rate` need of a file, at its own rate: float32 (m, channels), rate, seconds in all.

    Raises FileError for a file that cannot be read, is empty or holds samples that are not numbers.
    """
    start = read_heard(path, sample_rate, n)
    return start.samples, start.rate, start.seconds


def read_heard(path: Path, sample_rate: int, n: int, name: str = "") -> Start:
    """The part of a file that a model of n samples at `sample_rate` hears; raises FileError as `read_start` does."""
    return start_of(path, name or path.name, lambda rate: int(n * rate / sample_rate) + rate // 10)


def as_clip(data: np.ndarray, rate: int, sample_rate: int, n: int) -> np.ndarray:
    """Samples (m, channels) at `rate` as a model takes them: mono at `sample_rate`, float32, n samples at most."""
    heard = mono(data, rate)
    if rate != sample_rate:
        heard = soxr.resample(heard, rate, sample_rate)
    return np.asarray(heard[:n], np.float32)


class BatchSampler:
    """Draws class-balanced batches from clips that live on the training device.

    balance: 0 draws every clip equally often, 1 every category. jitter: largest random delay or advance in samples.
    semitones: largest change of speed, up or down, that half of the drawn clips get: a smaller or a larger object.
    """

    def __init__(self, clips: Clips, device: torch.device, balance: float, jitter: int = 0, semitones: float = 0.0):
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
        if not self.jitter and not self.semitones:
            return x
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
