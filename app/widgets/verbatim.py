"""Text that a person or a file gave, as Markdown that shows it as it is: no markup, no link, no picture of a server."""

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
