"""Shape: pick a category, move a slider, hear and see the sound, keep it."""

import streamlit as st

from app import parts
from app.session import LEVELLED, SLIDERS, Cards, direction_names
from synth.checkpoint import Card
from synth.patch import PHASES, Patch

STRONGEST = 5
MANY = 16


@st.fragment
def instrument(cards: Cards) -> None:
    """The whole instrument is one fragment: a slider reruns this function and nothing else.

    The sound is sent before the controls around it: it is what a moved slider waits for.
    """
    history = parts.session_history()
    patch = history.patch
    card = cards[patch.model]
    controls, stage = st.columns([3, 8], gap="medium")
    above, below = stage.container(), stage.container()
    with below:
        if sound := parts.rendered(patch):
            parts.player(sound)
            parts.downloads(sound, patch)
    with above:
        parts.toolbar(history)
        categories(patch, card)
        parts.show_warning()
    with controls:
        source(patch, cards)
        sliders(patch, card)
        finish(patch)
    parts.write_address(patch)


def source(patch: Patch, cards: Cards) -> None:
    st.selectbox("Model", list(cards), format_func=lambda name: cards[name].title, **parts.tied("model", patch))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        st.number_input("Seed", 0, 2**32 - 1, step=1, **parts.tied("seed", patch))
        st.button("Roll", icon=":material/casino:", help="A new random seed", on_click=parts.new_seed)
    st.slider(
        "Truncation",
        0.0,
        2.0,
        step=0.01,
        help="Below 1 closer to the category's typical sound, above 1 further out",
        **parts.tied("psi", patch),
    )


def sliders(patch: Patch, card: Card) -> None:
    names = direction_names(card)
    with st.container(key="directions"):
        for name in names[:STRONGEST]:
            st.slider(name, -5.0, 5.0, step=0.1, format="%+.1f", **parts.tied(SLIDERS + name, patch))
    if further := [name for name in patch.sliders if name not in names[:STRONGEST]]:
        st.caption(f"Also set by the link: {', '.join(further)}")


def finish(patch: Patch) -> None:
    with st.expander("Phase, loudness, fades", icon=":material/tune:"):
        st.selectbox("Phase", PHASES, **parts.tied("phase", patch))
        st.toggle("Set the loudness", help="Off: as loud as the peak allows", **parts.tied(LEVELLED, patch))
        if patch.lufs is not None:
            st.slider("Loudness, LUFS", -60.0, 0.0, step=0.5, format="%.1f", **parts.tied("lufs", patch))
        fade_in, fade_out = st.columns(2)
        fade_in.number_input("Fade in, s", 0.0, 10.0, step=0.01, **parts.tied("fade_in", patch))
        fade_out.number_input("Fade out, s", 0.0, 10.0, step=0.01, **parts.tied("fade_out", patch))


def categories(patch: Patch, card: Card) -> None:
    shown = {"format_func": parts.readable, "required": True, "label_visibility": "collapsed"}
    if len(card.categories) <= MANY:
        st.pills("Category", card.categories, wrap=True, **shown, **parts.tied("category", patch))
    else:
        st.selectbox("Category", card.categories, **shown, **parts.tied("category", patch))


cards = parts.models_or_stop()
parts.open_session(cards)
instrument(cards)
