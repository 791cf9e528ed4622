"""Splits by the names that people give them: folders and cells of tables called train, Val, test_audio or fold3."""

from __future__ import annotations

import re

TRAIN, VALID, TEST = "train", "valid", "test"
DEV = "dev"  # of two meanings: beside a train split it is held out, without one it is what is trained on
USED = (TRAIN, VALID)
_WORDS = {
    "train": TRAIN,
    "training": TRAIN,
    "valid": VALID,
    "val": VALID,
    "validation": VALID,
    "dev": DEV,
    "development": DEV,
    "test": TEST,
    "testing": TEST,
    "eval": TEST,
    "evaluation": TEST,
}
_WORD = "|".join(sorted(_WORDS, key=len, reverse=True))
_FOLDER = re.compile(rf"(?:.*[._ -])?(?P<word>{_WORD})(?:[._ -]?(?:audio|set|split|data|clips|sounds|wavs?))?")
_FOLD = re.compile(r"(?:.*[._ -])?fold[._ -]?(?P<number>\d{1,4})")


def of_folder(name: str) -> str | None:
    """The split that a folder of this name would hold, were it one; "fold N" for the Nth fold; None for others."""
    folded = name.casefold()
    if found := _FOLDER.fullmatch(folded):
        return _WORDS[found["word"]]
    if found := _FOLD.fullmatch(folded):
        return fold(int(found["number"]))
    return None


def of_cell(text: str) -> str:
    """The split that a cell names; one that is not known stays as it is written."""
    return of_folder(text.strip()) or text.strip()


def fold(number: int) -> str:
    return f"fold {number}"


def settled(splits: list[str | None]) -> list[str | None]:
    """What "dev" and folds mean beside the others: of several folds the last is held out."""
    named = set(splits)
    folds = {int(split.removeprefix("fold ")) for split in named if split and re.fullmatch(r"fold \d+", split)}
    means: dict[str | None, str] = {fold(number): TRAIN for number in folds}
    if len(folds) > 1 and VALID not in named:
        means[fold(max(folds))] = VALID
    means[DEV] = VALID if TRAIN in named or folds else TRAIN
    return [means.get(split, split) for split in splits]
