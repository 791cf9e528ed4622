"""Directions: a slider made of sounds of your own, of a few that have something and a few that lack it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.server.instruments import instrument
from app.session.patches import SLIDERS, turn
from app.widgets import current_patch, desk, intake, shelf, words
from app.widgets.held import remembered
from app.widgets.live import Bank
from app.widgets.straightness import measured
from app.widgets.verbatim import plain, sentence
from synth.checkpoint.named_directions import MAX_NAME, SUFFIX, Own
from synth.checkpoint.store import Card, catalogue
from synth.directions.attribute import STEADY
from synth.errors import SonoformError
from synth.patch.patch import Patch

if TYPE_CHECKING:  # torch comes with it
    from synth.directions.examples import Example, Trial

ACROSS = 3  # sliders in a row
TELLING = 1.0  # standard deviations between two groups
MAKING, NAME = "directions.making", "directions.name"
OPENED, TOLD = "directions.opened", "directions.told"
SIDES = {"more": "More like this", "less": "Less like this"}
HOW = (
    "Give a few sounds that have what you want more of, and a few that lack it; five of each is a good start. "
    "The way from the second to the first, as the model hears them, becomes a slider."
)


@dataclass
class Making:
    """A slider under way. trial: None until the sounds were placed in the model's latent space."""

    model: str
    name: str
    more: list[Example]
    less: list[Example]
    trial: Trial | None = None


def now(card: Card) -> Card:
    """The card with the directions that there are by now; a fragment keeps the one that its page began with."""
    return catalogue().get(card.id, card)


def banks(patch: Patch, card: Card) -> list[Bank]:
    """A person's own directions first."""
    return sorted(desk.model_banks(patch, now(card)), key=lambda bank: bank.title != "Yours")


def any_yet(card: Card) -> bool:
    """Whether there are sliders of a person's own."""
    return any(d.get("own") for d in now(card).directions)


# -- making one ----------------------------------------------------------------------------------------------------


def choices(patch: Patch, card: Card) -> None:
    """Where a slider is made."""
    with st.expander("A slider from your own sounds", expanded=not any_yet(card), icon=":material/linear_scale:"):
        more, less, last = st.columns([5, 5, 4], gap="medium")
        with more:
            likes = side("more", card)
        with less:
            unlikes = side("less", card)
        with last:
            ask(patch, likes, unlikes)
            place = st.container()
    if told := st.session_state.pop(TOLD, None):
        st.success(told, icon=":material/check:")
    work(place)


def side(name: str, card: Card) -> list[tuple[str, object]]:
    """One group: uploads, and sounds of the shelf."""
    from synth.directions.examples import MOST

    found: list[tuple[str, object]] = [*intake.several(f"directions.{name}", SIDES[name], card.duration, MOST)]
    if kept := {item.name: item.patch for item in shelf.kept()}:
        chosen = st.multiselect(
            f"{SIDES[name]}, of the shelf",
            kept,
            key=f"directions.{name}.kept",
            placeholder="Sounds that you kept",
            label_visibility="collapsed",
        )
        found += [(item, kept[item]) for item in chosen]
    return found


def ask(patch: Patch, more: list, less: list) -> None:
    st.caption(HOW)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="naming"):
        name = st.session_state.setdefault(NAME, "")
        st.text_input("Name of the slider", max_chars=MAX_NAME, placeholder="what you hear", **remembered(NAME, name))
        st.button(
            "Make",
            icon=":material/linear_scale:",
            type="primary",
            disabled=not (more and less) or MAKING in st.session_state,
            help="Finds the direction and measures how straight it is",
            on_click=begin,
            args=(patch.model, more, less),
        )


def begin(model: str, more: list, less: list) -> None:
    name = st.session_state[NAME].strip()
    if not name:
        current_patch.warn("Give the slider a name: a word for what its upper end should have more of.")
    elif groups := attempted(lambda: (heard(more), heard(less))):
        st.session_state[MAKING] = Making(model, name, *groups)


def heard(group: list) -> list[Example]:
    """The sounds of a group; those of the shelf are played by their own models."""
    from synth.directions.examples import Example

    return [
        Example(name, instrument(given.model).render(given) if isinstance(given, Patch) else given)
        for name, given in group
    ]


def cancel() -> None:
    st.session_state.pop(MAKING, None)


def work(place: DeltaGenerator) -> None:
    """Goes on with the slider that is being made, if any: a control that is moved meanwhile only holds it up."""
    making: Making | None = st.session_state.get(MAKING)
    if making is None:
        return
    with place:
        bar = st.progress(0.0, f"Placing {len(making.more) + len(making.less)} sounds ...")
        st.button("Cancel", on_click=cancel, key="directions.cancel", icon=":material/close:")
    try:
        shared = instrument(making.model)
        if making.trial is None:
            making.trial = shared.tell_apart(making.name, making.more, making.less)
        trial = making.trial
        for seed, position in trial.left():
            bar.progress(trial.share, f"Measuring how straight it is, on {len(trial.seeds)} sounds ...")
            shared.hear(trial, seed, position)
        if st.session_state.pop(MAKING, None) is making:  # else somebody cancelled
            shared.keep_trial(trial)
            st.session_state[TOLD] = plain(f"{making.name} is a slider of {shared.card.title} now, on every page.")
            st.session_state[NAME] = ""
    except SonoformError as error:
        cancel()
        current_patch.warn(sentence(error))
    st.rerun()


# -- those that there are ------------------------------------------------------------------------------------------


