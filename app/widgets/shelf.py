"""The sounds that were kept last, newest first: to hear again, to save, and for pages that take several. The heart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import TypeVar

import streamlit as st

from app.server import looks
from app.server.instruments import instrument
from app.widgets import current_patch, downloads, links, players
from app.widgets.verbatim import plain, sentence
from synth.errors import LibraryError, SonoformError
from synth.library.entry import Entry
from synth.library.finding import Wanted
from synth.library.library import library
from synth.patch.naming import file_stem
from synth.patch.patch import Patch

MOST = 32  # of the library's, the newest ones
SHOWN = 5  # at once
KEY = "K"

_HEARD = "shelf.heard"

Found = TypeVar("Found")


@dataclass(frozen=True)
class Kept:
    """A sound on the shelf; no two have the same name. id: the library's."""

    id: int
    name: str
    patch: Patch


def kept() -> tuple[Kept, ...]:
    """All of them, newest first."""
    entries: list[Entry] = attempt(lambda: library().find(Wanted(), MOST), [])
    taken: dict[str, None] = {}
    items = []
    for entry in entries:
        spelled = (f"{entry.name} ({number})" for number in count(2))
        name = entry.name if entry.name not in taken else next(other for other in spelled if other not in taken)
        taken[name] = None
        items.append(Kept(entry.id, name, entry.patch))
    return tuple(items)


def attempt(act: Callable[[], Found], otherwise: Found) -> Found:
    """What an act finds in the library; what is amiss there is told by the page."""
    try:
        return act()
    except LibraryError as error:
        current_patch.warn(sentence(error))
        return otherwise


def keep(patch: Patch) -> None:
    """Keeps a sound, for good."""
    attempt(lambda: library().keep(patch), None)
    looks.listen()


def remove(at: int) -> None:
    """Takes a sound out of the library, where it can be brought back."""
    attempt(lambda: library().delete([at]), None)


def remember(patch: Patch) -> None:
    """Puts a sound at the head of the last ones that were heard, once while it stays the one at hand."""
    if st.session_state.get(_HEARD) == patch:
        return
    st.session_state[_HEARD] = patch
    attempt(lambda: library().hear(patch), None)


# -- on a page -----------------------------------------------------------------------------------------------------


def buttons(patch: Patch) -> None:
    """Keep the sound at hand, which is heard now; see what is kept."""
    remember(patch)
    heart(patch, "shelf.keep", KEY)
    help = "The sounds that you kept last; all of them are on the page Library"
    if st.button(f"Shelf · {_count()}", icon=":material/shelves:", key="shelf.show", help=help):
        _show()


def heart(patch: Patch, key: str, shortcut: str | None = None, of: str = "") -> None:
    """Keeps a sound, or takes it out again. of: which sound it is for, where several stand on a page."""
    entry = attempt(lambda: library().of_patch(patch), None)
    there = entry is not None and entry.is_kept
    label = "Kept" if there else "Keep"
    st.button(
        f"{label} *{plain(of)}*" if of else label,
        icon=":material/heart_check:" if there else ":material/favorite:",
        type="primary" if there and of else "secondary",
        key=key,
        help="Takes it out of the library" if there else "Keeps this sound in the library, for good",
        shortcut=shortcut,
        on_click=remove if there else keep,
        args=(entry.id if there and entry else patch,),
    )


def _count() -> int:
    return min(attempt(lambda: library().count(Wanted()), 0), MOST)


@st.dialog("Shelf", width="large")
def _show() -> None:
    """Every sound with its picture, which plays; to open, to save, to take off."""
    items = kept()
    if not items:
        st.caption("Sounds that you keep come here.")
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
            players.show(f"shelf-{item.id}", sound, item.name)
    with row:
        if st.button(
            "Open",
            key=f"shelf.open.{item.id}",
            help="Makes it the sound at hand",
            on_click=current_patch.change,
            args=(item.patch,),
        ):
            st.rerun()  # the page, which closes the shelf
        links.to_shape(item.patch)
        if sound:
            with st.popover("Save", key=f"shelf.save.{item.id}"):
                downloads.files(file_stem(item.patch), sound, f"shelf.{{}}.{item.id}")
        st.button(
            "",
            icon=":material/close:",
            key=f"shelf.remove.{item.id}",
            type="tertiary",
            help=f"Takes {plain(item.name)} out of the library",
            on_click=remove,
            args=(item.id,),
        )
