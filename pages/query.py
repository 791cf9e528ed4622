"""Query: a synthetic reference beside the generated sound that matches it."""

from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import desk, parts, reference, spectrogram
from app.reference import EXAMPLES, HIGHEST, LOWEST, RATES
from app.resources import instrument
from app.session import Cards, turn
from synth.audio.difference import difference
from synth.checkpoint import Card, catalogue
from synth.control.budget import Budget
from synth.control.exemplars import Bursts
from synth.errors import AudioError, SonoformError
from synth.patch import Patch
from synth.sound import Sound

STEPS = 30
LINK = "reference"  # key of the address
REFERENCE, MATCHED, SHOWN = "query.reference", "query.matched", "query.shown"
REFINE = "query.refine"
EXAMPLE, MODEL = "query.example", "query.model"


@st.fragment
def page(cards: Cards) -> None:
    begin()
    patch = follow(parts.session_history().patch)
    card = cards[patch.model]
    controls, left, right = st.container(key="query").columns([3, 5, 5], gap="medium")
    with controls:
        parts.toolbar(parts.session_history())
        model(patch, cards)
        settings(card)
    given = heard(card)
    with left:
        st.markdown("**Synthetic reference**")
        if given:
            parts.reference_player(given)
    with right:
        st.markdown("**Generated match**")
        patch = refined(patch, given, st.empty())
        made = parts.rendered(patch)
        if made:
            parts.player(made)
    compare(left, right, given, made)
    with left:
        prior(patch, card)
        improve(patch, given)
    parts.show_warning()
    if made:
        parts.downloads(made, patch)
    st.query_params[LINK] = reference.to_text(st.session_state[REFERENCE])
    parts.write_address(patch)


# -- reference and match -------------------------------------------------------------------------------------------


def begin() -> None:
    """The reference of the link, or the first example; it is matched at once where the link brings no latent."""
    if REFERENCE in st.session_state:
        return
    found = reference.from_text(st.query_params.get(LINK, ""))
    st.session_state[REFERENCE] = found or next(iter(EXAMPLES.values()))
    st.session_state[MATCHED] = {}
    st.session_state[SHOWN] = parts.session_history().patch.latent
    if found is None or st.session_state[SHOWN] is None:
        match()


def follow(patch: Patch) -> Patch:
    """After undo or redo the reference is again the one that the latent was matched to."""
    if patch.latent != st.session_state[SHOWN]:
        st.session_state[SHOWN] = patch.latent
        st.session_state[REFERENCE] = st.session_state[MATCHED].get(patch.latent, st.session_state[REFERENCE])
    return patch


def match() -> None:
    """Finds the reference: the session's patch gets its place in the latent space, and no sliders."""
    patch = parts.session_history().patch
    try:
        shared = instrument(patch.model)
        sound = reference.sound(st.session_state[REFERENCE], shared.card.duration, shared.card.sample_rate)
        take(replace(patch, latent=shared.match(sound, patch.category, patch.seed).latent, sliders={}))
    except AudioError:
        return  # of silence, which the reference's own place on the page tells
    except SonoformError as error:
        parts.warn(parts.sentence(error))


def take(patch: Patch) -> None:
    """A new match of the reference."""
    st.session_state[MATCHED][patch.latent] = st.session_state[REFERENCE]
    st.session_state[SHOWN] = patch.latent
    parts.change(patch)


def heard(card: Card) -> Sound | None:
    try:
        return reference.sound(st.session_state[REFERENCE], card.duration, card.sample_rate)
    except SonoformError as error:
        st.warning(parts.sentence(error))
        return None


# -- controls ------------------------------------------------------------------------------------------------------


def model(patch: Patch, cards: Cards) -> None:
    st.session_state[MODEL] = patch.model
    st.selectbox("Model", list(cards), format_func=lambda name: cards[name].title, key=MODEL, on_change=other_model)


def other_model() -> None:
    parts.change(turn(parts.session_history().patch, "model", st.session_state[MODEL], catalogue()))
    match()


