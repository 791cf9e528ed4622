"""Names of many sounds at once, by a pattern."""

from __future__ import annotations

import re
from collections.abc import Sequence

from synth.errors import LibraryError
from synth.library.entry import Entry, one_name

WORDS = ("name", "category", "model", "seed")


def renamed(entries: Sequence[Entry], pattern: str) -> dict[int, str]:
    """Names by id. In the pattern ## is the number of a sound, from 1, with as many digits; {name}, {category}, {model}
    and {seed} are its own. Raises LibraryError for a word that there is none of and for a name that cannot be one."""
    unknown = [word for word in re.findall(r"\{(.*?)\}", pattern) if word not in WORDS]
    if unknown:
        known = ", ".join(f"{{{word}}}" for word in WORDS)
        raise LibraryError(f"a pattern has no {{{unknown[0]}}}: use {known} and ## for a number")
    return {entry.id: one_name(_named(entry, pattern, number)) for number, entry in enumerate(entries, 1)}


def _named(entry: Entry, pattern: str, number: int) -> str:
    patch = entry.patch
    said = {
        "name": entry.name,
        "category": entry.category.replace("_", " "),
        "model": entry.model,
        "seed": str(patch.seed),
    }
    counted = re.sub("#+", lambda run: str(number).zfill(len(run[0])), pattern)
    return re.sub(r"\{(\w+)\}", lambda word: said[word[1]], counted)
