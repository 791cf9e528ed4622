"""The batches of a session on Generators: the current one and those before it, and how a link opens one."""

from __future__ import annotations

import streamlit as st

from app import batch, parts
from app.batch import Batch
from app.session import Cards, Timeline
from synth.errors import PatchError

LINK = "batch"  # key of the address

_TIMELINE, _WRITTEN = "generators.timeline", "generators.written"


def begin(models: Cards) -> Timeline[Batch]:
    """The session's batches, at first that of a link, or of the sound at hand; what a link asks in vain is told."""
    before: Timeline[Batch] | None = st.session_state.get(_TIMELINE)
    current = _asked() or (before.current if before else batch.begun(parts.session_history().patch))
    fit, sentence = batch.fitted(current, models)  # a model may be gone, or published anew
    if sentence:
        parts.warn(sentence)
    timeline = before or Timeline.begin(fit)
    timeline.push(fit)
    st.session_state[_TIMELINE] = timeline
    return timeline


def _asked() -> Batch | None:
    """The batch of an address that the page did not write itself."""
    asked = st.query_params.get(LINK)
    if not asked or asked == st.session_state.get(_WRITTEN):
        return None
    st.session_state[_WRITTEN] = asked
    try:
        return Batch.from_query(asked)
    except PatchError as error:
        parts.warn(f"The link cannot be used ({error}).")
        return None


def change(to: Batch) -> None:
    """Makes a batch the current one."""
    st.session_state[_TIMELINE].push(to)
    parts.warn("")


def write_address(now: Batch) -> None:
    """Keeps the address bar a link to the batch."""
    query = now.to_query()
    if st.session_state.get(_WRITTEN) != query or LINK not in st.query_params:
        st.session_state[_WRITTEN] = query
        st.query_params[LINK] = query
