"""Sounds that a person brings: uploaded or recorded, looked at, and cut to the part that counts.

What cannot be used is told in one sentence; nothing is written to the disk.
"""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st

from app.server.bodies import brought
from app.widgets import mounting, spectrogram
from app.widgets.held import remembered
from app.widgets.verbatim import sentence
from synth.errors import AudioError
from synth.sound.envelope import envelope
from synth.sound.excerpt import chosen, cut, loudest
from synth.sound.pieces import HIGHEST_RATE, SILENCE
from synth.sound.sound import Sound

TYPES = ("wav", "flac", "ogg", "mp3", "aiff", "aif")
WAYS = ("Upload", "Record")
POINTS, FINEST = 64, 1 << 16  # of an envelope: a second, and at most


@dataclass(frozen=True)
class _Given:
    """An upload as it was understood: the sound, its envelope as SVG and as numbers (pairs of int8, base64), or the
    sentence that says what is amiss."""

    file: str
    sound: Sound | None = None
    envelope: str = ""
    peaks: str = ""
    fault: str = ""


def part_of(key: str, label: str, seconds: float) -> Sound | None:
    """The part of an uploaded or recorded sound that a person chose, at most `seconds` of it; None while there is none.

    Of a longer sound the part is chosen on its waveform; at first it is where the sound is loudest.
    """
    file = _file(key, label)
    if file is None:
        return None
    given = _understood(key, file)
    if given.sound is None:
        st.warning(given.fault, icon=":material/error:")
        return None
    if given.sound.note:
        st.info(given.sound.note, icon=":material/info:")
    if given.sound.seconds <= seconds:
        return given.sound
    start = _start(f"{key}.start.{given.file}", given, seconds)
    part = cut(given.sound, start, seconds)
    if np.abs(part.samples).max() < SILENCE:
        st.warning("This part is silent: move it to where the recording can be heard.", icon=":material/error:")
        return None
    return part


def several(key: str, label: str, seconds: float, most: int) -> list[tuple[str, Sound]]:
    """Uploaded sounds by name, each cut to its loudest `seconds`, the first `most` of them; of those that cannot be
    used, one sentence each."""
    kept: dict[tuple[str, float], _Given] = st.session_state.get(f"{key}.read", {})
    files = st.file_uploader(label, TYPES, accept_multiple_files=True, key=f"{key}.files")
    if len(files) > most:
        st.warning(f"{most} sounds are enough here: the first {most} are taken.", icon=":material/info:")
    read_now = {}
    for file in files[:most]:
        known = (file.file_id, seconds)
        read_now[known] = kept.get(known) or _cut(_read(file), seconds)
    st.session_state[f"{key}.read"] = read_now
    for given in read_now.values():
        if given.fault:
            st.warning(given.fault, icon=":material/error:")
    return [(file.name, given.sound) for file, given in zip(files, read_now.values(), strict=False) if given.sound]


def _file(key: str, label: str) -> Any | None:
    """What was uploaded or recorded, as Streamlit holds it."""
    way = st.segmented_control(
        "Source", WAYS, default=WAYS[0], required=True, key=f"{key}.way", label_visibility="collapsed"
    )
    if way == "Record":
        return st.audio_input(label, sample_rate=HIGHEST_RATE, key=f"{key}.recorded")
    return st.file_uploader(label, TYPES, key=f"{key}.file")


def _understood(key: str, file: Any) -> _Given:
    """Read once, not in every run of the page."""
    given: _Given | None = st.session_state.get(f"{key}.read")
    if given is None or given.file != file.file_id:
        given = st.session_state[f"{key}.read"] = _drawn(_read(file))
    return given


def _read(file: Any) -> _Given:
    try:
        return _Given(file.file_id, brought(file.name, file.getvalue()))
    except AudioError as error:
        return _Given(file.file_id, fault=sentence(error))


def _drawn(given: _Given) -> _Given:
    """With its envelope, to choose a part by."""
    if given.sound is None:
        return given
    samples = given.sound.samples[0]
    picture = spectrogram.data_url("svg+xml", spectrogram.waveform(samples))
    return replace(given, envelope=picture, peaks=_peaks(samples, given.sound.seconds))


def _peaks(samples: np.ndarray, seconds: float) -> str:
    points = min(max(math.ceil(POINTS * seconds), 1024), FINEST, len(samples))
    ends = np.stack(envelope(samples[None], points), axis=1)
    return base64.b64encode(np.rint(ends.clip(-1.0, 1.0) * 127.0).astype(np.int8).tobytes()).decode()


def _cut(given: _Given, seconds: float) -> _Given:
    """The part that counts, and nothing else, which would be kept for as long as the session lasts."""
    return given if given.sound is None else replace(given, sound=chosen(given.sound, None, seconds))


def _start(key: str, given: _Given, seconds: float) -> float:
    """Where the part begins: chosen on the waveform, or by a slider under it."""
    assert given.sound is not None
    whole = given.sound.seconds
    last = math.floor(100 * (whole - seconds)) / 100
    start: float = st.session_state.setdefault(key, min(round(loudest(given.sound, seconds), 2), last))
    if mounting.is_classic():
        return _slid(key, given, seconds, start, last)
    mount = mounting.component("part", "mountPart")

    def chosen_there() -> None:
        said = st.session_state[f"{key}.part"]["start"]
        if isinstance(said, int | float) and 0.0 <= said <= whole - seconds:
            st.session_state[key] = float(said)

    state = mount(
        key=f"{key}.part",
        data=mounting.pack({"seconds": whole, "length": seconds, "start": start, "peaks": given.peaks}, None),
        default={"start": start, "failed": False},
        on_start_change=chosen_there,
        on_failed_change=lambda: None,
    )
    if state["failed"]:
        mounting.failed()
    return start


def _slid(key: str, given: _Given, seconds: float, start: float, last: float) -> float:
    assert given.sound is not None
    whole, picture = given.sound.seconds, st.empty()
    st.slider("The part begins at, s", 0.0, max(last, 0.01), step=0.01, **remembered(key, start))
    share = f"left:{100 * start / whole:.3f}%;width:{100 * seconds / whole:.3f}%"
    picture.html(
        f'<div class="part-picture" role="img" aria-label="{seconds:.2f} s of {whole:.2f} s, from {start:.2f} s">'
        f'<img alt="" src="{given.envelope}"><i style="{share}"></i></div>'
    )
    return start
