"""The session's current patch: how a link opens it, widgets tied to it, and what the page warns of beside it."""

from __future__ import annotations

import secrets
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import streamlit as st

from app.session.patches import RESERVED, History, open_link, setting, turn
from app.widgets.held import Begins, held
from app.widgets.verbatim import plain
from synth import paths
from synth.checkpoint.families import SPACE, can
from synth.checkpoint.fit import Cards, default_patch
from synth.checkpoint.store import catalogue
from synth.patch.patch import Patch

_HISTORY, _WRITTEN, _WARNING = "history", "written_query", "warning"


def models_or_stop(ability: str | None = SPACE) -> Cards:
    """The installed models that have an ability; without any, the page says how to get one and ends here."""
    cards = {name: card for name, card in catalogue().items() if ability is None or can(card.family, ability)}
    if not cards:
        st.info(
            f"No model that this page can play is installed in {paths.models()}. Publish a trained run with "
            "`python -m synth publish RUN --id NAME`, or point SONOFORM_CHECKPOINTS to a folder of checkpoints, "
            "then reload this page.",
            icon=":material/graphic_eq:",
        )
        st.stop()
    return cards


def open_session(cards: Cards) -> History:
    """The session's history. An address that the page did not write itself (a link, Back) opens as a new patch."""
    query = {key: text for key, text in st.query_params.to_dict().items() if key not in RESERVED}
    history = st.session_state.get(_HISTORY)
    if history is None or (query and query != st.session_state.get(_WRITTEN)):
        opened = open_link(query, cards, catalogue())
        if opened.warning or history is not None:
            st.session_state[_WARNING] = opened.warning and plain(opened.warning)
        if history is None:
            history = st.session_state[_HISTORY] = History.begin(opened.patch.linked())
        history.push(opened.patch.linked())
    if history.patch.model not in cards:
        history.push(default_patch(cards))
    return history


def session_history() -> History:
    """The history that `open_session` began."""
    history: History = st.session_state[_HISTORY]
    return history


def write_address(patch: Patch) -> None:
    """Keeps the address bar a link to the patch, which an empty one would not be: Back to it would change nothing."""
    query = dict(parse_qsl(patch.to_query() or f"m={patch.model}", keep_blank_values=True))
    st.session_state[_WRITTEN] = query
    there = st.query_params.to_dict()
    kept = {key: text for key, text in there.items() if key in RESERVED}
    if there != kept | query:
        st.query_params.from_dict(kept | query)


def warn(sentence: str) -> None:
    """Tells of what was asked for in vain, until the next change."""
    st.session_state[_WARNING] = sentence


def show_warning() -> None:
    if warning := st.session_state.get(_WARNING):
        st.warning(warning, icon=":material/error:")


def tied(name: str, patch: Patch, begins: Begins = "value") -> dict[str, Any]:
    """What makes a widget a control of the patch; `name` as in `patches.turn`, `begins` as in `held`."""
    return held(f"patch.{name}", setting(patch, name), partial(_turn, name), begins)


def _turn(name: str, value: Any) -> None:
    if value is not None:  # an emptied field goes back to what it was
        change(turn(session_history().patch, name, value, catalogue()))


def change(patch: Patch) -> None:
    """Makes a patch the session's current one, such as its link holds it."""
    session_history().push(patch.linked())
    st.session_state[_WARNING] = None


def new_seed() -> None:
    change(turn(session_history().patch, "seed", secrets.randbelow(2**32), {}))
