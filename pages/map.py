"""Map: all sounds of a model in the plane. Click one, travel between them, draw a line around some for a morph."""

from typing import Any

import streamlit as st

from app.server.instruments import SharedInstrument
from app.server.instruments import instrument as loaded
from app.session import roaming
from app.session.roaming import Deed, Line
from app.widgets import current_patch, desk, downloads, links, mounting, plane, player, players, shelf, toolbar
from app.widgets.held import held, remembered
from app.widgets.verbatim import plain, readable, sentence
from synth.chart.chart_file import FILE
from synth.checkpoint.fit import Cards
from synth.checkpoint.starting_points import opening
from synth.checkpoint.store import Card
from synth.errors import SonoformError
from synth.patch.morph import Morph
from synth.patch.naming import title
from synth.patch.patch import Patch
from synth.patch.place import Place
from synth.paths import shell
from synth.sound.sound import Sound

CATEGORY, COLOUR = "category", "map.colour"
PLACES, JOURNEY, SQUARE, SECONDS, RENDERED = "map.places", "map.journey", "map.square", "map.seconds", "map.rendered"
KEPT_PLACES = 64
MORPH = shell() / "pages" / "morph.py"
HELP = (
    "Click a place to hear it, drag to travel. Lasso: draw a line around sounds for a morph between four of them. "
    "Keys, once the map is clicked: arrows, Enter, M for corners, + - 0."
)


@st.fragment
def page(cards: Cards) -> None:
    patch = current_patch.session_history().patch
    card = cards[patch.model]
    top, main, under = st.container(key="above-map"), st.container(key="map"), st.container()
    sound = player.rendered(patch)
    left, right = main.columns([9, 4], gap="medium")
    with left:
        drawn(patch, card)
    with right:
        if sound:
            st.markdown(f"**{plain(title(patch))}**")
            players.show("map", sound, title(patch))
            footer(patch, sound)
        journey(patch, card)
        square()
    with top:
        toolbar.show(current_patch.session_history())
        settings(patch, card, cards)
        current_patch.show_warning()
    with under:
        desk.face()
    current_patch.write_address(patch)


# -- settings ------------------------------------------------------------------------------------------------------


def settings(patch: Patch, card: Card, cards: Cards) -> None:
    def other(model: str) -> None:
        current_patch.change(opening(cards[model]))

    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="settings"):
        stands = held("map.model", patch.model, other, list(cards))
        st.selectbox("Model", list(cards), format_func=lambda name: cards[name].title, width=220, **stands)
        offered = (CATEGORY, *descriptors(card))
        colour = st.session_state.get(COLOUR, CATEGORY)
        at = remembered(COLOUR, colour if colour in offered else CATEGORY, offered)
        st.selectbox("Colour", offered, format_func=readable, help=HELP, width=220, **at)


def descriptors(card: Card) -> tuple[str, ...]:
    try:
        return loaded(card.id).chart().descriptors
    except SonoformError:
        return ()


# -- the map -------------------------------------------------------------------------------------------------------


def drawn(patch: Patch, card: Card) -> None:
    """The map, or plain sliders, or why there is none."""
    try:
        shared = loaded(card.id)
        shared.chart()
        at = place_of(shared, patch)
        kept = [(*place_of(shared, item.patch), item.name) for item in shelf.kept() if item.patch.model == card.id]
    except SonoformError as error:
        st.info(sentence(error), icon=":material/map:")
        return
    if mounting.is_classic():
        plain_sliders(at)
        return
    colour = st.session_state.get(COLOUR, CATEGORY)
    shown = {"model": card.id, "stamp": card.files.get(FILE, ""), "oneShot": card.one_shot, "colour": colour}
    shown |= {"categories": [readable(name) for name in card.categories], "at": at, "kept": kept}
    plane.show("map.plane", shown, did)


