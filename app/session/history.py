"""The address names the page that is shown; app/entries.js keeps the browser's history."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

SCRIPT = Path(__file__).resolve().parent.parent / "history.js"


def keep(page: str) -> None:
    """To be called by every run. page: the path of the page that is shown, "" for the first."""
    with st.container(key="history"):
        _component()(key="history.keeper", data={"page": page})


@cache
def _component() -> Callable[..., Any]:
    return st.components.v2.component("sonoform_history", js=SCRIPT.read_text(encoding="utf-8"))
