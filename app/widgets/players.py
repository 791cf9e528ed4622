"""A sound that stands for itself on a page: its picture, which plays from where it is clicked. One plays at a time.

app/style.css says how high the picture is, by --wave and --heat of what is around it.
"""

from __future__ import annotations

from functools import lru_cache

import streamlit as st

from app.widgets import mounting, spectrogram
from synth.sound.sound import Sound

KEPT = 128


def show(key: str, sound: Sound, label: str, auto: bool | None = None) -> None:
    """label: what the sound is, for those who do not see where it stands. auto: whether another sound in its place
    plays at once, with a switch for that; None without one."""
    with st.container(key=f"player-{key}"):
        if mounting.is_classic():
            picture, data = _drawn(sound)
            st.html(picture)
            st.audio(data, "audio/wav", alt=label, autoplay=bool(auto))
            return
        mount = mounting.component("player", "mountPlayer")
        state = mount(
            key=f"player.{key}",
            data=_packed(sound, label, auto),
            default={"failed": False},
            on_failed_change=lambda: None,
        )
    if state["failed"]:
        mounting.failed()


# Sounds are kept by their instrument and compared by identity, so each is drawn once.


@lru_cache(KEPT)
def _drawn(sound: Sound) -> tuple[str, bytes]:
    return spectrogram.figure(sound, 2), sound.to_bytes("wav")


@lru_cache(KEPT)
def _packed(sound: Sound, label: str, auto: bool | None) -> bytes:
    return mounting.pack({"label": label, "auto": auto}, sound, measured=False)
