"""A card a sound: its picture, its player, its files, and buttons for what can be done with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.session.batch import Item
from app.session.morphing import in_a_row
from app.widgets import players, shelf
from app.widgets.downloads import files
from app.widgets.links import to_shape
from app.widgets.verbatim import plain
from synth.checkpoint.families import SPACE, can
from synth.patch.patch import Patch
from synth.sound.sound import Sound


@dataclass(frozen=True)
class Act:
    """A button of a card. chosen: whether the card is what the button makes it."""

    label: str
    help: str
    run: Callable[[Patch], None]
    chosen: bool = False


def slots(count: int, across: int) -> list[DeltaGenerator]:
    """Places for cards, row by row."""
    rows = (st.columns(across, gap="small") for _ in range(0, count, across))
    return [column for row in rows for column in row][:count]


def show(key: str, item: Item, sound: Sound, family: str, acts: Sequence[Act]) -> None:
    """One card. A button says which sound it is for, but the eye sees that: app/style.css hides what is emphasised."""
    with st.container(border=True, gap="xsmall", key=f"card-{key}"):
        st.markdown(f"**{plain(item.title)}**")
        players.show(f"card-{key}", sound, f"{item.title}, {item.patch.model}")
        with st.container(horizontal=True, gap="xsmall"):
            with st.popover(f"Save *{plain(item.title)}*", key=f"save-{key}", type="secondary"):
                files(item.stem, sound, "{}-" + key)
            for act in acts:
                st.button(
                    f"{act.label} *{plain(item.title)}*",
                    key=f"{act.label}-{key}",
                    type="primary" if act.chosen else "secondary",
                    help=act.help,
                    on_click=act.run,
                    args=(item.patch,),
                )
        with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
            shelf.heart(item.patch, f"heart-{key}", of=item.title)
            if can(family, SPACE):
                to_shape(item.patch)


def strip(sounds: Sequence[Sound]) -> None:
    """Sounds one after the other, as one."""
    whole = _in_a_row(tuple(sounds))
    with st.container(key="strip"):
        players.show("strip", whole, "all steps, one after the other")


@lru_cache(2)
def _in_a_row(sounds: tuple[Sound, ...]) -> Sound:
    return in_a_row(sounds)
