"""Parts that pages share: the session's patch tied to widgets, the toolbar, the sound with its picture, the files."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.server.instruments import instrument
from app.session.patches import RESERVED, History, Timeline, cleared, open_link, setting, turn
from app.widgets import spectrogram
from app.widgets.held import Begins, held, remembered
from app.widgets.verbatim import plain
from synth import paths
from synth.checkpoint.families import SPACE, can
from synth.checkpoint.fit import Cards, default_patch
from synth.checkpoint.store import catalogue
from synth.choices import EXPORT_RATES
from synth.errors import CheckpointError, PatchError
from synth.patch.naming import file_stem
from synth.patch.patch import Patch
from synth.paths import shell
from synth.sound.sound import Sound

DOWNLOADS = {
    **{"wav": ("audio/wav", "PCM_24"), "flac": ("audio/flac", "PCM_24")},
    **{"ogg": ("audio/ogg", None), "mp3": ("audio/mpeg", None)},
}
MP3_RATE = 48_000  # Hz, the highest that MPEG layer III has

DIFFERENCE = (
    "How far the match is from the sound that was given, on average over what can be heard of either: the cells of "
    "both pictures that lie within 60 dB of its loudest. 0 is the same; above 10 another loudness by half"
)

SHAPE = shell() / "pages" / "shape.py"

_HISTORY, _WRITTEN, _WARNING = "history", "written_query", "warning"
_RATE = "export_rate"


# -- the session's patch -------------------------------------------------------------------------------------------


def models_or_stop(ability: str | None = SPACE) -> Cards:
    """The installed models that have an ability; without any, the page says how to get one and ends here."""
    cards = {name: card for name, card in catalogue().items() if ability is None or can(card.family, ability)}
    if not cards:
        st.info(
            f"No model that this page can play is installed in {paths.models()}. Publish a trained run with "
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
            st.session_state[_WARNING] = opened.warning and plain(opened.warning)
        if history is None:
            history = st.session_state[_HISTORY] = History.begin(opened.patch.linked())
        history.push(opened.patch.linked())
    if history.patch.model not in cards:
        history.push(default_patch(cards))
    return history


def session_history() -> History:
    """The history that `open_session` began."""
    history: History = st.session_state[_HISTORY]
    return history


def write_address(patch: Patch) -> None:
    """Keeps the address bar a link to the patch, which an empty one would not be: Back to it would change nothing."""
    query = dict(parse_qsl(patch.to_query() or f"m={patch.model}", keep_blank_values=True))
    st.session_state[_WRITTEN] = query
    there = st.query_params.to_dict()
    kept = {key: text for key, text in there.items() if key in RESERVED}
    if there != kept | query:
        st.query_params.from_dict(kept | query)


def warn(sentence: str) -> None:
    """Tells of what was asked for in vain, until the next change."""
    st.session_state[_WARNING] = sentence


def show_warning() -> None:
    if warning := st.session_state.get(_WARNING):
        st.warning(warning, icon=":material/error:")


def tied(name: str, patch: Patch, begins: Begins = "value") -> dict[str, Any]:
    """What makes a widget a control of the patch; `name` as in `patches.turn`, `begins` as in `held`."""
    return held(f"patch.{name}", setting(patch, name), partial(_turn, name), begins)


def _turn(name: str, value: Any) -> None:
    if value is not None:  # an emptied field goes back to what it was
        change(turn(session_history().patch, name, value, catalogue()))


def change(patch: Patch) -> None:
    """Makes a patch the session's current one, such as its link holds it."""
    session_history().push(patch.linked())
    st.session_state[_WARNING] = None


# -- toolbar -------------------------------------------------------------------------------------------------------


def toolbar(history: History, link: str = "") -> None:
    """Undo, redo, reset and the share link. link: where that is more than the patch's."""
    with tools(history):
        bare = cleared(history.patch) == history.patch
        _tool("Reset", ":material/restart_alt:", _reset, not bare, help="Everything but model, category and seed")
        share(link or share_link(history.patch), "sound")


def tools(timeline: Timeline[Any]) -> DeltaGenerator:
    """A toolbar that begins with undo and redo; more may be put into it."""
    bar = st.container(horizontal=True, gap="xsmall", width="content", key="toolbar")
    with bar:
        _tool("Undo", ":material/undo:", timeline.undo, timeline.can_undo, shortcut="Ctrl+Z")
        _tool("Redo", ":material/redo:", timeline.redo, timeline.can_redo, shortcut="Ctrl+Shift+Z")
    return bar


def fold(label: str, key: str, content: Callable[[], None], **looks: Any) -> None:
    """An expander whose content is made only while it is open: a browser works out charts that nobody sees, too, and
    with them it takes many times as long to the first sound."""
    place = st.expander(label, key=key, on_change="rerun", **looks)
    if place.open:
        with place:
            content()


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


def to_shape(patch: Patch) -> None:
    """A link that opens a sound on Shape, whatever page it stands on."""
    query = {"m": patch.model, **dict(parse_qsl(patch.to_query(), keep_blank_values=True))}
    st.page_link(SHAPE, label="Open in Shape", icon=":material/graphic_eq:", query_params=query)


def new_seed() -> None:
    change(turn(session_history().patch, "seed", secrets.randbelow(2**32), {}))


# -- the sound -----------------------------------------------------------------------------------------------------


def rendered(patch: Patch) -> Sound | None:
    """The sound of a patch; where there is none, the page says why in one sentence."""
    try:
        with st.spinner(f"Loading {plain(patch.model)} ...", show_time=True):
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
    for format, (mime, subtype) in DOWNLOADS.items():
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


def sentence(error: Exception | str) -> str:
    """What it says as a sentence of a page; names in it are text."""
    text = str(error).rstrip(".")
    return plain(f"{text[:1].upper()}{text[1:]}.")


def readable(name: str) -> str:
    """A category as people read it: "wood_hit" is "Wood hit"."""
    return name.replace("_", " ").capitalize()


def label(name: str) -> str:
    """The same where a page takes Markdown: on pills, in captions and messages."""
    return plain(readable(name))
