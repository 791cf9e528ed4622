"""Morph: from one sound to another, or between four, under the hand."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count
from urllib.parse import urlencode

import streamlit as st

from app.server.instruments import instrument as loaded
from app.session import address, morphing
from app.session.morphing import STEPS
from app.session.patches import Timeline
from app.widgets import current_patch, desk, downloads, links, live, mounting, player, players, shelf, tiles, toolbar
from app.widgets.held import held, remembered
from app.widgets.live import Bank, Control
from app.widgets.verbatim import plain, readable, sentence
from synth.checkpoint.fit import Cards, rows, unplayable
from synth.checkpoint.store import Card, catalogue
from synth.errors import PatchError, SonoformError
from synth.patch.morph import CORNERS, PACES, PATHS, Morph, Way, on_sphere
from synth.patch.naming import title
from synth.patch.patch import Patch
from synth.sound.sound import Sound

LINK = "morph"  # key of the address
USUAL_SECONDS = 8
TIMELINE = "morph.timeline"
WAY, SECONDS, THROUGH = "morph.way", "morph.seconds", "morph.through"
RENDER, RENDERED = "morph.render", "morph.rendered"
HAND, SEED, OTHER = "Sound at hand", "A seed", "As it was"
PATH_NAMES = {"w": "Straight", "z": "By way of others"}
PATH_HELP = (
    "Straight: from any sound to any other (a line in w+). By way of other sounds of the category: between seeds of "
    "one category only (on the sphere of z)."
)
PACE_HELP = "Even: what is heard changes as much at every step. Linear: by the share of the path, which may jump"
LAYERS_HELP = (
    "Rows of w+ that follow the morph; the others stay those of A. The last one also draws spectra and envelopes"
)


@st.fragment
def page(cards: Cards) -> None:
    morph = begin(cards).current
    card = cards[morph.model]
    top, main, under = st.container(), st.container(key="morph"), st.container()
    left, right = main.columns([3, 11], gap="medium")
    patch = placed(morph)
    sound = player.rendered(patch) if patch else None
    with right:
        play(morph, sound)
    with top:
        tools(morph)
        settings(morph, card, cards)
        current_patch.show_warning()
    with left:
        for letter, corner in zip(CORNERS, morph.corners, strict=False):
            corner_of(morph, letter, corner, card)
    with under:
        if patch and sound:
            try:
                steps(morph)
            except SonoformError as error:
                st.warning(sentence(error), icon=":material/error:")
            footer(patch, sound)
    write_address(morph)


# -- the morph of this session -------------------------------------------------------------------------------------


def begin(cards: Cards) -> Timeline[Morph]:
    """The session's morphs; a link opens as a new one, and what it asks in vain is told."""
    timeline = st.session_state.get(TIMELINE)
    if asked := address.asked(LINK):
        try:
            opened = installed(Morph.from_query(asked), cards)
            timeline = timeline or Timeline.begin(opened)
            timeline.push(opened)
        except SonoformError as error:
            current_patch.warn(plain(f"The link cannot be used ({error})."))
    if timeline is None or timeline.current.model not in cards:
        patch = current_patch.session_history().patch
        timeline = Timeline.begin(morphing.begun(patch, cards[patch.model]))
    st.session_state[TIMELINE] = timeline
    return timeline


def installed(morph: Morph, cards: Cards) -> Morph:
    """Raises PatchError for a model or for rows that there are not."""
    if morph.model not in cards:
        raise PatchError("model", unplayable(morph.model, cards, catalogue()))
    last = rows(cards[morph.model]) - 1
    if morph.layers and morph.layers[1] > last:
        raise PatchError("layers", f"{morph.model} has rows 0 to {last}")
    return morph


def change(morph: Morph) -> None:
    st.session_state[TIMELINE].push(morph)
    current_patch.warn("")


def placed(morph: Morph) -> Patch | None:
    """The patch of the morph's place; where there is none, the page says why."""
    try:
        return loaded(morph.model).morphed(morph)
    except SonoformError as error:
        st.warning(sentence(error), icon=":material/error:")
        return None


def write_address(morph: Morph) -> None:
    query = morph.to_query()
    if len(query) <= morphing.MAX_LINK:
        address.write(LINK, query)
    else:
        st.query_params.pop(LINK, None)


# -- toolbar and settings ------------------------------------------------------------------------------------------


def tools(morph: Morph) -> None:
    with toolbar.tools(st.session_state[TIMELINE]):
        query = morph.to_query()
        if len(query) <= morphing.MAX_LINK:
            links.share(links.to_query(urlencode({LINK: query})), "morph")
        else:
            with st.popover("Share", icon=":material/link:"):
                st.caption("Its corners are no seeds, so a link would be too long. Use this sound, and share that.")


