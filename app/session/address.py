"""What the address holds of a page beside the patch: read where a link or Back brought it, written by the page."""

from __future__ import annotations

import streamlit as st

_WRITTEN = "address.written"


def asked(key: str) -> str | None:
    """What the address says under a key, unless the page wrote it there itself or has read it already."""
    text = st.query_params.get(key)
    if not text or text == _written().get(key):
        return None
    _written()[key] = text
    return text


def write(key: str, text: str) -> None:
    """Makes it what the address says under a key."""
    _written()[key] = text
    if st.query_params.get(key) != text:
        st.query_params[key] = text


def _written() -> dict[str, str]:
    held: dict[str, str] = st.session_state.setdefault(_WRITTEN, {})
    return held
