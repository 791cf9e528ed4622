"""Tables of recordings as other programs write them: commas, semicolons or tabs, any case, `\\` in paths."""

from __future__ import annotations

import csv
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from synth.errors import DataError

MAX_BYTES = 64 << 20
SUFFIXES = (".csv", ".tsv")
_DELIMITERS = (",", ";", "\t")
# What a column is called elsewhere, the likeliest first: ESC-50, UrbanSound8K, FSD50K, folders of Hugging Face.
_FILE = ("file", "filename", "file_name", "slice_file_name", "fname", "path", "filepath", "file_path")
_CLASS = ("class", "category", "label", "labels")
_SPLIT = ("split", "subset", "set", "fold")


@dataclass(frozen=True)
class Sheet:
    """A table: rows by the names of its columns in lower case, and which of them tell file, class and split."""

    rows: list[dict[str, str]]
    file: str | None
    category: str | None
    split: str | None

    @property
    def lacking(self) -> list[str]:
        """Columns that a table of recordings needs and this one has under no name."""
        named = {"file": self.file, "class": self.category, "split": self.split}
        return [name for name, column in named.items() if column is None]


def read_sheet(table: Path) -> Sheet:
    """A table, cells empty where there are none; raises DataError for what is no such file."""
    try:
        if table.stat().st_size > MAX_BYTES:
            raise DataError(f"{table} is larger than {MAX_BYTES >> 20} MiB: make it smaller")
        lines = table.read_text(encoding="utf-8-sig").splitlines(keepends=True)
        if lines and lines[0].casefold().startswith("sep="):  # Excel's note of what it wrote
            del lines[0]
        delimiter = max(_DELIMITERS, key=lambda mark: len(next(csv.reader(lines[:1], delimiter=mark), [])))
        reader = csv.DictReader(lines, delimiter=delimiter)
        reader.fieldnames = [name.strip().casefold() for name in reader.fieldnames or []]
        rows = [{k: (v or "").strip() for k, v in row.items() if k} for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{table} cannot be read as CSV in UTF-8: save it so") from error
    except OSError as error:
        raise DataError(f"{table} cannot be read ({(error.strerror or 'damaged').lower()}): restore it") from error
    names = set(reader.fieldnames)
    file, category, split = (next((n for n in known if n in names), None) for known in (_FILE, _CLASS, _SPLIT))
    return Sheet(rows, file, category, split)


def spelled(name: str) -> str:
    """A name in the one spelling of accents that all names here have, whatever the system that wrote it (NFC)."""
    return unicodedata.normalize("NFC", name)


def as_path(cell: str) -> str:
    """A cell as a path below the table's folder; raises ValueError where it leads out of it."""
    path = spelled(cell.replace("\\", "/"))
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if path.startswith("/") or ".." in parts or (parts and parts[0][1:2] == ":"):
        raise ValueError(cell)
    return "/".join(parts)


def short_cell(cell: str) -> str:
    """A cell as a sentence may tell of it."""
    return " ".join(cell.split())[:100]
