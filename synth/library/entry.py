"""A kept sound: its patch and what a person says of it, as values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from synth.errors import LibraryError
from synth.patch.patch import Patch

LONGEST_NAME, LONGEST_TAG, MOST_TAGS, LONGEST_NOTES = 120, 40, 32, 4000
MOST_STARS = 5


@dataclass(frozen=True)
class Entry:
    """A sound of the library.

    id: of this file alone. query: the patch as a link has it. ucs: its CatID in the Universal Category System. stars:
    0..5. kept, heard, deleted: when, in seconds since 1970, or None where it never was.
    """

    id: int
    query: str
    model: str
    category: str
    name: str
    ucs: str
    tags: tuple[str, ...]
    notes: str
    stars: int
    kept: float | None = None
    heard: float | None = None
    deleted: float | None = None

    @property
    def patch(self) -> Patch:
        """Raises PatchError for one that another version wrote and this one cannot read."""
        return Patch.from_query(self.query)

    @property
    def is_kept(self) -> bool:
        return self.kept is not None and self.deleted is None


def one_name(text: object) -> str:
    """A name in one line; raises LibraryError for none and for one that is too long."""
    name = " ".join(str(text).split())
    if not name or len(name) > LONGEST_NAME:
        raise LibraryError(f"a name has 1 to {LONGEST_NAME} characters: give the sound another one")
    return name


def several_tags(given: str | Iterable[str]) -> tuple[str, ...]:
    """Tags, each once, of a list or of a text with commas between them; raises LibraryError."""
    parts = given.split(",") if isinstance(given, str) else list(given)
    tags = tuple(dict.fromkeys(filter(None, (" ".join(str(part).replace(",", " ").split()) for part in parts))))
    if len(tags) > MOST_TAGS or any(len(tag) > LONGEST_TAG for tag in tags):
        raise LibraryError(f"a sound has up to {MOST_TAGS} tags of up to {LONGEST_TAG} characters: leave some out")
    return tags


def some_notes(text: object) -> str:
    """Raises LibraryError for notes that are too long."""
    notes = str(text).strip()
    if len(notes) > LONGEST_NOTES:
        raise LibraryError(f"notes have up to {LONGEST_NOTES} characters: shorten them")
    return notes


def some_stars(number: Any) -> int:
    """Raises LibraryError."""
    if isinstance(number, bool) or number not in range(MOST_STARS + 1):
        raise LibraryError(f"stars are a whole number in 0..{MOST_STARS}")
    return int(number)


def cat_id(text: object) -> str:
    """A CatID such as WOODImpt; raises LibraryError."""
    if not re.fullmatch(r"[A-Z]{2,8}[A-Za-z]{0,12}", str(text)):
        raise LibraryError("a UCS category is a CatID such as WOODImpt: letters alone, the first ones capital")
    return str(text)


def joined_tags(given: str | Iterable[str]) -> str:
    """Tags as a row has them."""
    return ", ".join(several_tags(given))


# What a person may change of an entry, and how each is read.
CHANGES: dict[str, Callable[[Any], Any]] = {
    "name": one_name,
    "tags": joined_tags,
    "notes": some_notes,
    "stars": some_stars,
    "ucs": cat_id,
}
