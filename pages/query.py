"""Query: a synthetic reference beside the generated sound that matches it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.server.instruments import instrument
from app.session import address, reference
from app.session.patches import turn
from app.session.reference import EXAMPLES, HIGHEST, LOWEST, RATES
from app.widgets import current_patch, desk, downloads, links, player, players, shelf, spectrogram, toolbar, words
from app.widgets.held import held
from app.widgets.verbatim import sentence
from synth.checkpoint.fit import Cards
from synth.checkpoint.store import Card, catalogue
from synth.directions.exemplars import Bursts
from synth.errors import AudioError, SonoformError
from synth.latents.budget import Budget
from synth.patch.patch import Patch
from synth.sound.difference import difference
from synth.sound.sound import Sound

STEPS = 30
LINK = "reference"  # key of the address
REFERENCE, MATCHED, SHOWN = "query.reference", "query.matched", "query.shown"
PLAIN = "query.plain"
REFINE = "query.refine"
EXAMPLE, MODEL = "query.example", "query.model"


@st.fragment
def page(cards: Cards) -> None:
    begin()
    patch = follow(current_patch.session_history().patch)
    card = cards[patch.model]
    toolbar.show(current_patch.session_history(), link(patch))
    controls, left, right = st.container(key="query").columns([3, 5, 5], gap="medium")
    with controls:
        model(patch, cards)
        settings(card)
    given = heard(card)
    with left:
        st.markdown("**Synthetic reference**")
        with st.container(key="pictured-reference"):
            if given:
                players.show("reference", given, "the synthetic reference")
    with right:
        st.markdown("**Generated match**")
        patch = refined(patch, given, st.empty())
        made = player.rendered(patch)
        with st.container(key="pictured-match"):
            if made:
                players.show("match", made, "the generated match", auto=True)
    compare(left, right, given, made)
    with left:
        prior(patch, card)
        improve(patch, given)
    current_patch.show_warning()
    with st.container(horizontal=True, vertical_alignment="center", key="footer"):
        if made:
            downloads.show(made, patch)
        shelf.buttons(patch)
    address.write(LINK, reference.to_text(st.session_state[REFERENCE]))
    current_patch.write_address(named(patch))


def named(patch: Patch) -> Patch:
    """The patch as a link names it: where the encoder alone gave the latent, the reference says all of it."""
    plain = st.session_state[PLAIN].get(patch.latent) == (st.session_state[REFERENCE], patch.model, patch.category)
    return replace(patch, latent=None) if plain else patch


def link(patch: Patch) -> str:
    said = {LINK: reference.to_text(st.session_state[REFERENCE])}
    return links.to_query("&".join(filter(None, (urlencode(said), named(patch).to_query()))))


# -- reference and match -------------------------------------------------------------------------------------------


def begin() -> None:
    """The reference of a link, or the first example; it is matched at once where the link brings no latent."""
    asked = address.asked(LINK)
    if not asked and REFERENCE in st.session_state:
        return
    found = reference.from_text(asked or "")
    st.session_state[REFERENCE] = found or st.session_state.get(REFERENCE) or next(iter(EXAMPLES.values()))
    st.session_state.setdefault(MATCHED, {})
    st.session_state.setdefault(PLAIN, {})
    patch = current_patch.session_history().patch
    st.session_state[SHOWN] = patch.latent
    if found is None or patch.latent is None:
        match(patch.sliders if found else {})


def follow(patch: Patch) -> Patch:
    """After undo or redo the reference is again the one that the latent was matched to."""
    if patch.latent != st.session_state[SHOWN]:
        st.session_state[SHOWN] = patch.latent
        st.session_state[REFERENCE] = st.session_state[MATCHED].get(patch.latent, st.session_state[REFERENCE])
    return patch


def match(sliders: Mapping[str, float] | None = None) -> None:
    """Finds the reference: the session's patch gets its place in the latent space, and no sliders but those given."""
    patch = current_patch.session_history().patch
    try:
        shared = instrument(patch.model)
        sound = reference.sound(st.session_state[REFERENCE], shared.card.duration, shared.card.sample_rate)
        found = shared.match(sound, patch.category, patch.seed).linked()
        st.session_state[PLAIN][found.latent] = (st.session_state[REFERENCE], patch.model, patch.category)
        take(replace(patch, latent=found.latent, residual=None, sliders=sliders or {}))
    except AudioError:
        return  # of silence, which the reference's own place on the page tells
    except SonoformError as error:
        current_patch.warn(sentence(error))


