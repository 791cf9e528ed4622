"""Categories and splits of recordings by a table: the data folder's own, or those of another data set."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from synth.errors import DataError
from synth.recordings.layout import Item, Parts
from synth.recordings.sheets import Sheet, as_path, read_sheet, short_cell, spelled
from synth.recordings.splits import fold, of_cell


def by_table(table: Path, sheet: Sheet, recordings: dict[str, Parts]) -> list[Item]:
    """As a metadata.csv says; raises DataError that names the first row which is amiss."""
    if sheet.rows and sheet.lacking:
        raise DataError(f"{table} lacks the columns {', '.join(sorted(sheet.lacking))}: add them or delete it")
    file, category, split = sheet.file or "", sheet.category or "", sheet.split or ""
    short = [i for i, r in enumerate(sheet.rows, start=2) if not (r[file] and r[category] and r[split])]
    if short:
        raise DataError(
            f"{table} lacks a file, class or split in {len(short)} rows, first row {short[0]}: fill them in"
        )
    known = {"/".join(parts): name for name, parts in recordings.items()}
    items: dict[str, Item] = {}
    outside, missing = [], []
    for row in sheet.rows:
        try:
            name = row[file] if row[file] in recordings else known.get(as_path(row[file]))
        except ValueError:
            outside.append(row[file])
            continue
        if name is None and not (name := _other_file(table.parent, row[file])):
            missing.append(row[file])
            continue
        told = {**row, "file": name, "class": row[category], "split": row[split]}
        items.setdefault(name, Item(name, _first_label(row, category), _cell_split(row, split), told))
    if outside:
        raise DataError(
            f"{table} names {len(outside)} files outside its folder, first {short_cell(outside[0])}: move them into it"
        )
    if missing:
        raise DataError(
            f"{table} names {len(missing)} files that are not there, first {short_cell(missing[0])}: restore or remove"
        )
    unnamed = [Item(name, "", None, {}) for name in recordings if name not in items]
    return [*items.values(), *unnamed]


def _other_file(folder: Path, cell: str) -> str | None:
    """A file that a table names although its name is not that of a recording: reading it will tell."""
    path = as_path(cell)
    return path if (folder / path).is_file() else None


def _first_label(row: dict[str, str], column: str) -> str:
    """The class of a row; where a column holds several labels, the first, which is the narrowest in FSD50K."""
    return spelled(row[column].split(",")[0].strip() if column == "labels" else row[column])


def _cell_split(row: dict[str, str], column: str) -> str:
    cell = row[column]
    return fold(int(cell)) if column == "fold" and cell.isdecimal() and len(cell) < 5 else of_cell(cell)


def by_others(folder: Path, tables: list[str], found: list[Item]) -> tuple[list[Item], list[str]]:
    """Recordings of a folder without categories, as the tables of another data set tell of them."""
    by_path: dict[str, Item] = {spelled(item.file): item for item in found}
    by_name: dict[str, list[Item]] = defaultdict(list)
    for item in found:
        name = spelled(item.file).rpartition("/")[2]
        for key in (name, name.rpartition(".")[0]):
            by_name[key].append(item)
    items: dict[str, Item] = {}
    used: list[tuple[str, Sheet]] = []
    unclassed: list[str] = []
    for table in tables:
        try:
            sheet = read_sheet(folder / table)
        except DataError:
            continue
        rows = [(row, of) for row in sheet.rows if (of := _named(row, sheet.file, table, by_path, by_name))]
        if not rows:
            continue
        if sheet.category is None:
            unclassed.append(table)
            continue
        used.append((table, sheet))
        for row, item in rows:
            split = _cell_split(row, sheet.split) if sheet.split and row[sheet.split] else item.split
            label = _first_label(row, sheet.category)
            items.setdefault(item.file, Item(item.file, label, split, {**row, "file": item.file}))
    if 2 * len(items) < len(found):  # it is about something else
        advice = "add a column class, or make one sub-folder per category"
        return found, [f"{table} names the recordings, but no category of them: {advice}" for table in unclassed]
    rest = [Item(item.file, "", item.split, {}) for item in found if item.file not in items]
    return [*items.values(), *rest], [_understood(table, sheet) for table, sheet in used]


def _named(
    row: dict[str, str], column: str | None, table: str, by_path: dict[str, Item], by_name: dict[str, list[Item]]
) -> Item | None:
    """The recording that a row names: by its path from the top or from the table, else by its name alone."""
    try:
        path = as_path(row[column]) if column else ""
    except ValueError:
        return None
    if not path:
        return None
    beside = f"{table.rpartition('/')[0]}/{path}".lstrip("/")
    named = by_path.get(path) or by_path.get(beside)
    alike = by_name.get(path.rpartition("/")[2], [])
    return named or (alike[0] if len(alike) == 1 else None)


def _understood(table: str, sheet: Sheet) -> str:
    several = ", of several the first" if sheet.category == "labels" else ""
    splits = f", splits from {sheet.split}" if sheet.split else ""
    return f"categories are taken from {table}, column {sheet.category}{several}{splits}: check that they are as meant"
