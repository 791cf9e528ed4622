"""A sound as a file: one button a format, at a sample rate that the session keeps."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.widgets.held import remembered
from app.widgets.verbatim import plain
from synth.choices import EXPORT_RATES
from synth.patch.naming import file_stem
from synth.patch.patch import Patch
from synth.sound.sound import Sound

FORMATS = {
    **{"wav": ("audio/wav", "PCM_24"), "flac": ("audio/flac", "PCM_24")},
    **{"ogg": ("audio/ogg", None), "mp3": ("audio/mpeg", None)},
}
MP3_RATE = 48_000  # Hz, the highest that MPEG layer III has

_RATE = "export_rate"


def show(sound: Sound, patch: Patch) -> None:
    """One button a format; the file is made when it is clicked."""
    stem = file_stem(patch)
    with st.container(horizontal=True, vertical_alignment="center", key="downloads"):
        made = f"{sound.seconds:.2f} s · {kilohertz(sound.sample_rate)}{' stereo' if len(sound.samples) > 1 else ''}"
        st.caption(f"{plain(stem)} · {made} · {_loudness(patch)}", width="stretch")
        files(stem, sound, "download.{}", rate(sound))


def rate(sound: Sound) -> int:
    """The sample rate of files, Hz, as chosen; until then that of the sound."""
    offered = sorted({*EXPORT_RATES, sound.sample_rate})
    asked = st.session_state.get(_RATE)
    chosen: int = asked if asked in offered else sound.sample_rate
    st.selectbox(
        "Sample rate of files",
        offered,
        format_func=kilohertz,
        label_visibility="collapsed",
        width=130,
        help="Sample rate of files",
        **remembered(_RATE, chosen, offered),
    )
    return chosen


def kilohertz(rate: int) -> str:
    return f"{rate / 1000:g} kHz"


def files(stem: str, sound: Sound, key: str, rate: int | None = None) -> None:
    """A button a format; the file is made when it is clicked. key: of the buttons, with {} for the format. rate: of the
    files, None for the sound's own."""
    for format, (mime, subtype) in FORMATS.items():
        beyond = format == "mp3" and (rate or sound.sample_rate) > MP3_RATE
        st.download_button(
            format.upper(),
            data=partial(sound.to_bytes, format, subtype, None if rate == sound.sample_rate else rate),
            file_name=f"{stem}.{format}",
            mime=mime,
            key=key.format(format),
            icon=":material/download:",
            on_click="ignore",
            help=f"MP3 goes up to {kilohertz(MP3_RATE)}" if beyond else f"Save {plain(stem)}.{format}",
            disabled=beyond,
        )


def _loudness(patch: Patch) -> str:
    return "peak at -1 dBTP" if patch.lufs is None else f"{patch.lufs:g} LUFS"