def below(patch: Patch, card: Card) -> None:
    own = attempted(lambda: instrument(patch.model).named()) or ()
    with st.container(horizontal=True, vertical_alignment="center", key="own"):
        st.markdown("**Your sliders**", width="stretch")
        with st.popover("Open a shared slider", icon=":material/upload_file:"):
            opener()
    if not own:
        st.caption("None yet. One that you make above, keep on the page Explore or open from a file stands here.")
    for begin in range(0, len(own), ACROSS):
        for column, direction in zip(st.columns(ACROSS), own[begin : begin + ACROSS], strict=False):
            with column.container(border=True):
                one(direction)


def opener() -> None:
    key = f"{OPENED}.{st.session_state.get(OPENED, 0)}"
    st.file_uploader(f"A file that ends in {SUFFIX}", ["json"], key=key, on_change=open_shared, args=(key,))


def renamer(name: str) -> None:
    key = f"directions.rename.{name}"
    st.text_input(f"Name of {plain(name)}", name, max_chars=MAX_NAME, key=key)
    st.button("Rename", key=f"{key}.do", on_click=rename, args=(name, key))


def one(direction: Own) -> None:
    """A slider of a person's own: what was measured of it, and what can be done with it."""
    name = direction.name
    st.markdown(f"**{plain(name)}**")
    if figures := direction.measured:
        (shown,) = measured({"positions": figures["positions"], "sliders": {name: figures}})
        st.altair_chart(shown.chart, key=f"directions.chart.{name}")
        r = figures["methods"][figures["method"]]["r"]
        how = f"{differing(direction)} {shown.sentence}"
        st.caption(f"{plain(words.moves(name, r))}. {doubt(direction)}", help=plain(how))
    else:
        st.caption(f"{plain(direction.provenance)}. How straight it is was not measured yet.")
    with st.container(horizontal=True, gap="xsmall"):
        with st.popover("Rename", key=f"directions.renamer.{name}", icon=":material/edit:"):
            renamer(name)
        st.download_button(
            "Share",
            data=partial(instrument(current_patch.session_history().patch.model).pack, name),
            file_name=f"{file_name(name)}{SUFFIX}",
            mime="application/json",
            icon=":material/download:",
            on_click="ignore",
            key=f"directions.share.{name}",
            help="A small file for others who have this model",
        )
        if not direction.measured:
            st.button(
                "Measure",
                icon=":material/monitoring:",
                key=f"directions.measure.{name}",
                on_click=measure,
                args=(name,),
                disabled=MAKING in st.session_state,
            )
        st.button("Delete", icon=":material/delete:", key=f"directions.delete.{name}", on_click=delete, args=(name,))


def differing(direction: Own) -> str:
    """What r is measured against, and on what."""
    figures = direction.measured or {}
    on = f"Measured on {figures['seeds']} sounds:"
    if "apart" not in figures:
        return f"It moves {figures['descriptor']} most. {on}"
    deviations = f"{abs(figures['deviations']):.1f} standard deviations"
    return f"Your sounds differ most in {figures['descriptor']}: by {figures['apart']:+.1f}, {deviations}. {on}"


def doubt(direction: Own) -> str:
    """What a slider that hardly does what it was made for is to be told of."""
    figures = direction.measured or {}
    r = figures["methods"][figures["method"]]["r"][figures["descriptor"]]
    if "apart" not in figures:
        return ""
    if abs(figures["deviations"]) < TELLING:
        return "**That is little**: in what is measured here your two groups are nearly alike."
    if r * figures["apart"] >= STEADY * abs(figures["apart"]):
        return ""
    return "**It does not move that steadily**: listen to what else it does, or give sounds that differ in less."


def measure(name: str) -> None:
    model = current_patch.session_history().patch.model
    if trial := attempted(lambda: instrument(model).trial(name)):
        st.session_state[MAKING] = Making(model, name, [], [], trial)


def rename(old: str, key: str) -> None:
    new = st.session_state[key].strip()
    if new != old and attempted(lambda: instrument(current_patch.session_history().patch.model).rename(old, new), True):
        patch = current_patch.session_history().patch
        amount = patch.sliders.get(old, 0.0)
        current_patch.change(turn(turn(patch, SLIDERS + old, 0.0, {}), SLIDERS + new, amount, {}))


def delete(name: str) -> None:
    if attempted(lambda: instrument(current_patch.session_history().patch.model).remove(name), True):
        current_patch.change(turn(current_patch.session_history().patch, SLIDERS + name, 0.0, {}))


def open_shared(key: str) -> None:
    file = st.session_state[key]
    if file is not None:
        if name := attempted(lambda: instrument(current_patch.session_history().patch.model).unpack(file.getvalue())):
            st.session_state[TOLD] = f"{plain(name)} is a slider of this model now, on every page."
        st.session_state[OPENED] = st.session_state.get(OPENED, 0) + 1  # an empty place for the next file


def attempted(action: Callable[[], Any], done: Any = None) -> Any:
    """What the action answers, or `done`; None where it fails, which the page then tells."""
    try:
        answer = action()
    except SonoformError as error:
        current_patch.warn(sentence(error))
        return None
    return answer if done is None else done


def file_name(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_ " else "_" for c in name)


cards = current_patch.models_or_stop()
if not any_yet(cards[current_patch.open_session(cards).patch.model]):
    st.html("<style>:root { --making: 19.3rem }</style>")  # room for what stands open, before it is there
desk.show("directions", cards, banks, choices, below)
