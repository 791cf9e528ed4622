"""What a data folder holds, and what would keep a model from learning well from it, before any training."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
from scipy.fft import rfft

from synth.errors import DataError, FileError
from synth.recordings.dataset import MIN_CLIPS, MIN_VALID, NOTHING, WIDE_RATE, Entry, as_clip, read_heard, too_narrow
from synth.recordings.listing import count, listing
from synth.sound.reading import SILENCE

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

    begins: where its first sound is, in seconds, None where there is none; cut: whether the file breaks off; peak:
    linear; clipped: share of samples at full scale; digest: the same for the same samples; fingerprint: float32 unit
    vector, nearly the same for the same sound at another level or in another format.
    """

    entry: Entry
    seconds: float
    rate: int
    begins: float | None
    cut: bool
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
        found = listing(folder)
    except DataError as error:
        if not folder.is_dir():
            raise
        return Survey(0, 0.0, {}, {}, {}, 0, (str(error),), ())
    entries, beside = found.entries, (*_loose(found.loose), *found.notes)
    if not entries:
        return Survey(0, 0.0, {}, {}, {}, len(found.ignored), (f"{folder} {NOTHING}", *beside), ())
    clips: list[Clip] = []
    refused: list[tuple[str, FileError]] = []
    n = round(seconds * sample_rate)
    for i, entry in enumerate(entries):
        try:
            clips.append(_listen(folder, entry, sample_rate, n))
        except FileError as error:
            refused.append((entry.file, error))
        progress((i + 1) / len(entries), entry.file)
    aside = _others(found.ignored)
    narrow = {c.entry.file for c in clips if c.rate < sample_rate >= WIDE_RATE}
    if narrow and len(narrow) == len(clips):
        return Survey(0, 0.0, {}, {}, {}, len(found.ignored), (too_narrow(str(folder), sample_rate), *beside), ())
    entries = tuple(e for e in entries if e.file not in narrow)
    clips = [c for c in clips if c.entry.file not in narrow]
    return Survey(
        clips=len(clips),
        seconds=round(sum(c.seconds for c in clips), 2),
        categories=_categories(clips),
        formats=dict(Counter(Path(c.entry.file).suffix.lower().lstrip(".") for c in clips).most_common()),
        rates=dict(Counter(c.rate for c in clips).most_common()),
        ignored=len(found.ignored),
        blocking=tuple(_blocking(entries, clips, refused)),
        warnings=(*_warnings(clips, seconds), *_duplicates(clips), *_narrow(narrow, sample_rate), *beside, *aside),
    )


def _listen(folder: Path, entry: Entry, sample_rate: int, n: int) -> Clip:
    start = read_heard(folder / entry.file, sample_rate, n)
    data, rate = start.samples, start.rate
    clip = as_clip(data, rate, sample_rate, n)
    # A full-scale tone touches its peak with one sample at a time; a clipped one stays there.
    full = np.abs(data) >= _FULL_SCALE
    return Clip(
        entry=entry,
        seconds=start.seconds,
        rate=rate,
        begins=start.begins,
        cut=bool(start.note),
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
    found: np.ndarray = centred / max(float(np.linalg.norm(centred)), 1e-9)
    return found


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


def _blocking(entries: Sequence[Entry], clips: list[Clip], refused: list[tuple[str, FileError]]) -> list[str]:
    """What `load_clips` would refuse, all of it at once."""
    found = []
    damaged = [file for file, error in refused if error.damaged]
    if damaged:
        found.append(f"cannot be read as audio: {_names(damaged)}; replace or remove")
    whole = [(file, error) for file, error in refused if not error.damaged]
    for fault, remedy in dict.fromkeys((error.fault, error.remedy) for _, error in whole):
        found.append(f"{fault}: {_names([file for file, error in whole if error.fault == fault])}; {remedy}, or remove")
    silent = [c for c in clips if c.peak < SILENCE]
    never = [c.entry.file for c in silent if c.begins is None]
    if never:
        found.append(f"nothing but silence: {_names(never)}; remove")
    late = [f"{c.entry.file} (first sound after {c.begins:.2f} s)" for c in silent if c.begins is not None]
    if late:
        found.append(f"silent for as long as a model hears: {_names(late)}; trim (`prepare` does)")
    train = Counter(c.entry.category for c in clips if c.entry.split == "train")
    if train.total() < MIN_CLIPS:
        found.append(f"{train.total()} clips to train on are too few: bring at least {MIN_CLIPS}, better hundreds")
    lacking = sorted({e.category for e in entries} - train.keys())
    if lacking:
        found.append(f"{', '.join(lacking)}: no clip to train on; add some or leave the category out")
    return found


def _warnings(clips: list[Clip], seconds: float) -> list[str]:
    sounding = [c for c in clips if c.peak >= SILENCE]  # what is silent blocks, and one sentence is enough
    files = {
        "clipped": [c.entry.file for c in sounding if c.clipped > _CLIPPED],
        "faint": [c.entry.file for c in sounding if c.peak < _FAINT],
        "cut": [c.entry.file for c in sounding if c.cut],
        "long": [c.entry.file for c in sounding if c.seconds > _TOO_LONG * seconds],
        "short": [c.entry.file for c in sounding if c.seconds < _TOO_SHORT * seconds],
        "low": [c.entry.file for c in sounding if c.rate < LOW_RATE],
    }
    if len(files["short"]) <= _SHORT_SHARE * len(clips):
        files["short"] = []
    sentences = {
        "clipped": ("clipped, with flat tops at full scale", "record at a lower level or leave out"),
        "faint": ("nearly silent, so that noise would be raised too", "record at a higher level or leave out"),
        "cut": ("breaks off before the end that the file tells of", "save anew or leave out"),
        "long": (f"much longer than {seconds:g} s, of which only the first {seconds:g} s count", "cut with `prepare`"),
        "short": (f"much shorter than {seconds:g} s, so that a model mostly learns silence", "choose a shorter model"),
        "low": (f"sampled below {LOW_RATE / 1000:g} kHz, so without treble", "use the originals where you can"),
    }
    return [*_sizes(clips), *(f"{what}: {count(files[k])}; {do}" for k, (what, do) in sentences.items() if files[k])]


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
    sounding = [c for c in clips if c.peak >= SILENCE]
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


def _narrow(files: Collection[str], sample_rate: int) -> list[str]:
    """What is said of recordings that have nothing to teach a wide model."""
    told = f"sampled below {sample_rate / 1000:g} kHz, so left out"
    return [f"{told}: {count(sorted(files))}; use the originals where you can"] if files else []


def _loose(files: Sequence[str]) -> list[str]:
    """What is said of recordings that lie beside the folders."""
    return [f"in no sub-folder, so left out: {count(files)}; move into one sub-folder per category"] if files else []


def _others(ignored: Sequence[str]) -> list[str]:
    if not ignored:
        return []
    return [f"not recordings, so left out: {count(ignored)}; convert to WAV or FLAC what holds sound"]


def _names(files: list[str]) -> str:
    more = f" and {len(files) - _NAMED} more" if len(files) > _NAMED else ""
    return ", ".join(files[:_NAMED]) + more
