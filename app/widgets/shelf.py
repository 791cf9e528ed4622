"""Sounds kept aside in this browser session, newest first: to hear again, to save, and for pages that take several."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

import streamlit as st

from app.server.instruments import instrument
from app.widgets import current_patch, downloads, links, players
from app.widgets.verbatim import plain, sentence
from synth.errors import SonoformError
from synth.patch.naming import file_stem, title
from synth.patch.patch import Patch

MAX_KEPT = 32  # the oldest makes room
MAX_NAME = 60
SHOWN = 5  # at once

_KEPT = "shelf"


@dataclass(frozen=True)
class Kept:
    """A sound on the shelf; no two have the same name."""

    name: str
    patch: Patch


def kept() -> tuple[Kept, ...]:
    """All of them, newest first."""
    held: tuple[Kept, ...] = st.session_state.get(_KEPT, ())
    return held


def keep(patch: Patch, name: str | None = None) -> Kept:
    """Puts a sound on the shelf; without a name it gets one of its own. One that is there already stays as it is."""
    there = next((item for item in kept() if item.patch == patch), None)
    if there and name is None:
        return there
    item = Kept(_unique(name or title(patch)), patch)
    st.session_state[_KEPT] = (item, *kept())[:MAX_KEPT]
    return item


def remove(name: str) -> None:
    """Takes a sound off the shelf; a name that is not there changes nothing."""
    st.session_state[_KEPT] = tuple(item for item in kept() if item.name != name)


def _unique(name: str) -> str:
    name = " ".join(name.split())[:MAX_NAME] or "Sound"
    taken = {item.name for item in kept()}
    spelled = (f"{name} ({number})" for number in count(2))
    return name if name not in taken else next(other for other in spelled if other not in taken)


# -- on a page -----------------------------------------------------------------------------------------------------


def buttons(patch: Patch) -> None:
    """Keep the sound at hand; see what is kept."""
    there = any(item.patch == patch for item in kept())
    st.button(
        "On the shelf" if there else "Keep",
        icon=":material/bookmark_added:" if there else ":material/bookmark_add:",
        disabled=there,
        key="shelf.keep",
        help="Puts this sound on the shelf, where other pages find it",
        on_click=_keep,
        args=(patch,),
    )
    help = "Sounds that you kept in this session"
    if st.button(f"Shelf · {len(kept())}", icon=":material/shelves:", key="shelf.show", help=help):
        _show()


def _keep(patch: Patch) -> None:
    keep(patch)


@st.dialog("Shelf", width="large")
def _show() -> None:
    """Every sound with its picture, which plays; to open, to save, to take off."""
    items = kept()
    if not items:
        st.caption("Sounds that you keep come here, until this browser window is closed.")
    pages = -(-len(items) // SHOWN)
    page = st.pagination(pages, key="shelf.page") if pages > 1 else 1
    with st.container(key="shelf"):
        for item in items[(page - 1) * SHOWN : page * SHOWN]:
            _entry(item)


def _entry(item: Kept) -> None:
    picture, told = st.columns([5, 4], vertical_alignment="center")
    with told:
        st.markdown(f"**{plain(item.name)}**")
        row = st.container(horizontal=True, vertical_alignment="center", gap="xsmall")
    with picture:
        try:
            sound = instrument(item.patch.model).render(item.patch)
        except SonoformError as error:
            st.caption(sentence(error))
            sound = None
        if sound:
            players.show(f"shelf-{item.name}", sound, item.name)
    with row:
        if st.button(
            "Open",
            key=f"shelf.open.{item.name}",
            help="Makes it the sound at hand",
            on_click=current_patch.change,
            args=(item.patch,),
        ):
            st.rerun()  # the page, which closes the shelf
        links.to_shape(item.patch)
        if sound:
            with st.popover("Save", key=f"shelf.save.{item.name}"):
                downloads.files(file_stem(item.patch), sound, f"shelf.{{}}.{item.name}")
        st.button(
            "",
            icon=":material/close:",
            key=f"shelf.remove.{item.name}",
            type="tertiary",
            help=f"Takes {plain(item.name)} off the shelf",
            on_click=remove,
            args=(item.name,),
        )
