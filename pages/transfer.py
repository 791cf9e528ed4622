"""Transfer: give this sound the brightness, the rate or another attribute of that one."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from app.server.instruments import SharedInstrument, instrument
from app.widgets import current_patch, desk, intake, player, players, shelf, words
from app.widgets.held import remembered
from app.widgets.verbatim import plain, sentence
from synth.audio.descriptors import DESCRIPTORS
from synth.checkpoint.store import Card, catalogue
from synth.directions.attribute import SCAN, STEPS, Attribute, Search, attributes, moved
from synth.errors import SonoformError
from synth.patch.patch import Patch
from synth.sound.sound import Sound

OTHER, KEPT, WHAT, STRENGTH = "transfer.other", "transfer.kept", "transfer.what", "transfer.strength"
GIVING, GIVEN = "transfer.giving", "transfer.given"
AT_MOST = 1 + len(SCAN) + STEPS  # sounds that a search listens to


@dataclass(frozen=True)
class Giving:
    """What was asked for: the patch as it was, and the sound whose attribute it gets."""

    patch: Patch
    attribute: Attribute
    other: Sound
    strength: float


@dataclass(frozen=True)
class Given:
    """What came of it."""

    patch: Patch
    attribute: Attribute
    search: Search


def choices(patch: Patch, card: Card) -> None:
    """The other sound, what of it is given, and how much; before and after."""
    moved_by = attributes(card.metrics.get("semantic"), catalogue().get(card.id, card).directions)
    # A shared slider may be of another version, which measures what this one does not.
    offered = [attribute for attribute in moved_by if attribute.descriptor in DESCRIPTORS]
    with st.container(border=True):
        left, right = st.columns([5, 7], gap="large")
        with left:
            other = that(card)
        with right:
            attribute = what(offered, card)
            if attribute:
                figures(patch, attribute, other)
            work(patch)


def that(card: Card) -> Sound | None:
    """The other sound: brought, or of the shelf."""
    kept = {item.name: item.patch for item in shelf.kept()}
    chosen = None
    if kept:
        chosen = st.selectbox("A sound of the shelf", kept, None, key=KEPT, placeholder="or one of your own, below")
    if chosen:
        other = player.rendered(kept[chosen])
    else:
        other = intake.part_of(OTHER, "The sound whose attribute is given", card.duration)
    if other:
        players.show("that", other, "that sound")
    return other


def what(offered: list[Attribute], card: Card) -> Attribute | None:
    if not offered:
        st.caption(f"No slider of {plain(card.title)} moves an attribute steadily: make one on the page Directions.")
        return None
    names = [attribute.descriptor for attribute in offered]
    asked = st.session_state.get(WHAT)
    asked = asked if asked in names else names[0]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        stands = remembered(WHAT, asked, "default")
        st.segmented_control(
            "Give this sound the", names, format_func=str.capitalize, required=True, help=lacking(names), **stands
        )
        st.slider("Strength", 0.0, 1.0, 1.0, 0.01, key=STRENGTH, help="1 goes all the way, 0 stays", width=200)
    return next(attribute for attribute in offered if attribute.descriptor == asked)


def lacking(names: list[str]) -> str:
    """What cannot be given, and what to do about it."""
    rest = [name for name in DESCRIPTORS if name not in names]
    text = "An attribute can be given where a slider of the model moves it steadily."
    return f"{text} For {', '.join(rest)}, make one on the page Directions." if rest else text


def figures(patch: Patch, attribute: Attribute, other: Sound | None) -> None:
    """Both sounds as measured, the button, and what came of it."""
    given: Given | None = st.session_state.get(GIVEN)
    done = given if given and (given.patch, given.attribute) == (patch, attribute) else None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="large", key="figures"):
        shared = usable(patch)
        if done:
            value("Before", attribute, done.search.before)
            value("Target", attribute, done.search.goal)
            value("After", attribute, done.search.after)
        elif shared:
            value("This sound", attribute, shared.describe(shared.render(patch))[attribute.descriptor])
            value("That sound", attribute, shared.describe(other)[attribute.descriptor] if other else None)
        st.button(
            "Give",
            icon=":material/colorize:",
            type="primary",
            disabled=other is None or shared is None or GIVING in st.session_state,
            on_click=begin,
            args=(patch, attribute, other),
        )
    slider = f"{attribute.descriptor.capitalize()} is moved by the slider {plain(attribute.slider)}."
    how = f"Measured as {DESCRIPTORS[attribute.descriptor].unit}; the slider moves it with r {attribute.r:+.2f}"
    st.caption(told(done) if done else slider, help=how)


def usable(patch: Patch) -> SharedInstrument | None:
    """The instrument, where it can play the patch; where not, the page says so elsewhere."""
    try:
        shared = instrument(patch.model)
        shared.render(patch)
    except SonoformError:
        return None
    return shared


def value(label: str, attribute: Attribute, number: float | None) -> None:
    unit = DESCRIPTORS[attribute.descriptor].unit
    st.metric(label, "–" if number is None else words.amount(attribute.descriptor, number, unit), width="content")


def told(given: Given) -> str:
    search = given.search
    where = f"{plain(given.attribute.slider)} at {search.position:+.2f}"
    if search.met:
        return f"The target is met, with {where}."
    if search.ended:
        return f"The slider ends before the target: {search.closed:.0%} of the way, with {where}."
    return f"No place of the slider meets the target: {max(search.closed, 0.0):.0%} of the way, with {where}."


# -- the search ----------------------------------------------------------------------------------------------------


def begin(patch: Patch, attribute: Attribute, other: Sound) -> None:
    st.session_state[GIVING] = Giving(patch, attribute, other, st.session_state[STRENGTH])


def cancel() -> None:
    st.session_state.pop(GIVING, None)


def work(patch: Patch) -> None:
    """The search that was asked for, if any; a patch that changed meanwhile ends it."""
    giving: Giving | None = st.session_state.get(GIVING)
    if giving is None:
        return
    if giving.patch != patch:
        cancel()
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0, "Listening ...")
        st.button("Cancel", on_click=cancel, icon=":material/close:", key="transfer.cancel")
    try:
        for search in instrument(patch.model).give(patch, giving.attribute, giving.other, giving.strength):
            bar.progress(min(len(search.heard) / AT_MOST, 1.0), f"{len(search.heard)} sounds heard ...")
    except SonoformError as error:
        cancel()
        current_patch.warn(sentence(error))
        st.rerun()
    if st.session_state.pop(GIVING, None) is giving:  # else somebody cancelled
        after = moved(patch, giving.attribute.slider, search.position)
        st.session_state[GIVEN] = Given(after, giving.attribute, search)
        current_patch.change(after)
    st.rerun()


cards = current_patch.models_or_stop()
current_patch.open_session(cards)
desk.show("transfer", cards, desk.model_banks, choices)
