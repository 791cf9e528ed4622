"""Parts that pages share: the session's patch tied to widgets, the toolbar, the sound with its picture, the files."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import spectrogram
from app.resources import instrument
from app.session import RESERVED, Cards, History, Timeline, cleared, default_patch, file_stem, open_link, setting, turn
from synth.checkpoint import catalogue, default_root
from synth.errors import CheckpointError, PatchError
from synth.families import SPACE, can
from synth.patch import Patch
from synth.sound import Sound

DOWNLOADS = {"wav": ("audio/wav", "PCM_24"), "flac": ("audio/flac", "PCM_24"), "ogg": ("audio/ogg", None)}

_HISTORY, _WRITTEN, _WARNING, _PAGE = "history", "written_query", "warning", "page"
_TIED = "patch."  # keys of widgets that are controls of the patch


# -- the session's patch -------------------------------------------------------------------------------------------


def models_or_stop(ability: str | None = SPACE) -> Cards:
    """The installed models that have an ability; without any, the page says how to get one and ends here."""
    cards = {name: card for name, card in catalogue().items() if ability is None or can(card.family, ability)}
    if not cards:
        st.info(
            f"No model that this page can play is installed in {default_root()}. Publish a trained run with "
            "`python -m synth publish RUN --id NAME`, or point SONOFORM_CHECKPOINTS to a folder of checkpoints, "
            "then reload this page.",
            icon=":material/graphic_eq:",
        )
        st.stop()
    return cards


def open_session(cards: Cards) -> History:
    """The session's history. An address that the page did not write itself (a link, Back) opens as a new patch."""
    query = {key: text for key, text in st.query_params.to_dict().items() if key not in RESERVED}
    history = st.session_state.get(_HISTORY)
    if history is None or (query and query != st.session_state.get(_WRITTEN)):
        opened = open_link(query, cards, catalogue())
        if opened.warning or history is not None:
            st.session_state[_WARNING] = opened.warning
        if history is None:
            history = st.session_state[_HISTORY] = History.begin(opened.patch)
        history.push(opened.patch)
    if history.patch.model not in cards:
        history.push(default_patch(cards))
    return history


def session_history() -> History:
    """The history that `open_session` began."""
    history: History = st.session_state[_HISTORY]
    return history


def write_address(patch: Patch) -> None:
    """Keeps the address bar a link to the patch."""
    query = dict(parse_qsl(patch.to_query(), keep_blank_values=True))
    if query != st.session_state.get(_WRITTEN) or not st.query_params:
        st.session_state[_WRITTEN] = query
        kept = {key: st.query_params[key] for key in RESERVED if key in st.query_params}
        st.query_params.from_dict(kept | query)


def warn(sentence: str) -> None:
    """Tells of what was asked for in vain, until the next change."""
    st.session_state[_WARNING] = sentence


def show_warning() -> None:
    if warning := st.session_state.get(_WARNING):
        st.warning(warning, icon=":material/error:")


def enter(page: str) -> None:
    """Forgets where the last page's widgets stood. On a new one they begin anew, and would not be told otherwise."""
    if st.session_state.get(_PAGE) != page:
        st.session_state[_PAGE] = page
        for key in [key for key in st.session_state if str(key).startswith(_TIED)]:
            del st.session_state[key]


def tied(name: str, patch: Patch) -> dict[str, Any]:
    """Key and callback that make a widget a control of the patch; `name` as in `session.turn`."""
    key = f"{_TIED}{name}"
    if st.session_state.get(key) != setting(patch, name):
        st.session_state[key] = setting(patch, name)
    return {"key": key, "on_change": _turned, "args": (name,)}


def _turned(name: str) -> None:
    value = st.session_state[f"{_TIED}{name}"]
    if value is not None or name == "prototype":  # an emptied field goes back to what it was
        change(turn(session_history().patch, name, value, catalogue()))


def held(key: str, value: Any, act: Callable[[Any], None]) -> dict[str, Any]:
    """Key and callback of a widget that stands at `value`, whatever it is tied to, and whose change `act` takes."""
    if st.session_state.get(key) != value:
        st.session_state[key] = value
    return {"key": key, "on_change": lambda: act(st.session_state[key])}


def change(patch: Patch) -> None:
    """Makes a patch the session's current one."""
    session_history().push(patch)
    st.session_state[_WARNING] = None


# -- toolbar -------------------------------------------------------------------------------------------------------