def settings(card: Card) -> None:
    """The original's controls, tied to the reference."""
    now: Bursts = st.session_state[REFERENCE]
    st.session_state[EXAMPLE] = next((name for name, example in EXAMPLES.items() if example == now), None)
    st.selectbox("Example", EXAMPLES, None, placeholder="your own", key=EXAMPLE, on_change=example)
    rate = next(name for name, count in RATES.items() if count == now.count)
    held("Rate", rate)
    st.select_slider(
        "Rate", list(RATES), help="Impulses in the sound: " + ", ".join(map(str, RATES.values())), **tied("Rate")
    )
    number("Irregularity", now.irregularity, 0.0, 1.0, 0.05)
    number("Impulse width, s", now.width, 0.0, round(card.duration, 2), 0.01)
    held("Band", (int(now.low), int(now.high)))
    st.slider("Frequency band, Hz", LOWEST, HIGHEST, step=10, **tied("Band"))
    with st.container(horizontal=True, gap="small"):
        number("Fade in", now.fade_in, 0.0, 1.0, 0.1)
        number("Fade out", now.fade_out, 0.0, 1.0, 0.1)
    with st.container(horizontal=True, gap="small"):
        number("Fade exponent", now.exponent, 1.0, 5.0, 0.1)
        held("Order", now.order)
        st.slider("Filter order", 0, 5, **tied("Order"))


def number(label: str, value: float, low: float, high: float, step: float) -> None:
    held(label, min(max(value, low), high))
    st.slider(label, low, high, step=step, **tied(label))


def held(name: str, value: object) -> None:
    if st.session_state.get(f"query.{name}") != value:
        st.session_state[f"query.{name}"] = value


def tied(name: str) -> dict:
    return {"key": f"query.{name}", "on_change": turned}


def turned() -> None:
    """One control of the reference moved."""
    value = {name: st.session_state[f"query.{name}"] for name in WIDGETS}
    low, high = value["Band"]
    set_reference(
        Bursts(
            value["Impulse width, s"],
            RATES[value["Rate"]],
            value["Irregularity"],
            low,
            high,
            value["Order"],
            value["Fade in"],
            value["Fade out"],
            value["Fade exponent"],
        )
    )


WIDGETS = ("Rate", "Irregularity", "Impulse width, s", "Band", "Fade in", "Fade out", "Fade exponent", "Order")


def example() -> None:
    if chosen := st.session_state[EXAMPLE]:
        set_reference(EXAMPLES[chosen])


def set_reference(bursts: Bursts) -> None:
    st.session_state[REFERENCE] = bursts
    match()


# -- match ---------------------------------------------------------------------------------------------------------


def compare(left: DeltaGenerator, right: DeltaGenerator, given: Sound | None, made: Sound | None) -> None:
    """The difference of both pictures, and its size in one figure."""
    if not given or not made:
        return
    bins, frames, span = spectrogram.BINS, spectrogram.FRAMES, spectrogram.RANGE_DB
    apart = difference(given.spectrogram(bins, frames, -span), made.spectrogram(bins, frames, -span), span)
    with right:
        st.html(spectrogram.difference_figure(apart.levels, made))
    with left:
        st.metric("Difference", f"{apart.decibels:.1f} dB", help="Mean distance of both pictures, over small cells")


def prior(patch: Patch, card: Card) -> None:
    """The soft prior: what kind of sound the match should be."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        desk.toward(patch, card)
        if patch.prototype:
            st.slider("Strength", 0.0, 1.0, step=0.01, help=desk.PULL, **parts.tied("pull", patch))


def improve(patch: Patch, given: Sound | None) -> None:
    with st.container(horizontal=True, gap="small"):
        again = patch.latent is None
        st.button("Match", disabled=not again, on_click=match, help="Encodes the reference", icon=":material/hearing:")
        st.button(
            "Refine",
            disabled=given is None or again,
            on_click=ask_to_refine,
            help=f"{STEPS} steps nearer to the reference",
            icon=":material/auto_fix_high:",
        )


def ask_to_refine() -> None:
    st.session_state[REFINE] = True


def refined(patch: Patch, given: Sound | None, place: DeltaGenerator) -> Patch:
    """The patch, nearer to the reference where that was asked for."""
    if st.session_state.pop(REFINE, False) and given:
        bar = place.progress(0.0, "Refining ...")
        try:
            budget = Budget(steps=STEPS)
            take(instrument(patch.model).refine(patch, given, budget, lambda done: bar.progress(done, "Refining ...")))
        except SonoformError as error:
            parts.warn(parts.sentence(error))
        bar.empty()
    return parts.session_history().patch


cards = parts.models_or_stop()
parts.open_session(cards)
page(cards)
