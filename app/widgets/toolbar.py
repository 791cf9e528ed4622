"""The toolbar above a sound: undo, redo, reset and the share link."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.session.patches import History, Timeline, cleared
from app.widgets import current_patch, links


def show(history: History, link: str = "") -> None:
    """Undo, redo, reset and the share link. link: where that is more than the patch's."""
    with tools(history):
        bare = cleared(history.patch) == history.patch
        _tool("Reset", ":material/restart_alt:", _reset, not bare, help="Everything but model, category and seed")
        links.share(link or links.to_patch(history.patch), "sound")


def tools(timeline: Timeline[Any]) -> DeltaGenerator:
    """A toolbar that begins with undo and redo; more may be put into it."""
    bar = st.container(horizontal=True, gap="xsmall", width="content", key="toolbar")
    with bar:
        _tool("Undo", ":material/undo:", timeline.undo, timeline.can_undo, shortcut="Ctrl+Z")
        _tool("Redo", ":material/redo:", timeline.redo, timeline.can_redo, shortcut="Ctrl+Shift+Z")
    return bar


def _tool(label: str, icon: str, action: Callable[[], None], enabled: bool, shortcut: str = "", help: str = "") -> None:
    st.button(label, icon=icon, on_click=action, disabled=not enabled, shortcut=shortcut or None, help=help or None)


def _reset() -> None:
    current_patch.change(cleared(current_patch.session_history().patch))
