"""Listen: blind tests of sets of sounds. Make one, send its link, read what listeners said."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import streamlit as st

from app.server.instruments import instrument
from app.widgets import blind, desk, links, shelf
from app.widgets.blind import Heard
from app.widgets.intake import TYPES
from app.widgets.verbatim import plain, readable, sentence
from synth.checkpoint.store import catalogue
from synth.errors import ListeningError, SonoformError
from synth.judging.answering import (
    Question,
    answer,
    answers,
    everybody,
    has_reference,
    new_listener,
    questions,
    set_aside,
)
from synth.judging.listening_test import ABX, KINDS, MUSHRA, REFERENCE, ListeningTest, create, every, find, sound_of
from synth.judging.sets import MODEL, PRESETS, Item, Set, gathered, named, read
from synth.judging.verdicts import answers_csv, left_out, results_csv, verdicts

TEST, LISTENER = "test", "listener"  # keys of the address
FAULT = "listen.fault"
KEPT, BROUGHT = "kept", "brought"
ALL = "all of them"


def page() -> None:
    name = st.query_params.get(TEST)
    if fault := st.session_state.pop(FAULT, ""):
        st.error(fault, icon=":material/error:")
    try:
        if name:
            listening(find(name))
        else:
            keeping()
    except ListeningError as error:
        st.error(sentence(error), icon=":material/error:")
        st.button("All listening tests", on_click=st.query_params.clear)
    desk.face()


# -- as a listener -------------------------------------------------------------------------------------------------


def listening(test: ListeningTest) -> None:
    """The first trial that this listener has not answered."""
    st.subheader(plain(test.title), anchor=False)
    listener = st.query_params.get(LISTENER)
    if not listener:
        welcome(test)
        return
    try:
        said = {one.trial for one in answers(test, listener)}
    except ListeningError as error:
        st.error(sentence(error), icon=":material/error:")
        st.button("Put the file aside and go on", on_click=set_aside, args=(test, listener))
        return
    left = [one for one in questions(test, listener) if one.trial not in said]
    done = len(test.trials) - len(left)
    st.progress(done / len(test.trials), f"{done} of {len(test.trials)} answered")
    if left:
        trial(test, listener, left[0])
    else:
        st.success("That was all. Thank you: your answers are kept.", icon=":material/check:")


def welcome(test: ListeningTest) -> None:
    st.markdown(plain(test.question))
    st.caption(
        f"{len(test.trials)} trials. Wear headphones, and set a level that you can bear for all of them. You can close "
        "the page and come back by the address that it has then."
    )
    st.button("Begin", type="primary", icon=":material/headphones:", on_click=begin)


def begin() -> None:
    st.query_params[LISTENER] = new_listener()


def trial(test: ListeningTest, listener: str, question: Question) -> None:
    st.markdown(f"**{plain(test.question)}**")
    keep = partial(kept, test, listener, question)
    blind.show(f"{test.name}.{listener}", question.trial, sounds(test, question), choices(test), keep)


def choices(test: ListeningTest) -> list[str]:
    if test.kind == MUSHRA:
        return []
    return ["X is A", "X is B"] if test.kind == ABX else ["A", "B"]


def sounds(test: ListeningTest, question: Question) -> list[Heard]:
    """Letters for two, numbers for those that are rated; the reference and X by their names."""
    heard = partial(sound_of, test, question.trial)
    rated = test.kind == MUSHRA
    found = [Heard("123456789AB"[i] if rated else "AB"[i], heard(name), rated) for i, name in enumerate(question.shown)]
    if question.x:
        found.append(Heard("X", heard(question.x)))
    if has_reference(test):
        found.insert(0, Heard("Reference", heard(REFERENCE)))
    return found


def kept(test: ListeningTest, listener: str, question: Question, given: Any) -> None:
    try:
        answer(test, listener, question, given)
    except ListeningError as error:
        st.session_state[FAULT] = sentence(error)


# -- as one who asks -----------------------------------------------------------------------------------------------


def keeping() -> None:
    tests, new = st.columns([3, 2], gap="large")
    with tests:
        st.subheader("Listening tests", anchor=False)
        found = every()
        for test in found:
            with st.expander(plain(f"{test.title} · {KINDS[test.kind]}"), expanded=len(found) == 1):
                told(test)
        if not found:
            st.caption("None yet. People who do not know what they hear are the judge that figures are not.")
    with new:
        st.subheader("A new one", anchor=False)
        making()


def told(test: ListeningTest) -> None:
    """The link, what listeners said, and files of it."""
    said, faults = everybody(test)
    st.caption(plain(f"{len(test.trials)} trials of {', '.join(test.sets)}. {len(said)} listeners. For them:"))
    st.code(links.to_query(f"{TEST}={test.name}"), language=None, wrap_lines=True)
    for fault in faults:
        st.warning(plain(fault), icon=":material/error:")
    found = verdicts(test, said)
    if found:
        st.table([{name: figure(value) for name, value in asdict(one).items()} for one in found])
    if gone := left_out(test, said):
        st.caption(f"Left out, as they do not hear the reference: {', '.join(gone)}")
    with st.container(horizontal=True, gap="small"):
        for label, file, written in (("Figures", "results", results_csv), ("All answers", "answers", answers_csv)):
            st.download_button(
                f"{label} as CSV",
                data=partial(written, test, said),
                file_name=f"{test.name}-{file}.csv",
                mime="text/csv",
                icon=":material/download:",
                on_click="ignore",
                key=f"listen.{file}.{test.name}",
            )


def figure(value: Any) -> str:
    return "" if value is None else plain(f"{value:.3g}" if isinstance(value, float) else value)


# -- a new test ----------------------------------------------------------------------------------------------------


def making() -> None:
    offered = sources()
    title = st.text_input("Name", max_chars=60, placeholder="Drums, old and new", key="listen.title")
    kind = st.segmented_control("Kind", KINDS, default="ab", format_func=KINDS.__getitem__, required=True)
    chosen = st.multiselect("Sets to compare", offered, format_func=offered.__getitem__, key="listen.sets")
    brought = st.file_uploader("Recordings, as a set of their own", TYPES, True, key="listen.files")
    names = [*(offered[one] for one in chosen), *(["Recordings"] if brought else [])]
    reference = None
    if kind == MUSHRA:
        reference = st.selectbox("Reference", names, index=None, placeholder="none", key="listen.reference")
    category = st.selectbox("Category of models", [ALL, *shared(chosen)], format_func=readable, key="listen.category")
    trials = int(st.number_input("Sounds of each set, at most", 1, 64, 12, key="listen.trials"))
    question = st.text_input("Question", max_chars=200, placeholder="as usual", key="listen.question")
    if st.button("Make the test", type="primary", icon=":material/hearing:"):
        with st.spinner("Making the sounds ..."):
            made(title, str(kind), lambda: sets(chosen, offered, brought, category, trials), reference, question)


def sources() -> dict[str, str]:
    """What may be a set, and what it is called."""
    cards = catalogue()
    models = {f"{MODEL}{name}": card.title for name, card in cards.items()}
    begun = {f"{PRESETS}{name}": f"{card.title}, presets" for name, card in cards.items() if card.presets}
    return models | begun | {KEPT: "Kept sounds"}


def shared(chosen: Sequence[str]) -> list[str]:
    """Categories that all chosen models have."""
    cards = catalogue()
    models = [one.removeprefix(MODEL) for one in chosen if one.startswith(MODEL)]
    lists = [cards[model].categories for model in models if model in cards]
    return [name for name in lists[0] if all(name in others for others in lists)] if lists else []


def sets(chosen: Sequence[str], offered: dict[str, str], brought: Any, category: str, count: int) -> list[Set]:
    """Raises SonoformError."""
    found = []
    for source in chosen:
        if source == KEPT:
            items = [Item(one.name, instrument(one.patch.model).render(one.patch)) for one in shelf.kept()[:count]]
            found.append(named(offered[source], items))
        else:
            of = f"{source}/{category}" if source.startswith(MODEL) and category != ALL else source
            found.append(gathered(offered[source], of, count, 0, instrument))
    if brought:
        found.append(named("Recordings", [Item(file.name, read(file.name, file.getvalue())) for file in brought]))
    return found


def made(title: str, kind: str, gather: Any, reference: str | None, question: str) -> None:
    name = "-".join("".join(c if c.isalnum() and c.isascii() else " " for c in title.lower()).split())
    try:
        if not name:
            raise ListeningError("the test has no name: give it one of letters and digits")
        found = gather()
        beside = next((of for of in found if of.name == reference), None)
        compared = [of for of in found if of is not beside]
        create(name, kind, compared, title=title, question=question, reference=beside)
    except SonoformError as error:
        st.error(sentence(error), icon=":material/error:")
        return
    st.rerun()


page()
