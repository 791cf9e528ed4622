"""A widget that stands at a value which is kept elsewhere: a field of the patch, a setting of a page.

Streamlit tells a browser once that a widget stands elsewhere now: by the run that moved it. Where the next run breaks
that one off, or the browser mounts the widget later, in a menu, it stands where it began, and reports that as if a hand
had been there. So nothing is told here. A widget begins at its value in every run, and one that must stand elsewhere by
no hand of its own is another widget.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

Begins = str | Sequence[Any]


def held(key: str, value: Any, act: Callable[[Any], None], begins: Begins = "value") -> dict[str, Any]:
    """What makes a widget stand at `value`; `act` takes what a hand makes of it.

    begins: the widget's argument for where it begins, or the options of a selectbox.
    """
    number, stood = st.session_state.get(key, (0, value))
    number += stood != value
    st.session_state[key] = (number, value)
    name = f"{key}.{number}"

    def turned() -> None:
        found = st.session_state[name]
        st.session_state[key] = (number, found)
        act(found)

    where = {begins: value} if isinstance(begins, str) else {"index": _index(begins, value)}
    return {"key": name, "on_change": turned, **where}


def remembered(key: str, value: Any, begins: Begins = "value") -> dict[str, Any]:
    """The same for a setting that the session keeps under `key`."""

    def keep(found: Any) -> None:
        st.session_state[key] = found

    return held(f"{key}.held", value, keep, begins)


def _index(options: Sequence[Any], value: Any) -> int | None:
    return list(options).index(value) if value in options else None
