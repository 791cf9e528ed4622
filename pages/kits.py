"""Kits: sixteen pads, played by hand, and taken out for a sampler."""

from dataclasses import replace
from typing import Any

import streamlit as st

from app.server.instruments import instrument
from app.session.pads import Pads, begun
from app.widgets import current_patch, pad_grid, player, shelf
from app.widgets.held import held
from app.widgets.verbatim import plain, readable, sentence
from synth.checkpoint.fit import Cards
from synth.choices import KIT_FORMATS
from synth.errors import SonoformError
from synth.kits import placing
from synth.kits.export import LIBRARY, files
from synth.kits.kit import MAX_LAYERS, RATES, Pad
from synth.patch.naming import title
from synth.patch.patch import Patch
from synth.sound.sound import Sound
from synth.zips import packed

PADS, FORMAT = "kits.pads", "kits.format"
FORMATS = dict(zip(KIT_FORMATS, ("SFZ", "DecentSampler", "DecentSampler library", "Folders"), strict=True))


def now() -> Pads:
    found: Pads = st.session_state[PADS]
    return found


def change(to: Pads) -> None:
    st.session_state[PADS] = to
    current_patch.warn("")


def turn(**values: Any) -> None:
    """Changes the pad at hand; what it cannot be is told."""
    try:
        change(now().turn(**values))
    except SonoformError as error:
        current_patch.warn(sentence(error))


@st.fragment
def page(cards: Cards) -> None:
    here = current_patch.session_history().patch
    if PADS not in st.session_state:
        st.session_state[PADS] = begun(here, cards[here.model])
    current_patch.show_warning()
    left, right = st.columns([3, 2], gap="large")
    with left:
        grid()
    with right:
        one(here, cards)
        whole()
        out()


def grid() -> None:
    kit = now()
    sounds = [heard(pad) for pad in kit.pads]
    pad_grid.show(
        "kits.grid",
        kit.pads,
        sounds,
        kit.chosen,
        lambda place: change(replace(now(), chosen=place)),
        lambda first, second: change(now().swapped(first, second)),
    )
    st.caption("Click a pad, or press 1 to 8 and Q to I. Drag one onto another to exchange them.")


def heard(pad: Pad | None) -> Sound | None:
    if pad is None:
        return None
    return player.rendered(pad.patch if pad.patch.loop else replace(pad.patch, start=True, end=True))


# -- the pad at hand -----------------------------------------------------------------------------------------------


def one(here: Patch, cards: Cards) -> None:
    """What is on the pad at hand, and how it is played."""
    kit = now()
    pad = kit.pad
    with st.container(border=True, key="kits-pad"):
        st.markdown(f"**Pad {kit.chosen + 1}: {plain(title(pad.patch)) if pad else 'empty'}**")
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            st.button("The sound at hand", icon=":material/graphic_eq:", on_click=lambda: change(now().put(here)))
            if kept := shelf.kept():
                with st.popover("From the shelf", icon=":material/shelves:"):
                    for item in kept:
                        key, put = f"kits.shelf.{item.id}", (lambda patch: change(now().put(patch)))
                        st.button(plain(item.name), key=key, type="tertiary", on_click=put, args=(item.patch,))
            st.button("Empty", icon=":material/close:", disabled=not pad, on_click=lambda: change(now().put(None)))
        drawn(pad.patch if pad else here, cards, bool(pad))
        if pad:
            played(pad)


def drawn(patch: Patch, cards: Cards, there: bool) -> None:
    """A category and a seed for the pad at hand, and the heart of its sound where it has one."""
    names = cards[patch.model].categories if patch.model in cards else []

    def draw(category: str | None, seed: int | None) -> None:
        change(now().put(Patch(patch.model, category, seed or 0)))

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        category = held("kits.category", patch.category, lambda name: draw(name, patch.seed), names)
        st.selectbox("Category", names, format_func=readable, width=190, **category)
        seed = held("kits.seed", patch.seed, lambda number: draw(patch.category, number))
        st.number_input("Seed", 0, 2**32 - 1, step=1, width=130, **seed)
        if there:
            shelf.heart(patch, "kits.heart", shelf.KEY)


def played(pad: Pad) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="choices"):
        note = held("kits.note", pad.note, lambda to: turn(note=to) if to is not None else None)
        st.number_input("MIDI note", 0, 127, step=1, width=130, **note)
        choke = held("kits.choke", pad.choke or 0, lambda to: turn(choke=to or None))
        about = "Pads of one group silence each other; 0: none"
        st.number_input("Choke group", 0, 16, step=1, width=130, help=about, **choke)
        level = held("kits.level", pad.level, lambda to: turn(level=to))
        st.slider("Level, dB", -24.0, 12.0, step=0.5, help="Beside pads that are as loud as one another", **level)


# -- the kit, and out with it --------------------------------------------------------------------------------------


def whole() -> None:
    kit = now()

    def tied(name: str) -> dict[str, Any]:
        return held(f"kits.{name}", getattr(kit, name), lambda to: change(replace(now(), **{name: to})))

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="settings"):
        layers = "Softer ones are duller and quieter"
        st.slider("Velocity layers", 1, MAX_LAYERS, help=layers, width=125, **tied("velocities"))
        st.slider("Round robins", 1, MAX_LAYERS, help="Sounds that take turns", width=125, **tied("round_robins"))
        duller = "Units of the slider Brightness by which the softest velocity is duller"
        st.slider("Brightness", 0.0, 5.0, step=0.5, help=duller, width=125, **tied("brightness"))


def out() -> None:
    """The kit as a zip; the zip is made when the button is clicked."""
    kit = now()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        name = held("kits.name", kit.name, lambda to: change(replace(now(), name=to.strip())))
        st.text_input("Name", max_chars=64, width=125, **name)
        rate = held("kits.rate", kit.rate, lambda to: change(replace(now(), rate=to)), RATES)
        st.selectbox("Rate, Hz", RATES, width=105, **rate)
        chosen = st.session_state.setdefault(FORMAT, KIT_FORMATS[0])
        format = held(f"{FORMAT}.held", chosen, lambda to: st.session_state.update({FORMAT: to}), KIT_FORMATS)
        st.selectbox("For", KIT_FORMATS, format_func=FORMATS.__getitem__, width=175, **format)
    try:
        made = kit.kit()
    except SonoformError as error:
        st.warning(sentence(error), icon=":material/error:")
        return
    suffix = LIBRARY if chosen == LIBRARY else f"{chosen}.zip"
    st.download_button(
        "Save the kit",
        data=lambda: packed(dict(files(made, instrument, chosen))),
        file_name=f"{placing.title(made)}.{suffix}",
        mime="application/zip",
        icon=":material/download:",
        type="primary",
        on_click="ignore",
        key="kits.save",
    )


cards = current_patch.models_or_stop()
current_patch.open_session(cards)
page(cards)
