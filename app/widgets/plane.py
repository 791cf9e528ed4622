"""The map of a model in the browser: app/map.js, which draws, sounds, and says what a hand did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

SCRIPT = Path(__file__).resolve().parent.parent / "map.js"


def show(key: str, data: Mapping[str, Any], did: Callable[[Any], None]) -> None:
    """data: model, stamp (of its map), oneShot, categories, colour, at, kept; did: is told what came back."""

    def done() -> None:
        did(st.session_state[key].did)

    with st.container(key="plane"):  # of the height that the map will have: nothing moves when it comes
        _component()(key=key, data=dict(data), on_did_change=done)


@cache
def _component() -> Callable[..., Any]:
    return st.components.v2.component("sonoform_map", js=SCRIPT.read_text(encoding="utf-8"))
