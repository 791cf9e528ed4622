"""Categories and splits of recordings by the folders that they lie in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from synth.recordings.sheets import spelled
from synth.recordings.splits import of_folder

MAX_NAME = 100  # characters of a category

Parts = tuple[str, ...]


@dataclass(frozen=True)
class Item:
    """A recording as it is understood: no category where it lies in no folder, no split where nothing says it."""

    file: str
    category: str
    split: str | None
    row: dict[str, str]
    loose: bool = False


def by_folders(recordings: dict[str, Parts], folder: Path) -> list[Item]:
    """Categories by the first folder that is no split; one named as the data folder where splits are all there is."""
    placed = dict(_without_splits([(parts, file) for file, parts in recordings.items()], None, top=True))
    of_splits = {file for file, (parts, _) in placed.items() if len(parts) == 1 < len(recordings[file])}
    labelled = any(len(parts) > 1 for parts, _ in placed.values())
    items = []
    for file in recordings:
        parts, split = placed[file]
        category = parts[0] if len(parts) > 1 else "" if labelled or file not in of_splits else _own_name(folder)
        items.append(Item(file, category, split, {}, loose=len(recordings[file]) == 1))
    return items


def _own_name(folder: Path) -> str:
    return spelled(folder.resolve().name)[:MAX_NAME] or "sounds"


def _without_splits(
    paths: list[tuple[Parts, str]], split: str | None, *, top: bool
) -> Iterator[tuple[str, tuple[Parts, str | None]]]:
    """Each file with its parts below here without folders of splits, and the split that these said."""
    groups: dict[str, list[tuple[Parts, str]]] = defaultdict(list)
    for parts, file in paths:
        if len(parts) == 1:
            yield file, (parts, split)
        else:
            groups[parts[0]].append((parts[1:], file))
    direct = any(len(parts) == 1 for parts, _ in paths)
    splits = _split_folders(groups, direct, top)
    for name, inner in groups.items():
        said = of_folder(name) if name in splits else split
        # Below a lone folder around all others the question is the same.
        alone = top and len(groups) == 1 and not direct
        for file, (parts, found) in _without_splits(inner, said, top=alone):
            yield file, (parts if name in splits or (alone and _around(inner)) else (name, *parts), found)


def _around(inner: list[tuple[Parts, str]]) -> bool:
    """Whether a folder is only around folders of splits, which have folders of categories in them."""
    return all(len(parts) > 2 and of_folder(parts[0]) for parts, _ in inner)


def _split_folders(groups: dict[str, list[tuple[Parts, str]]], direct: bool, top: bool) -> set[str]:
    """Which of the folders that lie side by side are splits, not categories.

    All of them where they have the names of two or more splits. At the top one suffices, if its sounds lie in folders
    of their own: of the same names as the categories beside it, where there are any.
    """
    named = {name: of_folder(name) for name in groups if of_folder(name)}
    others = groups.keys() - named.keys()
    if not others and len(set(named.values())) > 1:
        return set(named)
    if not top or direct:
        return set()
    inside = {name: {parts[0] if len(parts) > 1 else "" for parts, _ in groups[name]} for name in named}
    return {name for name in named if "" not in inside[name] and (not others or inside[name] <= others)}
