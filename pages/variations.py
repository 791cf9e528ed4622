"""Variations: near neighbours of the sound at hand. Hear one, make it the new centre, go on."""

import secrets
from dataclasses import dataclass, replace

import streamlit as st

from app.server.instruments import instrument as loaded
from app.session import address
from app.widgets import current_patch, desk, downloads, links, live, mounting, player, shelf, tiles, toolbar
from app.widgets.held import held
from app.widgets.verbatim import readable
from synth.checkpoint.fit import Cards
from synth.checkpoint.store import Card
from synth.errors import SonoformError
from synth.patch.patch import Patch
from synth.sound.sound import Sound

ACROSS, DOWN = 3, 4
LINK = "vary"  # key of the address
WANTED, CHOSEN = "variations.wanted", "variations.chosen"
SPACES = {"w": "All around", "z": "Other draws"}
SPACE_HELP = (
    "All around: neighbours on all sides, by even steps (in W). Other draws of the category: some alike, some of "
    "another clip; for seeds only (in z)."
)
DISTANCE_HELP = "1: as far as a sound of the category is from its middle, on average"
NEAREST, FARTHEST = 0.05, 1.5


@dataclass(frozen=True)
class Wanted:
    """Which neighbours are shown: how far they are, which draws, and in which space."""

    distance: float = 0.4
    roll: int = 0
    space: str = "w"

    def to_text(self) -> str:
        return f"{self.distance:g}~{self.roll}~{self.space}"

    @classmethod
    def from_text(cls, text: str) -> "Wanted | None":
        """The inverse; None for text that is none."""
        distance, _, rest = text.partition("~")
        roll, _, space = rest.partition("~")
        try:
            read = cls(float(distance), int(roll), space)
        except ValueError:
            return None
        fits = NEAREST <= read.distance <= FARTHEST and 0 <= read.roll < 2**32 and space in SPACES
        return read if fits else None


@st.fragment
def page(cards: Cards) -> None:
    centre = current_patch.session_history().patch
    card = cards[centre.model]
    wanted = asked(centre, card)
    top, main, under = st.container(key="above-variations"), st.container(key="variations"), st.container()
    left, right = main.columns([5, 9], gap="medium")
    with top:
        toolbar.show(current_patch.session_history())
    around = neighbours(centre, wanted)
    chosen = st.session_state.get(CHOSEN)
    at = chosen[1] if chosen and chosen[0] == (centre, wanted) and around else None
    patch = centre if at is None else around[at]
    with right:
        sound = player.rendered(patch)
        play(patch, card, sound)
    with top:
        settings(centre, card, cards, wanted)
        current_patch.show_warning()
    with left:
        grid(centre, wanted, around, at)
    with under:
        footer(patch, sound)
    address.write(LINK, wanted.to_text())
    current_patch.write_address(centre)


# -- what is asked -------------------------------------------------------------------------------------------------


def asked(centre: Patch, card: Card) -> Wanted:
    """The neighbours of this session, at first those of the link."""
    if (link := address.asked(LINK)) or WANTED not in st.session_state:
        st.session_state[WANTED] = Wanted.from_text(link or "") or st.session_state.get(WANTED, Wanted())
    wanted: Wanted = st.session_state[WANTED]
    return wanted if wanted.space in spaces(centre, card) else replace(wanted, space="w")


def spaces(centre: Patch, card: Card) -> tuple[str, ...]:
    drawn = centre.latent is None or len(centre.latent) == card.network.get("z_dim")
    return ("w", "z") if drawn else ("w",)


def neighbours(centre: Patch, wanted: Wanted) -> list[Patch]:
    """None where the model cannot be used, which the page says beside the sound."""
    try:
        shared = loaded(centre.model)
        return shared.neighbours(centre, wanted.distance, ACROSS * DOWN, wanted.roll, wanted.space)
    except SonoformError:
        return []


def set_wanted(wanted: Wanted) -> None:
    st.session_state[WANTED] = wanted


def settings(centre: Patch, card: Card, cards: Cards, wanted: Wanted) -> None:
    def other_space(space: str) -> None:
        set_wanted(replace(wanted, space=space))

    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="settings"):
        desk.model(centre, cards)
        stands = current_patch.tied("category", centre, card.categories)
        st.selectbox("Category", card.categories, format_func=readable, width=190, **stands)
        desk.seed(centre)
        st.slider(
            "Distance",
            NEAREST,
            FARTHEST,
            step=0.05,
            help=DISTANCE_HELP,
            width=240,
            **held("variations.distance", wanted.distance, lambda far: set_wanted(replace(wanted, distance=far))),
        )
        st.segmented_control(
            "Neighbours",
            spaces(centre, card),
            format_func=SPACES.__getitem__,
            required=True,
            help=SPACE_HELP,
            **held("variations.space", wanted.space, other_space, "default"),
        )
        st.button(
            "Re-roll",
            icon=":material/casino:",
            help="Other neighbours of the same centre",
            on_click=lambda: set_wanted(replace(wanted, roll=secrets.randbelow(2**32))),
        )


# -- the grid and the sound ----------------------------------------------------------------------------------------


def grid(centre: Patch, wanted: Wanted, around: list[Patch], at: int | None) -> None:
    """The neighbours as pictures; a pressed one is heard, and pressed again it is the centre that is heard."""

    def choose(i: int) -> None:
        st.session_state[CHOSEN] = None if i == at else ((centre, wanted), i)

    if around:
        shared = loaded(centre.model)
        labels = [str(i + 1) for i in range(len(around))]
        tiles.grid("variations", labels, [shared.picture(patch) for patch in around], ACROSS, (at,), choose)
    heard = "the sound at hand, their centre" if at is None else f"neighbour {at + 1}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="centre"):
        st.button(
            "Make it the centre",
            icon=":material/filter_center_focus:",
            type="primary",
            disabled=at is None,
            on_click=recentre,
            args=(centre if at is None else around[at],),
            help="Its own neighbours are shown then; Undo goes back",
        )
        if at is not None:
            links.to_shape(around[at])
        shelf.buttons(centre if at is None else around[at])
    st.caption(f"You hear {heard}.")


def recentre(patch: Patch) -> None:
    st.session_state[CHOSEN] = None  # so that Undo is heard as the former centre, not as this neighbour of it
    current_patch.change(patch)


def play(patch: Patch, card: Card, sound: Sound | None) -> None:
    """The live instrument on what is heard, whose sliders make a new centre of it; or a plain player."""
    if mounting.is_classic():
        if sound:
            player.show(sound)
    elif not live.of_session("variations.live", desk.model_banks(patch, card), sound, heard=patch):
        mounting.failed()


def footer(patch: Patch, sound: Sound | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="footer"):
        if sound:
            downloads.show(sound, patch)
        desk.face()


cards = current_patch.models_or_stop()
current_patch.open_session(cards)
page(cards)
