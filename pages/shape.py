"""Shape: pick a category, move a slider, hear and see the sound, keep it."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.widgets import current_patch, desk, opening
from app.widgets.straightness import measured
from app.widgets.verbatim import plain
from synth.checkpoint.store import Card
from synth.patch.patch import Patch

ACROSS = 4  # charts in a row


def straightness(patch: Patch, card: Card) -> None:
    """How well the semantic sliders do what they say, where that was measured."""
    if found := card.metrics.get("semantic"):
        icon = ":material/monitoring:"
        place = st.expander("How well the sliders work", icon=icon, key="straightness", on_change="rerun")
        # Made only while it is open: a browser works out charts that nobody sees, too, and with them it takes many
        # times as long to the first sound.
        if place.open:
            with place:
                straight(found)


def straight(found: Mapping[str, Any]) -> None:
    sliders = measured(found)
    st.caption(
        f"Each slider from -5 to 5 on {found['seeds']} sounds that it was not learnt from: the median of what it "
        "should move, and where four sounds in five lie. r is 1 where every sound follows in a straight line."
    )
    for column, slider in zip(st.columns(max(len(sliders), ACROSS)), sliders, strict=False):
        with column:
            st.markdown(f"**{plain(slider.name)}**")
            st.altair_chart(slider.chart, key=f"straight.{slider.name}")
            st.caption("What it should move, from end to end", help=plain(slider.sentence))


def follow(patch: Patch, card: Card) -> None:
    opening.follow(patch.model)


cards = current_patch.models_or_stop()
current_patch.open_session(cards)
opening.begin()
desk.show("shape", cards, desk.model_banks, choices=follow, below=straightness)
opening.show(cards)