def toolbar(history: History) -> None:
    """Undo, redo, reset and the share link."""
    with tools(history):
        bare = cleared(history.patch) == history.patch
        _tool("Reset", ":material/restart_alt:", _reset, not bare, help="Everything but model, category and seed")
        share(share_link(history.patch), "sound")


def tools(timeline: Timeline[Any]) -> DeltaGenerator:
    """A toolbar that begins with undo and redo; more may be put into it."""
    bar = st.container(horizontal=True, gap="xsmall", width="content", key="toolbar")
    with bar:
        _tool("Undo", ":material/undo:", timeline.undo, timeline.can_undo, shortcut="Ctrl+Z")
        _tool("Redo", ":material/redo:", timeline.redo, timeline.can_redo, shortcut="Ctrl+Shift+Z")
    return bar


def share(link: str, what: str) -> None:
    with st.popover("Share", icon=":material/link:", help=f"A link that opens this very {what}"):
        st.caption(f"This link opens this very {what}.")
        st.code(link, language=None, wrap_lines=True)


def _tool(label: str, icon: str, action: Callable[[], None], enabled: bool, shortcut: str = "", help: str = "") -> None:
    st.button(label, icon=icon, on_click=action, disabled=not enabled, shortcut=shortcut or None, help=help or None)


def _reset() -> None:
    change(cleared(session_history().patch))


def share_link(patch: Patch) -> str:
    return link_of(patch.to_query())


def link_of(query: str) -> str:
    """This page's address with a query."""
    address = st.context.url or ""
    root = address.count("/") < 3  # http://host, without the path's slash
    return f"{address}{'/' if root else ''}{'?' if query else ''}{query}"


def new_seed() -> None:
    change(turn(session_history().patch, "seed", secrets.randbelow(2**32), {}))


# -- the sound -----------------------------------------------------------------------------------------------------


def rendered(patch: Patch) -> Sound | None:
    """The sound of a patch; where there is none, the page says why in one sentence."""
    try:
        with st.spinner(f"Loading {patch.model} ...", show_time=True):
            shared = instrument(patch.model)
        return shared.render(patch)
    except PatchError as error:
        st.warning(sentence(error), icon=":material/error:")
    except CheckpointError as error:
        st.error(sentence(error), icon=":material/error:")
    return None


def player(sound: Sound) -> None:
    """Waveform and spectrogram, and the sound itself, which is sent first: the ear is quicker than the eye."""
    picture = st.container()
    with st.container(horizontal=True, vertical_alignment="center", key="player"):
        # Bytes, not samples: Streamlit would normalise the peak of samples.
        slot = st.container(width="stretch")
        autoplay = st.toggle("Autoplay", value=True, key="autoplay", help="Play every new sound at once")
        loop = st.toggle("Loop", key="loop", help="Play over and over")
        slot.audio(sound.to_bytes("wav"), "audio/wav", autoplay=autoplay, loop=loop)
    picture.html(spectrogram.figure(sound))


def reference_player(sound: Sound) -> None:
    """The same for a sound that stands beside another: it waits to be played."""
    st.html(spectrogram.figure(sound))
    st.audio(sound.to_bytes("wav"), "audio/wav")


def downloads(sound: Sound, patch: Patch) -> None:
    """One button a format; the file is made when it is clicked."""
    stem = file_stem(patch)
    with st.container(horizontal=True, vertical_alignment="center", key="downloads"):
        rate = f"{sound.sample_rate / 1000:g} kHz"
        st.caption(f"{stem} · {sound.seconds:.2f} s · {rate} · {_loudness(patch)}", width="stretch")
        files(stem, sound, "download.{}")


def files(stem: str, sound: Sound, key: str) -> None:
    """A button a format; the file is made when it is clicked. key: of the buttons, with {} for the format."""
    for format, (mime, subtype) in DOWNLOADS.items():
        st.download_button(
            format.upper(),
            data=partial(sound.to_bytes, format, subtype),
            file_name=f"{stem}.{format}",
            mime=mime,
            key=key.format(format),
            icon=":material/download:",
            on_click="ignore",
            help=f"Save {stem}.{format}",
        )


def _loudness(patch: Patch) -> str:
    return "peak at -1 dBTP" if patch.lufs is None else f"{patch.lufs:g} LUFS"


def sentence(error: Exception) -> str:
    text = str(error).rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."


def readable(name: str) -> str:
    """A category as people read it: "wood_hit" is "Wood hit"."""
    return name.replace("_", " ").capitalize()