def settings(morph: Morph, card: Card, cards: Cards) -> None:
    def other_count(corners: int) -> None:
        change(morphing.with_count(morph, corners, card))

    def other_model(model: str) -> None:
        change(morphing.begun(current_patch.session_history().patch, cards[model]))

    def follow(word: str | None) -> None:
        if word:
            change(replace(morph, layers=morphing.WORDS[word]))

    word = next((word for word, layers in morphing.WORDS.items() if layers == morph.layers), None)
    last = rows(card) - 1
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="settings"):
        st.selectbox(
            "Model",
            list(cards),
            format_func=lambda name: cards[name].title,
            width=220,
            **held("morph.model", morph.model, other_model, list(cards)),
        )
        st.segmented_control(
            "Sounds",
            (2, 4),
            required=True,
            **held("morph.count", len(morph.corners), other_count, "default"),
        )
        if on_sphere(morph.corners):  # else there is one way alone
            st.segmented_control(
                "Path",
                PATHS,
                format_func=PATH_NAMES.__getitem__,
                required=True,
                help=PATH_HELP,
                **held("morph.path", morph.path, lambda path: change(replace(morph, path=path)), "default"),
            )
        if len(morph.corners) == 2:
            st.segmented_control(
                "Pace",
                PACES,
                format_func=str.capitalize,
                required=True,
                help=PACE_HELP,
                **held("morph.pace", morph.pace, lambda pace: change(replace(morph, pace=pace)), "default"),
            )
        st.segmented_control(
            "Follows",
            list(morphing.WORDS),
            format_func=str.capitalize,
            required=word is not None,
            help="Which part of the sound follows the morph",
            **held("morph.follows", word, follow, "default"),
        )
        st.slider(
            "Layers",
            0,
            last,
            help=LAYERS_HELP,
            width=240,
            **held("morph.layers", morph.layers or (0, last), lambda rows: set_layers(morph, rows, last)),
        )


def set_layers(morph: Morph, layers: tuple[int, int], last: int) -> None:
    change(replace(morph, layers=None if layers == (0, last) else layers))


# -- corners -------------------------------------------------------------------------------------------------------


def corner_of(morph: Morph, letter: str, corner: Patch, card: Card) -> None:
    """What stands in a corner: where it comes from, and how it looks."""
    put = partial(put_corner, morph, letter)
    sources = offered(morph.model)

    def take(name: str) -> None:
        # One that is offered already would be shown by that name.
        bare = (Patch(corner.model, corner.category, seed) for seed in count(corner.seed))
        drawn = next(patch for patch in bare if patch not in sources.values())
        put(sources.get(name, drawn if name == SEED else corner))

    source = next((name for name, patch in sources.items() if patch == corner), None)
    source = source or (SEED if morphing.is_seed(corner) else OTHER)
    names = [*sources, SEED, *([OTHER] if source == OTHER else [])]
    with st.container(border=True, gap="xsmall", key=f"corner-{letter}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{letter}**", width="content")
            st.selectbox(
                f"Sound of {letter}",
                names,
                label_visibility="collapsed",
                **held(f"morph.source.{letter}", source, take, names),
            )
        try:
            st.html(tiles.thumbnail(loaded(morph.model).picture(corner), letter))
        except SonoformError as error:
            st.caption(sentence(error))
        links.to_shape(corner)
        if source == SEED:
            seed_of(letter, corner, card, put)
        else:
            st.caption(plain(title(corner)))


def offered(model: str) -> dict[str, Patch]:
    """Sounds of a model that a corner may take, by what they are called."""
    hand = current_patch.session_history().patch
    kept = {item.name: item.patch for item in shelf.kept() if item.patch.model == model}
    return ({HAND: hand} if hand.model == model else {}) | kept


def put_corner(morph: Morph, letter: str, patch: Patch) -> None:
    change(morphing.with_corner(morph, letter, patch))


def seed_of(letter: str, corner: Patch, card: Card, put: Callable[[Patch], None]) -> None:
    def other_category(name: str) -> None:
        put(replace(corner, category=name))

    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.selectbox(
            f"Category of {letter}",
            card.categories,
            format_func=readable,
            label_visibility="collapsed",
            **held(f"morph.category.{letter}", corner.category, other_category, card.categories),
        )
        st.button(
            "",
            icon=":material/casino:",
            key=f"morph.roll.{letter}",
            help=f"Another seed for {letter}; now {corner.seed}",
            on_click=lambda: put(replace(corner, seed=secrets.randbelow(2**32))),
        )


# -- the sound -----------------------------------------------------------------------------------------------------


