"""The batches of a session on Generators: the current one and those before it, and how a link opens one."""

from __future__ import annotations

import streamlit as st

from app.session import address, batch
from app.session.batch import Batch
from app.session.patches import Timeline
from app.widgets import current_patch
from app.widgets.verbatim import plain
from synth.checkpoint.fit import Cards
from synth.errors import PatchError

LINK = "batch"  # key of the address

_TIMELINE = "generators.timeline"


def begin(models: Cards) -> Timeline[Batch]:
    """The session's batches, at first that of a link, or of the sound at hand; what a link asks in vain is told."""
    before: Timeline[Batch] | None = st.session_state.get(_TIMELINE)
    current = _asked() or (before.current if before else batch.begun(current_patch.session_history().patch))
    fit, sentence = batch.fitted(current, models)  # a model may be gone, or published anew
    if sentence:
        current_patch.warn(plain(sentence))
    timeline = before or Timeline.begin(fit)
    timeline.push(fit)
    st.session_state[_TIMELINE] = timeline
    return timeline


def _asked() -> Batch | None:
    """The batch of an address that the page did not write itself."""
    asked = address.asked(LINK)
    if asked is None:
        return None
    try:
        return Batch.from_query(asked)
    except PatchError as error:
        current_patch.warn(plain(f"The link cannot be used ({error})."))
        return None


def change(to: Batch) -> None:
    """Makes a batch the current one."""
    st.session_state[_TIMELINE].push(to)
    current_patch.warn("")


def write_address(now: Batch) -> None:
    """Keeps the address bar a link to the batch."""
    address.write(LINK, now.to_query())
