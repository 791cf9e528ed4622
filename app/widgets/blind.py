"""A trial of a listening test in the browser: app/listen.js, or plain players and widgets."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from app.widgets import mounting

SCRIPT = Path(__file__).resolve().parent.parent / "listen.js"


@dataclass(frozen=True)
class Heard:
    """A sound behind a letter. rated: whether it gets a rating."""

    label: str
    wav: bytes
    rated: bool = False


def show(test: str, trial: int, sounds: Sequence[Heard], choices: Sequence[str], given: Callable[[Any], None]) -> None:
    """choices: the answers there are; none for ratings. given: is told the number of a choice, or the ratings."""
    if mounting.is_classic():
        _plain(trial, sounds, choices, given)
        return
    key = f"listen.{test}"

    def done() -> None:
        said = getattr(st.session_state[key], "given")  # noqa: B009  Streamlit's own attribute
        if isinstance(said, dict) and said.get("trial") == trial:
            given(said.get("given"))

    shown = [{"label": one.label, "wav": base64.b64encode(one.wav).decode(), "rated": one.rated} for one in sounds]
    keys = ", ".join(one.label[0] for one in sounds)
    answers = "the arrows left and right answer" if choices else "Enter goes on"
    hint = f"Listen to all of them, as often as you like. Keys: {keys} play, Escape stops, {answers}."
    data = {"test": test, "trial": trial, "sounds": shown, "choices": list(choices), "hint": hint}
    _component()(key=key, data=data, on_given_change=done)


def _plain(trial: int, sounds: Sequence[Heard], choices: Sequence[str], given: Callable[[Any], None]) -> None:
    keys = {one.label: f"listen.rating.{trial}.{one.label}" for one in sounds if one.rated}
    for one in sounds:
        st.markdown(f"**{one.label}**")
        st.audio(one.wav, "audio/wav", alt=one.label)
        if one.rated:
            st.slider(f"Rating of {one.label}", 0, 100, 50, key=keys[one.label])
    if not choices:  # as the sliders stand when it is pressed
        st.button("Next", type="primary", on_click=lambda: given([st.session_state[key] for key in keys.values()]))
    for number, name in enumerate(choices):
        st.button(name, on_click=given, args=(number,), key=f"listen.choice.{trial}.{number}")


@cache
def _component() -> Callable[..., Any]:
    return st.components.v2.component("sonoform_trial", js=SCRIPT.read_text(encoding="utf-8"))
