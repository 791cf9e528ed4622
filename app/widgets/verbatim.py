"""Text that a person or a file gave, as Markdown that shows it as it is: no markup, no link, no picture of a server.

Errors as sentences and names of categories as people read them, too.
"""

from __future__ import annotations

import re

_MARKS = re.compile(r"^[-+>=]|(?<=^\d)[.)]|(?<=^\d\d)[.)]|[\\`*_{}\[\]~$<|^#&]")
# Streamlit looks for icons, colours, emojis, arrows and addresses after Markdown was read, where a backslash is gone.
# What begins each of them is kept from what follows by a sign that has no width.
_APART = "\u2060"
_BEGINS = re.compile(r":(?=\S)|[wW]{3}(?=\.)|@(?=\w)|-(?=[->])|<(?=[-=])|[=>~!](?==)")


def plain(text: object) -> str:
    """The text in one line, for any label, caption or message of a page."""
    line = " ".join(str(text).split())
    return _MARKS.sub(r"\\\g<0>", _BEGINS.sub(r"\g<0>" + _APART, line))


def sentence(error: Exception | str) -> str:
    """What it says as a sentence of a page; names in it are text."""
    text = str(error).rstrip(".")
    return plain(f"{text[:1].upper()}{text[1:]}.")


def readable(name: str) -> str:
    """A category as people read it: "wood_hit" is "Wood hit"."""
    return name.replace("_", " ").capitalize()


def label(name: str) -> str:
    """The same where a page takes Markdown: on pills, in captions and messages."""
    return plain(readable(name))
