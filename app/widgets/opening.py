"""Where Shape begins: sounds of the model to start from, and a saved one, whose sliders come back. One fragment."""

from __future__ import annotations

import streamlit as st

from app.server.instruments import instrument
from app.widgets import current_patch, tiles
from app.widgets.verbatim import label, plain
from synth.checkpoint.fit import Cards, open_patch
from synth.checkpoint.starting_points import openings
from synth.checkpoint.store import Card, catalogue
from synth.errors import SonoformError
from synth.sound.sound import Sound

SHOWN, DROPPED = "opening.model", "opening.dropped"
TYPES = ("wav", "flac", "ogg")


def begin() -> None:
    """To be called first of all by the page."""
    st.session_state[SHOWN] = current_patch.session_history().patch.model


def follow(model: str) -> None:
    """To be called by the desk: another model has other sounds to start from."""
    if st.session_state[SHOWN] != model:
        st.rerun()


@st.fragment
def show(cards: Cards) -> None:
    patch = current_patch.session_history().patch
    if not st.session_state[SHOWN]:
        st.rerun()  # the sound was changed here, and the desk must hear of that
    with st.container(key="opening"):
        left, right = st.columns([9, 4], gap="medium")
        with left:
            st.markdown("**Start from one of these**")
            start(cards[patch.model])
        with right:
            key = f"{DROPPED}.{st.session_state.get(DROPPED, 0)}"
            st.file_uploader(
                "**Or drop a sound that you saved here: its sliders come back**",
                TYPES,
                key=key,
                on_change=take,
                args=(key, cards),
            )


def start(card: Card) -> None:
    begun = openings(card)
    patches = list(begun.values())
    try:
        pictures = [instrument(card.id).picture(patch) for patch in patches]
    except SonoformError:
        return  # which the sound's own place tells

    def choose(i: int) -> None:
        current_patch.change(patches[i])
        st.session_state[SHOWN] = ""

    names = [label(name) for name in begun]
    # None is marked: this part does not run again when the desk moves on from a start.
    tiles.grid("opening", names, pictures, len(patches), (), choose)


def take(key: str, cards: Cards) -> None:
    """The patch of a saved sound becomes the session's."""
    file = st.session_state[key]
    if file is None:
        return
    st.session_state[DROPPED] = st.session_state.get(DROPPED, 0) + 1  # an empty place for the next file
    st.session_state[SHOWN] = ""
    name = " ".join(file.name.split())[:60]
    try:
        patch = Sound.load(file.getvalue()).patch
    except SonoformError as error:
        current_patch.warn(plain(f'"{name}" cannot be opened: {error}'))
        return
    if patch is None:
        current_patch.warn(
            plain(f'"{name}" has no sliders in it: open one that Sonoform saved, or have it made anew on Match.')
        )
        return
    opened = open_patch(patch, cards, catalogue())
    current_patch.change(opened.patch)
    if opened.warning:
        current_patch.warn(plain(opened.warning))