def take(patch: Patch) -> None:
    """A new match of the reference."""
    patch = patch.linked()
    st.session_state[MATCHED][patch.latent] = st.session_state[REFERENCE]
    st.session_state[SHOWN] = patch.latent
    current_patch.change(patch)


def heard(card: Card) -> Sound | None:
    try:
        return reference.sound(st.session_state[REFERENCE], card.duration, card.sample_rate)
    except SonoformError as error:
        st.warning(sentence(error))
        return None


# -- controls ------------------------------------------------------------------------------------------------------


def model(patch: Patch, cards: Cards) -> None:
    stands = held(MODEL, patch.model, other_model, list(cards))
    st.selectbox("Model", list(cards), format_func=lambda name: cards[name].title, **stands)


def other_model(name: str) -> None:
    current_patch.change(turn(current_patch.session_history().patch, "model", name, catalogue()))
    match()


def settings(card: Card) -> None:
    """The original's controls, tied to the reference."""
    now: Bursts = st.session_state[REFERENCE]
    named = next((name for name, other in EXAMPLES.items() if other == now), None)
    st.selectbox("Example", EXAMPLES, placeholder="your own", **held(EXAMPLE, named, example, list(EXAMPLES)))
    rate = next(name for name, count in RATES.items() if count == now.count)
    impulses = "Impulses in the sound: " + ", ".join(map(str, RATES.values()))
    st.select_slider("Rate", list(RATES), help=impulses, **tied("count", rate, lambda name: {"count": RATES[name]}))
    number("Irregularity", "irregularity", now.irregularity, 0.0, 1.0, 0.05)
    number("Impulse width, s", "width", now.width, 0.0, round(card.duration, 2), 0.01)
    band = tied("band", (int(now.low), int(now.high)), lambda ends: dict(zip(("low", "high"), ends, strict=True)))
    st.slider("Frequency band, Hz", LOWEST, HIGHEST, step=10, **band)
    with st.container(horizontal=True, gap="small"):
        number("Fade in", "fade_in", now.fade_in, 0.0, 1.0, 0.1)
        number("Fade out", "fade_out", now.fade_out, 0.0, 1.0, 0.1)
    with st.container(horizontal=True, gap="small"):
        number("Fade exponent", "exponent", now.exponent, 1.0, 5.0, 0.1)
        st.slider("Filter order", 0, 5, **tied("order", now.order))


def number(label: str, name: str, value: float, low: float, high: float, step: float) -> None:
    st.slider(label, low, high, step=step, **tied(name, min(max(value, low), high)))


def tied(name: str, value: object, fields: Callable[[Any], dict[str, Any]] | None = None) -> dict:
    """What makes a widget a control of the reference. fields: what it says of that, if not its field `name` alone."""

    def turned(found: Any) -> None:
        said = fields(found) if fields else {name: found}
        set_reference(replace(st.session_state[REFERENCE], **said))

    return held(f"query.{name}", value, turned)


def example(name: str | None) -> None:
    if name:
        set_reference(EXAMPLES[name])


def set_reference(bursts: Bursts) -> None:
    st.session_state[REFERENCE] = bursts
    match()


# -- match ---------------------------------------------------------------------------------------------------------


def compare(left: DeltaGenerator, right: DeltaGenerator, given: Sound | None, made: Sound | None) -> None:
    """The difference of both pictures, and its size in one figure."""
    if not given or not made:
        return
    apart = difference(given, made)
    with right, st.container(key="difference"):
        st.html(spectrogram.difference_figure(apart.levels, made))
    with left:
        st.metric("Difference", f"{apart.decibels:.1f} dB", help=words.DIFFERENCE)
        st.caption(apart.lost)


def prior(patch: Patch, card: Card) -> None:
    """The soft prior: what kind of sound the match should be."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        desk.toward(patch, card)
        if patch.prototype:
            st.slider("Blend", 0.0, 1.0, step=0.01, help=desk.PULL, **current_patch.tied("pull", patch))


def improve(patch: Patch, given: Sound | None) -> None:
    if patch.latent is None:  # it was silent, or the model could not be used
        st.button("Match", on_click=match, help="Encodes the reference", icon=":material/hearing:")
    else:
        st.button(
            "Refine",
            disabled=given is None,
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
            current_patch.warn(sentence(error))
        bar.empty()
    return current_patch.session_history().patch


cards = current_patch.models_or_stop()
current_patch.open_session(cards)
page(cards)