def place_of(shared: SharedInstrument, patch: Patch) -> tuple[float, float]:
    """Where a sound lies: where a hand put it, else where the map has what is like it."""
    places: dict[Patch, tuple[float, float]] = st.session_state.setdefault(PLACES, {})
    if patch not in places:
        places[patch] = shared.found(patch)
        if len(places) > KEPT_PLACES:
            del places[next(iter(places))]
    return places[patch]


def plain_sliders(at: tuple[float, float]) -> None:
    def right(x: float) -> None:
        attempt(Deed("place", ((x, at[1]),)))

    def up(y: float) -> None:
        attempt(Deed("place", ((at[0], y),)))

    for axis, name, moved in ((0, "Right", right), (1, "Up", up)):
        st.slider(name, -1.0, 1.0, step=0.001, format="%.3f", **held(f"map.{name}", at[axis], moved))


# -- what a hand did -----------------------------------------------------------------------------------------------


def did(said: Any) -> None:
    if deed := roaming.read(said):
        attempt(deed)


def attempt(deed: Deed) -> None:
    """Does it; what it cannot do is told."""
    try:
        shared = loaded(current_patch.session_history().patch.model)
        if deed.kind == "point":
            took(shared.point(deed.point), shared.found(shared.point(deed.point)))
        elif deed.kind in ("place", "line"):
            took(shared.placed(Place(shared.card.id, *deed.line[-1])), deed.line[-1])
            st.session_state[JOURNEY] = (shared.card.id, deed.line) if deed.kind == "line" else None
        else:
            st.session_state[SQUARE] = roaming.square(shared, deed)
            current_patch.warn("")
    except SonoformError as error:
        current_patch.warn(sentence(error))


def took(patch: Patch, at: tuple[float, float]) -> None:
    """A sound of the map is the sound at hand."""
    current_patch.change(patch)
    st.session_state.setdefault(PLACES, {})[patch.linked()] = at


# -- beside it -----------------------------------------------------------------------------------------------------


def square() -> None:
    """The way to Morph, with the sounds that a lasso caught."""
    morph: Morph | None = st.session_state.get(SQUARE)
    if morph is None:
        st.caption("Lasso: draw around some sounds, and four of them become a morph.")
        return
    st.caption(plain("Morph between " + ", ".join(title(corner) for corner in morph.corners)))
    st.page_link(MORPH, label="Open in Morph", icon=":material/blur_linear:", query_params={"morph": morph.to_query()})


def journey(patch: Patch, card: Card) -> None:
    """The line that was dragged last, as one sound at an even pace."""
    last = st.session_state.get(JOURNEY)
    if not last or last[0] != card.id:
        return
    line: Line = last[1]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        seconds = st.session_state.get(SECONDS) or 8
        st.number_input("Seconds", 1, 60, width=130, **remembered(SECONDS, seconds))
        asked = st.button(
            "Render the journey", icon=":material/timeline:", help="One sound along the line, at an even pace"
        )
    if asked:
        rendered(card, line, float(st.session_state.get(SECONDS) or seconds))
    found = st.session_state.get(RENDERED)
    if found and found[0] == (card.id, line):
        players.show("journey", found[1], "the journey")
        name = f"{card.id}-journey.wav"
        data = found[1].to_bytes
        st.download_button("Save the journey", lambda: data("wav", "PCM_24"), name, "audio/wav", on_click="ignore")


def rendered(card: Card, line: Line, seconds: float) -> None:
    bar = st.progress(0.0, "Rendering the journey ...")
    try:
        sound = loaded(card.id).travelled(line, seconds, lambda share: bar.progress(share, "Rendering the journey ..."))
        st.session_state[RENDERED] = ((card.id, line), sound)
    except SonoformError as error:
        st.warning(sentence(error), icon=":material/error:")
    bar.empty()


def footer(patch: Patch, sound: Sound) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="footer"):
        links.to_shape(patch)
        shelf.buttons(patch)
        downloads.show(sound, patch)


cards = current_patch.models_or_stop()
current_patch.open_session(cards)
page(cards)
