"""Links to what a page shows, and to Shape."""

from __future__ import annotations

from urllib.parse import parse_qsl

import streamlit as st

from synth.patch.patch import Patch
from synth.paths import shell

SHAPE = shell() / "pages" / "shape.py"


def share(link: str, what: str) -> None:
    with st.popover("Share", icon=":material/link:", help=f"A link that opens this very {what}"):
        st.caption(f"This link opens this very {what}.")
        st.code(link, language=None, wrap_lines=True)


def to_patch(patch: Patch) -> str:
    return to_query(patch.to_query())


def to_query(query: str) -> str:
    """This page's address with a query."""
    address = st.context.url or ""
    root = address.count("/") < 3  # http://host, without the path's slash
    return f"{address}{'/' if root else ''}{'?' if query else ''}{query}"


def to_shape(patch: Patch) -> None:
    """A link that opens a sound on Shape, whatever page it stands on."""
    query = {"m": patch.model, **dict(parse_qsl(patch.to_query(), keep_blank_values=True))}
    st.page_link(SHAPE, label="Open in Shape", icon=":material/graphic_eq:", query_params=query)
