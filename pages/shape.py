"""Shape: pick a category, move a slider, hear and see the sound, keep it."""

import streamlit as st

from app import desk, parts
from app.straightness import measured
from synth.checkpoint import Card
from synth.patch import Patch

ACROSS = 4  # charts in a row


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
desk.show("shape", cards, desk.model_banks, below=straightness)
