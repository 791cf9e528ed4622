"""Long recordings -> a data folder that a model can be trained on, with no recording in two splits."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from synth.errors import DataError
from synth.recordings.cutting import Cutting, Stretch, measure, read_clips, stretches
from synth.recordings.dataset import MIN_CLIPS, MIN_VALID
from synth.recordings.listing import TABLE, listing
from synth.recordings.sheets import as_path, read_sheet, spelled
from synth.sound.sound import Sound
from synth.storage import new_folder

CREDITS = ("licence", "source", "author", "url")
COLUMNS = ("file", "class", "split", "recording", "start", "seconds", *CREDITS)
_VALID_SHARE = 0.1
_LARGE_SHARE = 1 / 3

Progress = Callable[[float, str], None]  # part done 0..1, the recording at hand


@dataclass(frozen=True)
class Preparation:
    """What `prepare` made. clips: category -> split -> clips; seconds of recording that went into clips, and the rest;
    warnings: sentences that say what to do."""

    folder: str
    recordings: int
    clips: dict[str, dict[str, int]]
    seconds_kept: float
    seconds_dropped: float
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True)
class Recording:
    """A file, its name in the table, its category, whether the folder calls it valid, what CREDITS are known of it, its
    length in seconds and the stretches of each split."""

    path: Path
    name: str
    category: str
    held: bool = False
    credits: tuple[str, ...] = ("",) * len(CREDITS)
    seconds: float = 0.0
    train: tuple[Stretch, ...] = ()
    valid: tuple[Stretch, ...] = ()

    @property
    def parts(self) -> list[Stretch]:
        return [*self.train, *self.valid]


def prepare(
    source: Path,
    folder: Path,
    cutting: Cutting,
    category: str | None = None,
    report: Progress = lambda part, name: None,
) -> Preparation:
    """Cuts `source` into `folder`/CATEGORY/CATEGORY_0001.flac and so on, with a metadata.csv.

    source: a folder with one sub-folder of recordings per category; or a file, or a folder of files, which make one
    category named after it. `category` puts all of them into that one. About one recording in ten of a category is
    its valid split; where there is but one, its last part is. What a metadata.csv beside the recordings says of
    licence, source, author and url goes with the clips; it names them in a column `file`.

    Raises DataError when there is nothing to cut, when all is silent, or when `folder` is in use or cannot be written.
    Then nothing is left behind.
    """
    with new_folder(folder) as part:
        found, warnings = _recordings(Path(source), category)
        found = _credited(found, Path(source), warnings)
        cut = _cut_all(found, cutting, report, warnings)
        usable = [r for r in cut if r.train]
        if not usable:
            raise DataError(f"{source} gave no clip: {'; '.join(warnings[:1])}")
        recordings = [r for group in _grouped(usable) for r in _split(group, warnings)]
        rows = _write(recordings, part, cutting, report)
    clips: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        clips[row["class"]][row["split"]] += 1
    kept = sum(_covered(r.parts) for r in recordings)
    return Preparation(
        folder=str(folder),
        recordings=len(recordings),
        clips={name: {"train": tally["train"], "valid": tally["valid"]} for name, tally in sorted(clips.items())},
        seconds_kept=round(kept, 2),
        seconds_dropped=round(sum(r.seconds for r in cut) - kept, 2),
        warnings=(*warnings, *_too_few(clips)),
    )


def _recordings(source: Path, category: str | None) -> tuple[list[Recording], list[str]]:
    """All recordings below `source` by category and name, and what was left out."""
    if category is not None and (not category.strip() or category.startswith(".") or set(category) & set("/\\")):
        raise DataError(f"category {category!r} cannot name a folder: use a plain word")
    if source.is_file():
        return [Recording(source, source.name, category or source.stem)], []
    if not source.is_dir():
        raise DataError(f"{source} is not there: name a recording or a folder of recordings")
    found = listing(source, table_needs_splits=False)
    loose, warnings = found.loose, list(found.notes)
    if not found.entries and not loose:
        raise DataError(f"{source} holds no recordings: put WAV, FLAC, OGG or MP3 files into it")
    one = category or (None if found.entries else spelled(source.resolve().name))
    recordings = [Recording(source / e.file, e.file, one or e.category, e.file in found.held) for e in found.entries]
    if one is not None:
        return [*(Recording(source / file, file, one) for file in loose), *recordings], warnings
    if loose:
        warnings.append(
            f"{len(loose)} recordings beside the sub-folders are left out, first {loose[0]}: move them into one, "
            "or give all recordings one category"
        )
    return recordings, warnings


def _credited(found: list[Recording], source: Path, warnings: list[str]) -> list[Recording]:
    """The recordings with what the table beside them says of each."""
    table = (source if source.is_dir() else source.parent) / TABLE
    if not table.exists():
        return found
    sheet = read_sheet(table)
    known = {_name(row, sheet.file): tuple(row.get(name, "") for name in CREDITS) for row in sheet.rows}
    unnamed = [r.name for r in found if spelled(r.name) not in known]
    if unnamed:
        warnings.append(
            f"recordings without a row in {table.name}: {len(unnamed)}, first {unnamed[0]}; add rows, or their clips "
            "have no licence and no author"
        )
    return [replace(r, credits=known.get(spelled(r.name), r.credits)) for r in found]


def _name(row: dict[str, str], column: str | None) -> str:
    """The recording that a row of credits names; nothing where it names none below its folder."""
    try:
        return as_path(row[column]) if column else ""
    except ValueError:
        return ""


def _cut_all(found: list[Recording], cutting: Cutting, report: Progress, warnings: list[str]) -> list[Recording]:
    """All that could be read, with their stretches, as train yet; what gave none is named in the warnings."""
    sizes = [r.path.stat().st_size for r in found]
    cut: list[Recording] = []
    seen: dict[str, str] = {}
    for i, recording in enumerate(found):

        def heard(part: float, i: int = i, name: str = recording.name) -> None:
            report(0.5 * (sum(sizes[:i]) + part * sizes[i]) / max(sum(sizes), 1), name)

        try:
            levels = measure(recording.path, cutting, heard, recording.name)
        except DataError as error:
            warnings.append(str(error))
            continue
        if levels.note:
            warnings.append(levels.note.rstrip("."))
        parts = [] if levels.digest in seen else stretches(levels, cutting)
        if levels.digest in seen:
            warnings.append(f"{recording.name} is the same as {seen[levels.digest]} and is left out: remove one")
        elif not parts:
            warnings.append(f"{recording.name} holds no sound to cut and is left out: replace or remove it")
        seen.setdefault(levels.digest, recording.name)
        cut.append(replace(recording, seconds=levels.seconds, train=tuple(parts)))
    return cut


def _grouped(recordings: list[Recording]) -> list[list[Recording]]:
    """By category."""
    groups: dict[str, list[Recording]] = defaultdict(list)
    for recording in recordings:
        groups[recording.category].append(recording)
    return [groups[name] for name in sorted(groups)]


def _split(group: list[Recording], warnings: list[str]) -> list[Recording]:
    """The recordings of one category with some of them, or the end of the only one, held out for validation: those that
    the folder calls valid, where it calls any so."""
    if any(r.held for r in group) and not all(r.held for r in group):
        return [replace(r, train=(), valid=r.train) if r.held else r for r in group]
    if len(group) == 1:
        return [_end_held_out(group[0], warnings)]
    counts = [len(r.train) for r in group]
    held = _held_out(counts)
    share = sum(counts[i] for i in held) / sum(counts)
    if share > _LARGE_SHARE:
        warnings.append(
            f"{group[0].category} has {len(group)} recordings, so {share:.0%} of its clips are held out for "
            "validation: add recordings"
        )
    return [replace(r, train=(), valid=r.train) if i in held else r for i, r in enumerate(group)]


def _held_out(counts: list[int]) -> set[int]:
    """One recording in ten, at least one, which together come closest to a tenth of the clips."""
    number = max(round(_VALID_SHARE * len(counts)), 1)
    held: set[int] = set()
    for k in range(1, number + 1):
        lacking = _VALID_SHARE * sum(counts) * k / number - sum(counts[i] for i in held)
        held.add(min(set(range(len(counts))) - held, key=lambda i: (abs(counts[i] - lacking), i)))
    return held


def _end_held_out(recording: Recording, warnings: list[str]) -> Recording:
    """The last clips as valid, and no train clip that shares a stretch with them."""
    parts = recording.train
    held = min(max(round(_VALID_SHARE * len(parts)), MIN_VALID), len(parts) // 3)
    if not held:
        warnings.append(
            f"{recording.category} has {len(parts)} clips of one recording and none for validation: add recordings"
        )
        return recording
    warnings.append(
        f"{recording.category} has one recording, whose last {held} clips are held out for validation, so scores will "
        "be too good: add a second recording"
    )
    valid = parts[-held:]
    return replace(recording, train=tuple(p for p in parts[:-held] if p.stop <= valid[0].start), valid=valid)


def _write(recordings: list[Recording], folder: Path, cutting: Cutting, report: Progress) -> list[dict[str, str]]:
    """Writes the clips and their table; returns its rows."""
    numbers: Counter[str] = Counter()
    total = sum(len(r.parts) for r in recordings)
    rows: list[dict[str, str]] = []
    for recording in recordings:
        (folder / recording.category).mkdir(exist_ok=True)
        splits = ["train"] * len(recording.train) + ["valid"] * len(recording.valid)
        clips = read_clips(recording.path, recording.parts, cutting)
        for part, split, (samples, rate) in zip(recording.parts, splits, clips, strict=True):
            numbers[recording.category] += 1
            file = f"{recording.category}/{recording.category}_{numbers[recording.category]:04}.flac"
            (folder / file).write_bytes(Sound(samples, rate).to_bytes("flac", "PCM_24"))
            start = max(part.start, 0.0)
            cells = (file, recording.category, split, recording.name, f"{start:.3f}", f"{part.stop - start:.3f}")
            rows.append(dict(zip(COLUMNS, (*cells, *recording.credits), strict=True)))
            report(0.5 + 0.5 * len(rows) / total, recording.name)
    with (folder / TABLE).open("w", newline="", encoding="utf-8") as f:
        writer = csv.DictWriter(f, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return rows


def _covered(parts: list[Stretch]) -> float:
    """Seconds of the recording in any of the stretches, which are in order of their starts."""
    seconds, heard = 0.0, 0.0
    for part in parts:
        seconds += max(part.stop - max(part.start, heard), 0.0)
        heard = max(heard, part.stop)
    return seconds


def _too_few(clips: dict[str, Counter[str]]) -> list[str]:
    """Why training or its scores would refuse what was made."""
    advice = "add recordings, or choose a smaller number of seconds"
    train, valid = (sum(tally[split] for tally in clips.values()) for split in ("train", "valid"))
    warnings = []
    if train < MIN_CLIPS:
        warnings.append(f"training needs {MIN_CLIPS} clips and there are {train}: {advice}")
    if valid < MIN_VALID:
        warnings.append(f"scores need {MIN_VALID} clips in the valid split and there are {valid}: {advice}")
    return warnings
