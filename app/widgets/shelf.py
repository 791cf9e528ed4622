"""Sounds kept aside in this browser session, newest first, for pages that take more than the sound at hand."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

import streamlit as st

from app.widgets import current_patch, links
from app.widgets.verbatim import plain, readable
from synth.patch.patch import Patch

MAX_KEPT = 32  # the oldest makes room
MAX_NAME = 40

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


def title(patch: Patch) -> str:
    """A short name for people: the category, and the seed or that it is not one of a seed."""
    what = readable(patch.category or patch.model)
    return f"{what} {patch.seed}" if patch.latent is None else f"{what}, found"


def _unique(name: str) -> str:
    name = " ".join(name.split())[:MAX_NAME] or "Sound"
    taken = {item.name for item in kept()}
    spelled = (f"{name} ({number})" for number in count(2))
    return name if name not in taken else next(other for other in spelled if other not in taken)


# -- on a page -----------------------------------------------------------------------------------------------------


def button(patch: Patch) -> None:
    """Keeps the sound at hand."""
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


def _keep(patch: Patch) -> None:
    keep(patch)


def popover() -> None:
    """The shelf: open a sound on the page, or take it off."""
    with st.popover(f"Shelf · {len(kept())}", icon=":material/shelves:", help="Sounds that you kept in this session"):
        if not kept():
            st.caption("Sounds that you keep come here, until this browser window is closed.")
        for item in kept():
            with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
                st.button(
                    plain(item.name),
                    key=f"shelf.open.{item.name}",
                    type="tertiary",
                    on_click=current_patch.change,
                    args=(item.patch,),
                )
                st.container(width="stretch")
                links.to_shape(item.patch)
                st.button(
                    "",
                    icon=":material/close:",
                    key=f"shelf.remove.{item.name}",
                    type="tertiary",
                    help=f"Takes {plain(item.name)} off the shelf",
                    on_click=remove,
                    args=(item.name,),
                )