def play(morph: Morph, sound: Sound | None) -> None:
    """The live instrument, or plain widgets."""
    x = Control("x", "A to B", 0.0, 1.0, 0.01, morph.x, help="0 is A, 1 is B")
    y = Control("y", "A to C", 0.0, 1.0, 0.01, morph.y, help="0 is the line from A to B, 1 that from C to D")
    four = len(morph.corners) == 4
    if mounting.is_classic():
        for c in (x, y) if four else (x,):
            moved = held(f"morph.{c.name}", c.value, partial(set_one, c.name))
            st.slider(c.label, c.low, c.high, step=c.step, help=c.help, **moved)
        if sound:
            player.show(sound)
        return
    square = Bank("Place", (x, y), pad=("x", "y"), corners=tuple(CORNERS))
    bank = square if four else Bank("Place", (x,))
    shown = live.live(
        "morph.live",
        morph.to_dict(short=True),
        [bank],
        sound,
        set_values=lambda values: change(replace(st.session_state[TIMELINE].current, **values)),
        run=run,
        address="morph",
        file=f"{morph.model}-morph",
        slot="A" if morph.weights[0] == 1.0 else "B" if morph.weights[1] == 1.0 else "",
    )
    if not shown:
        mounting.failed()


def set_one(name: str, value: float) -> None:
    change(replace(st.session_state[TIMELINE].current, **{name: value}))


def run(command: str) -> None:
    """A and B are the ends here; new seeds are for all corners that are seeds."""
    timeline = st.session_state[TIMELINE]
    morph = timeline.current
    if command == "undo":
        timeline.undo()
    elif command == "redo":
        timeline.redo()
    elif command == "seed":
        drawn = (replace(c, seed=secrets.randbelow(2**32)) if morphing.is_seed(c) else c for c in morph.corners)
        change(replace(morph, corners=tuple(drawn)))
    else:
        change(replace(morph, x=0.0 if command == "slot A" else 1.0, y=0.0))


# -- the way -------------------------------------------------------------------------------------------------------


def steps(morph: Morph) -> None:
    """The way in eight steps, and as one sound."""
    shared = loaded(morph.model)
    offered_ways = morphing.ways(morph)
    stops = st.session_state.get(WAY)
    stops = stops if stops in offered_ways else next(iter(offered_ways))
    seconds = st.session_state.get(SECONDS) or USUAL_SECONDS
    way = Way(morph, offered_ways[stops], float(seconds))
    places = way.steps(STEPS)
    patches = [shared.morphed(place) for place in places]
    here = next((i for i, place in enumerate(places) if (place.x, place.y) == (morph.x, morph.y)), None)

    def go(i: int) -> None:
        change(replace(morph, x=places[i].x, y=places[i].y))

    tiles.grid("morph", [str(i + 1) for i in range(STEPS)], [shared.picture(p) for p in patches], STEPS, (here,), go)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="way"):
        if len(offered_ways) > 1:
            st.selectbox("Way", offered_ways, width=170, **remembered(WAY, stops, list(offered_ways)))
        st.button(
            "Listen through", icon=":material/playlist_play:", help="The eight steps, one by one", **flag(THROUGH)
        )
        long = "Length of the way as one sound"
        st.number_input("Seconds", 1, 60, width=130, help=long, **remembered(SECONDS, seconds))
        st.button("Render the way", icon=":material/timeline:", help="One sound, all the way along", **flag(RENDER))
        st.download_button(
            "Export all",
            data=partial(everything, way, patches),
            file_name=f"{morph.model}-morph.zip",
            mime="application/zip",
            icon=":material/folder_zip:",
            on_click="ignore",
            help="The eight steps and the way as WAV files, with the morph itself",
            key="morph.all",
        )
    listen(way, patches)


def flag(name: str) -> dict:
    """A button that asks for something once."""
    return {"key": f"{name}.button", "on_click": lambda: st.session_state.update({name: True})}


def listen(way: Way, patches: list[Patch]) -> None:
    if st.session_state.pop(THROUGH, False):
        st.audio(morphing.in_a_row([loaded(p.model).render(p) for p in patches]).to_bytes(), "audio/wav", autoplay=True)
    if st.session_state.pop(RENDER, False):
        bar = st.progress(0.0, "Rendering the way ...")
        sound = loaded(way.morph.model).glide(way, lambda share: bar.progress(share, "Rendering the way ..."))
        st.session_state[RENDERED] = (way, sound)
        bar.empty()
    rendered = st.session_state.get(RENDERED)
    if rendered and rendered[0] == way:
        with st.container(key="whole-way"):
            players.show("way", rendered[1], "the way")


def everything(way: Way, patches: list[Patch]) -> bytes:
    shared = loaded(way.morph.model)
    return morphing.bundle(way.morph, [shared.render(p) for p in patches], shared.glide(way, lambda share: None))


def footer(patch: Patch, sound: Sound) -> None:
    used = current_patch.session_history().patch == patch
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="footer"):
        st.button(
            "In use" if used else "Use this sound",
            icon=":material/check:",
            type="primary",
            disabled=used,
            help="Makes it the sound of all pages",
            on_click=current_patch.change,
            args=(patch,),
            key="morph.use",
        )
        links.to_shape(patch)
        shelf.buttons(patch)
        downloads.show(sound, patch)
        desk.face()


cards = current_patch.models_or_stop()
current_patch.open_session(cards)
page(cards)
