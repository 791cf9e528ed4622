"""What is looked for in the library, as a value, and as the SQL that finds it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from synth.errors import LibraryError

SCOPES = {
    "kept": "kept IS NOT NULL AND deleted IS NULL",
    "heard": "heard IS NOT NULL AND deleted IS NULL",
    "deleted": "deleted IS NOT NULL",
}
SORTS = ("newest", "oldest", "name", "stars", "category")
MOST_WORDS = 16


@dataclass(frozen=True)
class Wanted:
    """words: each of them is in the sound's name, tags, category, notes or in what its sliders say, or begins a word
    there. scope: one of SCOPES. slider, low, high: one that stands in this range; one that was never moved stands at 0.
    stars: at least so many. sort: one of SORTS.
    """

    words: str = ""
    scope: str = "kept"
    slider: str = ""
    low: float = -5.0
    high: float = 5.0
    stars: int = 0
    sort: str = "newest"

    def __post_init__(self) -> None:
        for name, known in (("scope", tuple(SCOPES)), ("sort", SORTS)):
            if getattr(self, name) not in known:
                raise LibraryError(f"{name} is one of {', '.join(known)}")

    @property
    def narrows(self) -> bool:
        """Whether some sounds of the scope are left out."""
        return bool(self.words or self.slider or self.stars)


def match(words: str, joined: str = "AND") -> str:
    """The words as FTS5 takes them, each as the beginning of one, unless it is a letter; "" where there are none."""
    found = re.findall(r"\w+", words.replace("_", " "))[:MOST_WORDS]
    return f" {joined} ".join(f'"{word}"{"*" if len(word) > 1 else ""}' for word in found)


def where(wanted: Wanted, joined: str = "AND") -> tuple[str, list[Any]]:
    """The condition on rows of `sounds`, and its values."""
    conditions, values = [SCOPES[wanted.scope]], list[Any]()
    if matched := match(wanted.words, joined):
        conditions.append("id IN (SELECT rowid FROM found WHERE found MATCH ?)")
        values.append(matched)
    if wanted.slider:
        at_rest = wanted.low <= 0.0 <= wanted.high
        inside = "NOT BETWEEN" if at_rest else "BETWEEN"
        there = f"(SELECT sound FROM sliders WHERE name = ? AND value {inside} ? AND ?)"
        conditions.append(f"id {'NOT IN' if at_rest else 'IN'} {there}")
        values += [wanted.slider, wanted.low, wanted.high]
    if wanted.stars:
        conditions.append("stars >= ?")
        values.append(wanted.stars)
    return " AND ".join(conditions), values


def order(wanted: Wanted) -> str:
    when = "kept" if wanted.scope == "kept" else wanted.scope
    return {
        "newest": f"{when} DESC, id DESC",
        "oldest": f"{when}, id",
        "name": "name COLLATE NOCASE, id",
        "stars": "stars DESC, kept DESC, id DESC",
        "category": "category, kept, id",
    }[wanted.sort]
