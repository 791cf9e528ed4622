"""What a data folder holds, and what would keep a model from learning well from it, before any training."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
from scipy.fft import rfft

from synth.errors import DataError
from synth.training.dataset import MIN_CLIPS, MIN_VALID, SUFFIXES, Entry, as_clip, read_start, scan

FEW_CLIPS = 20
UNEVEN = 10.0  # times the clips of the smallest category
LOW_RATE = 16000  # Hz
NEAR = 0.999  # cosine between the fingerprints of two clips that sound the same
_TOO_LONG, _TOO_SHORT = 2.0, 0.5  # times the model's length
_SHORT_SHARE = 0.5  # of all clips: a few short ones among others are as they should be
_FULL_SCALE = 0.9999
_CLIPPED = 0.001  # share of samples
_FAINT = 0.001  # peak, -60 dB
_BANDS, _SLOTS = 16, 32
_RANGE_DB = 40.0  # below the loudest band: further down, formats and rounding leave their own noise
_ROWS = 1024  # fingerprints compared at a time
_NAMED = 5


@dataclass(frozen=True)
class Category:
    """clips: how many; seconds: of recording, in whole files."""

    clips: int
    seconds: float


@dataclass(frozen=True)
class Survey:
    """formats: suffix -> files; rates: Hz -> files; ignored: files that are neither recordings nor their table.

    blocking: why nothing can be trained on this folder; warnings: what will make for a worse model. Sentences, each of
    which says what to do.
    """

    clips: int
    seconds: float
    categories: dict[str, Category]
    formats: dict[str, int]
    rates: dict[int, int]
    ignored: int
    blocking: tuple[str, ...]
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True)
class Clip:
    """What is known of one recording. seconds and rate are the file's; all else is of what a model would hear of it.

    peak: linear; clipped: share of samples at full scale; digest: the same for the same samples; fingerprint: float32
    unit vector, nearly the same for the same sound at another level or in another format.
    """

    entry: Entry
    seconds: float
    rate: int
    peak: float
    clipped: float
    digest: bytes
    fingerprint: np.ndarray


def survey(
    folder: Path,
    sample_rate: int,
    seconds: float,
    progress: Callable[[float, str], None] = lambda part, file: None,
) -> Survey:
    """Looks at every recording of `folder` as a model of `sample_rate` Hz and `seconds` would hear it.

    Each file is read once, and no further than the model hears it. `progress` is told the part done, 0..1, and the
    file at hand. What is wrong with the folder is in the survey; DataError is raised only where there is no folder.
    """
    folder = Path(folder)
    try:
        entries = scan(folder)
    except DataError as error:
        if not folder.is_dir():
            raise
        return Survey(0, 0.0, {}, {}, {}, 0, (str(error), *_unused(folder, [])), ())
    clips, unreadable = [], []
    n = round(seconds * sample_rate)
    for i, entry in enumerate(entries):
        try:
            clips.append(_listen(folder, entry, sample_rate, n))
        except DataError:
            unreadable.append(entry.file)
        progress((i + 1) / len(entries), entry.file)
    ignored = _ignored(folder)
    return Survey(
        clips=len(clips),
        seconds=round(sum(c.seconds for c in clips), 2),
        categories=_categories(clips),
        formats=dict(Counter(Path(c.entry.file).suffix.lower().lstrip(".") for c in clips).most_common()),
        rates=dict(Counter(c.rate for c in clips).most_common()),
        ignored=len(ignored),
        blocking=tuple(_blocking(entries, clips, unreadable)),
        warnings=(*_warnings(clips, seconds), *_duplicates(clips), *_unused(folder, entries), *_others(ignored)),
    )


def _listen(folder: Path, entry: Entry, sample_rate: int, n: int) -> Clip:
    data, rate, seconds = read_start(folder / entry.file, sample_rate, n)
    clip = as_clip(data, rate, sample_rate, n)
    # A full-scale tone touches its peak with one sample at a time; a clipped one stays there.
    full = np.abs(data) >= _FULL_SCALE
    return Clip(
        entry=entry,
        seconds=seconds,
        rate=rate,
        peak=float(np.abs(clip).max(initial=0.0)),
        clipped=float((full[1:] & full[:-1]).mean()) if len(data) > 1 else 0.0,
        digest=hashlib.blake2b(clip.tobytes(), digest_size=16).digest(),
        fingerprint=_fingerprint(clip, sample_rate, n),
    )


def _fingerprint(clip: np.ndarray, sample_rate: int, n: int) -> np.ndarray:
    """Coarse log-mel envelope, _SLOTS + 1 frames of at most _BANDS, without its mean and as a unit vector, flat."""
    hop = max(n // _SLOTS, 32)
    window = 2 * hop
    padded = np.zeros((_SLOTS + 2) * hop, np.float32)
    padded[hop : hop + len(clip)] = clip[: (_SLOTS + 1) * hop]
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop]
    power = np.abs(rfft(frames * np.hanning(window).astype(np.float32))) ** 2
    mel = np.add.reduceat(power, _band_starts(sample_rate, window), axis=1)
    decibels = 10.0 * np.log10(np.maximum(mel, max(float(mel.max()), 1e-20) * 10.0 ** (-_RANGE_DB / 10.0)))
    centred = (decibels - decibels.mean()).ravel().astype(np.float32)
    return centred / max(float(np.linalg.norm(centred)), 1e-9)


@cache
def _band_starts(sample_rate: int, window: int) -> np.ndarray:
    """The first bin of each band, the bands as wide as one another in mel (O'Shaughnessy)."""
    mels = np.linspace(0.0, np.log1p(sample_rate / 2 / 700.0), _BANDS, endpoint=False)
    return np.unique((700.0 * np.expm1(mels) * window / sample_rate).astype(np.int64))


def _categories(clips: list[Clip]) -> dict[str, Category]:
    groups: dict[str, list[float]] = defaultdict(list)
    for clip in clips:
        groups[clip.entry.category].append(clip.seconds)
    return {name: Category(len(groups[name]), round(sum(groups[name]), 2)) for name in sorted(groups)}


def _blocking(entries: list[Entry], clips: list[Clip], unreadable: list[str]) -> list[str]:
    """What `load_clips` would refuse, all of it at once."""
    found = []
    if unreadable:
        found.append(f"cannot be read as audio: {_names(unreadable)}; replace or remove")
    silent = [c.entry.file for c in clips if c.peak == 0.0]
    if silent:
        found.append(f"nothing but silence: {_names(silent)}; remove")
    train = Counter(c.entry.category for c in clips if c.entry.split == "train")
    if train.total() < MIN_CLIPS:
        found.append(f"{train.total()} clips to train on are too few: bring at least {MIN_CLIPS}, better hundreds")
    lacking = sorted({e.category for e in entries} - train.keys())
    if lacking:
        found.append(f"{', '.join(lacking)}: no clip to train on; add some or leave the category out")
    return found


def _warnings(clips: list[Clip], seconds: float) -> list[str]:
    files = {
        "clipped": [c.entry.file for c in clips if c.clipped > _CLIPPED],
        "faint": [c.entry.file for c in clips if 0.0 < c.peak < _FAINT],
        "long": [c.entry.file for c in clips if c.seconds > _TOO_LONG * seconds],
        "short": [c.entry.file for c in clips if c.seconds < _TOO_SHORT * seconds],
        "low": [c.entry.file for c in clips if c.rate < LOW_RATE],
    }
    if len(files["short"]) <= _SHORT_SHARE * len(clips):
        files["short"] = []
    sentences = {
        "clipped": ("clipped, with flat tops at full scale", "record at a lower level or leave out"),
        "faint": ("nearly silent, so that noise would be raised too", "record at a higher level or leave out"),
        "long": (f"much longer than {seconds:g} s, of which only the first {seconds:g} s count", "cut with `prepare`"),
        "short": (f"much shorter than {seconds:g} s, so that a model mostly learns silence", "choose a shorter model"),
        "low": (f"sampled below {LOW_RATE / 1000:g} kHz, so without treble", "use the originals where you can"),
    }
    return [*_sizes(clips), *(f"{what}: {_count(files[k])}; {do}" for k, (what, do) in sentences.items() if files[k])]


def _sizes(clips: list[Clip]) -> list[str]:
    """Too few clips, too few of a category, or far more of one than of another."""
    found = []
    tally = Counter(c.entry.category for c in clips)
    if len(clips) < FEW_CLIPS:
        found.append(f"{len(clips)} clips are few, and a model will repeat them: bring {FEW_CLIPS}, better hundreds")
    few = sorted(name for name, count in tally.items() if count < MIN_CLIPS)
    if few:
        found.append(f"{', '.join(few)}: fewer than {MIN_CLIPS} clips each; add some or leave the category out")
    if sum(c.entry.split == "valid" for c in clips) < MIN_VALID:
        found.append(f"no scores can be taken, as fewer than {MIN_VALID} clips are in the valid split: add clips")
    most, least = (max(tally, key=tally.__getitem__), min(tally, key=tally.__getitem__)) if tally else ("", "")
    if tally[most] > UNEVEN * tally[least]:
        found.append(
            f"{most} has {tally[most]} clips and {least} {tally[least]}: add clips of {least}, or leave one of them out"
        )
    return found


def _duplicates(clips: list[Clip]) -> list[str]:
    """Clips that repeat an earlier one, sample by sample or by ear; worst where the two are in different splits."""
    sounding = [c for c in clips if c.peak > 0.0]
    first: dict[bytes, Clip] = {}
    exact, distinct = [], []
    for clip in sounding:
        original = first.setdefault(clip.digest, clip)
        if original is clip:
            distinct.append(clip)
        else:
            exact.append((original, clip))
    near = [(distinct[i], distinct[j]) for i, j in _near([c.fingerprint for c in distinct])]
    found = []
    if exact:
        found.append(f"{_pairs(exact)}, as exact copies: remove one of each pair")
    if near:
        found.append(f"{_pairs(near)}, but for level or format: listen, and remove one of each pair")
    across = [pair for pair in exact + near if pair[0].entry.split != pair[1].entry.split]
    if across:
        found.append(f"{_pairs(across)}, across the splits, which makes scores too good: remove one of each pair")
    return found


def _near(fingerprints: list[np.ndarray]) -> Iterator[tuple[int, int]]:
    """(i, j) of each clip j that sounds like an earlier one, i the first of them."""
    if not fingerprints:
        return
    every = np.stack(fingerprints)
    for start in range(0, len(every), _ROWS):
        alike = every[start : start + _ROWS] @ every[: start + _ROWS].T > NEAR
        for row, column in enumerate(alike.argmax(axis=1).tolist()):
            if alike[row, column] and column < start + row:
                yield column, start + row


def _pairs(pairs: list[tuple[Clip, Clip]]) -> str:
    """How many repeat another, and the first pair."""
    one, other = (clip.entry.file for clip in pairs[0])
    verb = "clip repeats" if len(pairs) == 1 else "clips repeat"
    return f"{len(pairs)} {verb} another, first {other} = {one}"


def _unused(folder: Path, entries: list[Entry]) -> list[str]:
    """Recordings in the folder that do not count, because they lie or are named nowhere."""
    used = {folder / e.file for e in entries}
    unused = [p for p in _files(folder) if p.suffix.lower() in SUFFIXES and p not in used]
    if not unused:
        return []
    names = [p.relative_to(folder).as_posix() for p in unused]
    if (folder / "metadata.csv").exists():
        return [f"not in metadata.csv, so left out: {_count(names)}; add rows or delete metadata.csv"]
    return [f"in no sub-folder, so left out: {_count(names)}; move into one sub-folder per category"]


def _ignored(folder: Path) -> list[str]:
    """Files that are neither recordings nor their table."""
    others = [p for p in _files(folder) if p.suffix.lower() not in SUFFIXES and p != folder / "metadata.csv"]
    return [p.relative_to(folder).as_posix() for p in others]


def _others(ignored: list[str]) -> list[str]:
    if not ignored:
        return []
    return [f"not recordings, so left out: {_count(ignored)}; convert to WAV or FLAC what holds sound"]


def _files(folder: Path) -> list[Path]:
    """All files below a folder but hidden ones."""
    paths = sorted(p for p in folder.rglob("*") if p.is_file()) if folder.is_dir() else []
    return [p for p in paths if not any(part.startswith(".") for part in p.relative_to(folder).parts)]


def _names(files: list[str]) -> str:
    more = f" and {len(files) - _NAMED} more" if len(files) > _NAMED else ""
    return ", ".join(files[:_NAMED]) + more


def _count(files: list[str]) -> str:
    return f"{len(files)} files, first {files[0]}" if len(files) > 1 else files[0]
