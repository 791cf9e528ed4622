"""Shape: pick a category, move a slider, hear and see the sound, keep it."""

import streamlit as st

from app import desk, parts
from app.instrument import Bank
from app.straightness import measured
from synth.checkpoint import Card
from synth.patch import Patch

ACROSS = 4  # charts in a row


def banks(patch: Patch, card: Card) -> list[Bank]:
    """What a listener has words for first; what a person named; what the network's own weights say."""
    published = [d for d in card.directions if not d.get("own")]
    named, found = (
        tuple(
            desk.slider(str(d["name"]), patch, help=str(d.get("provenance", "")))
            for d in published
            if str(d.get("provenance", "")).startswith("SeFa") == sefa
        )
        for sefa in (False, True)
    )
    shown = [
        *([Bank("Character", named, pad=desk.pair(named))] if named else []),
        *desk.yours(patch, card),
        *([Bank("SeFa", found, pad=None if named else desk.pair(found), open=not named)] if found else []),
    ]
    return [*shown, *desk.also_set(patch, shown)]


def straightness(patch: Patch, card: Card) -> None:
    """How well the semantic sliders do what they say, where that was measured."""
    sliders = measured(card.metrics.get("semantic"))
    if not sliders:
        return
    with st.expander("How straight the sliders are", icon=":material/monitoring:"):
        seeds = card.metrics["semantic"]["seeds"]
        st.caption(
            f"Each slider from -5 to 5 on {seeds} sounds that it was not learnt from: the median of what it should "
            "move, and where four sounds in five lie. r is 1 where every sound follows in a straight line."
        )
        for column, slider in zip(st.columns(max(len(sliders), ACROSS)), sliders, strict=False):
            with column:
                st.markdown(f"**{slider.name}**")
                st.altair_chart(slider.chart, key=f"straight.{slider.name}")
                st.caption(slider.sentence)


cards = parts.models_or_stop()
parts.open_session(cards)
desk.show("shape", cards, banks, below=straightness)
