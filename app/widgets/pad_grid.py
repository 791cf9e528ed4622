"""Sixteen pads in the browser, which play at once: by click, touch and the keys 1-8 and Q-I."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from synth.kits.kit import Pad
from synth.patch.naming import title
from synth.sound.sound import Sound

SCRIPT = Path(__file__).resolve().parent.parent / "pads.js"
KEPT = 128


def show(
    key: str,
    pads: Sequence[Pad | None],
    sounds: Sequence[Sound | None],
    chosen: int,
    choose: Callable[[int], None],
    swap: Callable[[int, int], None],
) -> None:
    """Pads with their sounds; `choose` is told which one was clicked, `swap` which one was dragged where."""

    def said(what: str) -> Any:
        return getattr(st.session_state[key], what)

    def clicked() -> None:
        if (place := said("chosen")) in range(len(pads)):
            choose(place)

    def dragged() -> None:
        match said("moved"):
            case [int(first), int(second)] if {first, second} <= set(range(len(pads))):
                swap(first, second)

    shown = [_shown(pad, sound) for pad, sound in zip(pads, sounds, strict=True)]
    with st.container(key="pads"):  # of the height that the pads will have: nothing moves when they come
        data = {"pads": shown, "chosen": chosen}
        _component()(key=key, data=data, on_chosen_change=clicked, on_moved_change=dragged)


def _shown(pad: Pad | None, sound: Sound | None) -> dict[str, Any]:
    if pad is None:
        return {"label": "Empty", "told": "", "wav": "", "choke": 0}
    told = f"note {pad.note}" + (f" · choke {pad.choke}" if pad.choke else "")
    return {"label": title(pad.patch), "told": told, "wav": _wav(sound) if sound else "", "choke": pad.choke or 0}


@lru_cache(KEPT)  # sounds are kept by their instrument and compared by identity
def _wav(sound: Sound) -> str:
    return base64.b64encode(sound.to_bytes("wav")).decode()


@cache
def _component() -> Callable[..., Any]:
    return st.components.v2.component("sonoform_pads", js=SCRIPT.read_text(encoding="utf-8"))
