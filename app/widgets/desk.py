"""The desk of a page that plays the session's patch: a row of choices above, the instrument, files below.

A page says which banks of controls it has. The desk shows them live, by the component of app/widgets/live.py, or as
Streamlit's own widgets, heard when they are let go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import streamlit as st

from app.session.patches import LEVELLED, SLIDERS, turn
from app.widgets import current_patch, downloads, live, player, shelf, toolbar
from app.widgets.held import held
from app.widgets.live import Bank, Choice, Control, Seed, Source, Switch
from app.widgets.mounting import CLASSIC, FAILED, failed, is_classic
from app.widgets.verbatim import label, plain, readable
from synth.checkpoint.fit import Cards, first_category, prototype_names
from synth.checkpoint.starting_points import begun, presets, start_of
from synth.checkpoint.store import Card
from synth.choices import PHASES
from synth.patch.factors import Factor
from synth.patch.patch import Patch
from synth.sound.sound import Sound

FIRST = 5  # of a bank's controls that plain widgets show at once
MANY = 16
TRUNCATION = "Below 1 closer to the category's typical sound, above 1 further out (truncation)"
TIME_AND_SPACE = "Time and space"
PITCH = "Semitones up or down; the outline in time stays"
STRETCH = "Times as long, at the same pitch"
LENGTH = "Seconds; a double-click leaves it to the model"
WIDTH = "0 is mono, 1 as wide as it goes"
NOTHING = ""  # prototype
PULL = "How far the sound goes there: 0 stays, 1 arrives"

Part = Callable[[Patch, Card], None]
Banks = Callable[[Patch, Card], list[Bank]]


def nothing(patch: Patch, card: Card) -> None: ...


@st.fragment
def show(key: str, cards: Cards, banks: Banks, choices: Part = nothing, below: Part = nothing) -> None:
    """The whole page is one fragment: a control reruns this function and nothing else.

    choices: further ones, above the instrument; below: what comes after the files.
    """
    patch = current_patch.session_history().patch
    if is_classic():
        _classic(patch, cards, banks, choices, below)
    else:
        _live(key, patch, cards, banks, choices, below)
    current_patch.write_address(patch)


def _live(key: str, patch: Patch, cards: Cards, banks: Banks, choices: Part, below: Part) -> None:
    """The sound is sent before the controls around it: it is what a moved slider waits for."""
    card = cards[patch.model]
    above, stage = st.container(key=f"above-{key}"), st.container(key=f"stage-{key}")
    under = st.container()
    with above:  # at once: a browser keeps no room for what is empty
        toolbar.show(current_patch.session_history())
    sound = player.rendered(patch)
    with stage:
        drawn = source(patch, card)
        rows = [*banks(patch, card), _source(patch), time_and_space(patch, card)]
        if not live.of_session(key, rows, sound, source=drawn, endless=not card.one_shot):
            failed()
    with above:
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="source"):
            model(patch, cards)
            preset(patch, card)
            toward(patch, card)
            with st.popover("Phase, loudness, fades", icon=":material/tune:", key="finish"):
                _finish(patch)
        choices(patch, card)
        current_patch.show_warning()
    with under:
        _footer(patch, sound)
        below(patch, card)


def _classic(patch: Patch, cards: Cards, banks: Banks, choices: Part, below: Part) -> None:
    card = cards[patch.model]
    controls, stage = st.columns([3, 8], gap="medium")
    above, under = stage.container(), stage.container()
    with under:
        sound = player.rendered(patch)
        if sound:
            player.show(sound)
        _footer(patch, sound)
        below(patch, card)
    with above:
        toolbar.show(current_patch.session_history())
        _categories(patch, card)
        preset(patch, card)
        choices(patch, card)
        current_patch.show_warning()
        if st.session_state.get(FAILED):
            st.warning("The live instrument could not be loaded, so the page uses plain widgets.")
    with controls:
        model(patch, cards)
        with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
            seed(patch)
        toward(patch, card)
        _sliders(_source(patch).controls, patch)
        with st.container(key="directions"):
            for bank in banks(patch, card):
                shown, folded = bank.controls[: FIRST * bank.open], bank.controls[FIRST * bank.open :]
                _sliders(shown, patch)
                if folded:
                    with st.expander(f"{bank.title}: {len(folded)}{' more' if shown else ''}"):
                        _sliders(folded, patch)
        space = time_and_space(patch, card)
        with st.expander(space.title, icon=":material/straighten:"):
            for control in space.controls:
                field = st.slider if control.even else st.number_input
                label = f"{control.label}, {control.unit}" if control.unit else control.label
                field(label, control.low, control.high, step=control.step, help=control.help, **_held(control, patch))
            for switch in space.switches:
                st.toggle(switch.label, help=switch.help or None, **_held(switch, patch))
        with st.expander("Phase, loudness, fades", icon=":material/tune:"):
            _finish(patch)


def _held(control: Control | Switch, patch: Patch) -> dict[str, Any]:
    """As `current_patch.tied`, for a field that the model may set itself."""

    def act(value: Any) -> None:
        if control.holds(value):
            current_patch.change(turn(patch, control.name, control.setting(value), {}))

    return held(f"held.{control.name}", control.value, act)


def _sliders(controls: Iterable[Control], patch: Patch) -> None:
    for c in controls:
        sign = "%+.1f" if c.low < 0.0 else "%.2f"
        stands = current_patch.tied(c.name, patch)
        st.slider(plain(c.label), c.low, c.high, step=c.step, format=sign, help=plain(c.help) or None, **stands)


# -- banks ---------------------------------------------------------------------------------------------------------


def slider(name: str, patch: Patch, help: str = "", label: str = "") -> Control:
    """The control of a direction."""
    return Control(SLIDERS + name, label or name, -5.0, 5.0, 0.1, patch.sliders.get(name, 0.0), help=help)


def pair(controls: tuple[Control, ...]) -> tuple[str, str] | None:
    """What a point on a square moves: the first two."""
    return (controls[0].name, controls[1].name) if len(controls) > 1 else None


def model_banks(patch: Patch, card: Card) -> list[Bank]:
    """What a listener has words for first; what a person named; what the network's own weights say."""
    published = [d for d in card.directions if not d.get("own")]
    named, found = (
        tuple(
            slider(str(d["name"]), patch, help=str(d.get("provenance", "")))
            for d in published
            if str(d.get("provenance", "")).startswith("SeFa") == sefa
        )
        for sefa in (False, True)
    )
    shown = [
        *([Bank("Character", named, pad=pair(named))] if named else []),
        *yours(patch, card),
        *([Bank("More directions", found, pad=None if named else pair(found), open=not named)] if found else []),
    ]
    return [*shown, *also_set(patch, shown)]


def yours(patch: Patch, card: Card) -> list[Bank]:
    """Directions that a person named: found on Explore, or made of own sounds on Directions."""
    own = tuple(slider(str(d["name"]), patch, help=layered(d)) for d in card.directions if d.get("own"))
    return [Bank("Yours", own)] if own else []


def layered(direction: dict[str, Any]) -> str:
    """Where a direction comes from and which rows of w+ it moves, in words."""
    first, last = direction["layers"]
    return f"{direction['provenance']}, layers {first} to {last}"


def also_set(patch: Patch, shown: Iterable[Bank]) -> list[Bank]:
    """Sliders that a patch has and no bank shows: of other layers, say."""
    seen = {control.name for bank in shown for control in bank.controls}
    rest = tuple(slider(name, patch) for name in patch.sliders if SLIDERS + name not in seen and Factor.parse(name))
    return [Bank("Also set", rest)] if rest else []


def _source(patch: Patch) -> Bank:
    truncation = Control("psi", "Typical / Wild", 0.0, 2.0, 0.01, patch.psi, home=1.0, help=TRUNCATION)
    pull = Control("pull", "Blend", 0.0, 1.0, 0.01, patch.pull, help=PULL)
    return Bank("Source", (truncation, pull) if patch.prototype else (truncation,))


def source(patch: Patch, card: Card) -> Source:
    """The category and the seed, which are heard as soon as they are chosen."""
    names = tuple((name, readable(name)) for name in card.categories)
    category = Choice("category", "Category", names, patch.category or first_category(card) or "")
    return Source(Seed(patch.seed), (category,) if names else ())


def time_and_space(patch: Patch, card: Card) -> Bank:
    """What the decoder makes of the maps that were drawn: their pitch, their pace, how long and how wide they sound."""
    length = card.duration if patch.length is None else patch.length
    start = card.one_shot if patch.start is None else patch.start
    return Bank(
        TIME_AND_SPACE,
        (
            Control("pitch", "Pitch", -24.0, 24.0, 1.0, patch.pitch, unit="st", help=PITCH),
            Control("stretch", "Stretch", 0.25, 4.0, 0.01, patch.stretch, 1.0, STRETCH, "×", even=False),
            Control("length", "Length", 0.05, 60.0, 0.01, length, card.duration, LENGTH, "s", even=False, learnt=True),
            Control("width", "Width", 0.0, 1.0, 0.01, patch.width, help=WIDTH),
        ),
        switches=(
            Switch("attacks", "Keep attacks", patch.attacks, help="Stretch leaves attacks as long as they are"),
            Switch("start", "Trim start", start, card.one_shot, "Begins 2 ms before the onset", learnt=True),
            Switch("end", "Trim end", patch.end, help="Ends where the sound has fallen by 60 dB, with a fade of 5 ms"),
            Switch("loop", "Seamless loop", patch.loop, help="The end runs into the beginning, in files too"),
        ),
        place="under",
    )


# -- choices -------------------------------------------------------------------------------------------------------


def model(patch: Patch, cards: Cards) -> None:
    stands = current_patch.tied("model", patch, list(cards))
    st.selectbox("Model", list(cards), format_func=lambda name: cards[name].title, **stands)


def seed(patch: Patch) -> None:
    st.number_input("Seed", 0, 2**32 - 1, step=1, **current_patch.tied("seed", patch))
    st.button("Roll", icon=":material/casino:", help="A new random seed", on_click=current_patch.new_seed)


def preset(patch: Patch, card: Card) -> None:
    """Sounds of the category to begin with, by name."""
    if starts := {start.name: start for start in presets(card, patch.category)}:
        here = start_of(patch, starts.values())

        def choose(name: str) -> None:
            if name:
                current_patch.change(begun(current_patch.session_history().patch, starts[name]))

        st.selectbox(
            "Preset",
            [NOTHING, *starts],
            format_func=lambda name: label(name) if name else "none",
            help="Sounds of this category to begin with, as different as they can be",
            **held("preset", here.name if here else NOTHING, choose, [NOTHING, *starts]),
        )


def toward(patch: Patch, card: Card) -> None:
    """The prototype that the sound is pulled to: the middle of a category, or an end of a semantic slider."""
    if names := prototype_names(card):
        st.selectbox(
            "Blend to",
            [NOTHING, *names],
            format_func=lambda name: readable(name) if name else "nothing",
            help="Pulls the sound to the middle of a category, or to an end of a slider (a prototype)",
            **held("blend", patch.prototype or NOTHING, blend, [NOTHING, *names]),
        )


def blend(name: str) -> None:
    current_patch.change(turn(current_patch.session_history().patch, "prototype", name or None, {}))


def _finish(patch: Patch) -> None:
    st.selectbox("Phase", PHASES, **current_patch.tied("phase", patch, PHASES))
    st.toggle("Set the loudness", help="Off: as loud as the peak allows", **current_patch.tied(LEVELLED, patch))
    if patch.lufs is not None:
        st.slider("Loudness, LUFS", -60.0, 0.0, step=0.5, format="%.1f", **current_patch.tied("lufs", patch))
    fade_in, fade_out = st.columns(2)
    fade_in.number_input("Fade in, s", 0.0, 10.0, step=0.01, **current_patch.tied("fade_in", patch))
    fade_out.number_input("Fade out, s", 0.0, 10.0, step=0.01, **current_patch.tied("fade_out", patch))


def _categories(patch: Patch, card: Card) -> None:
    looks: dict[str, Any] = {"required": True, "label_visibility": "collapsed"}
    if len(card.categories) <= MANY:
        stands = current_patch.tied("category", patch, "default")
        st.pills("Category", card.categories, wrap=True, format_func=label, **looks, **stands)
    else:
        stands = current_patch.tied("category", patch, card.categories)
        st.selectbox("Category", card.categories, format_func=readable, **looks, **stands)


def _footer(patch: Patch, sound: Sound | None) -> None:
    """Files, and the switch between the two faces of the page."""
    with st.container(horizontal=True, vertical_alignment="center", key="footer"):
        if sound:
            downloads.show(sound, patch)
        shelf.buttons(patch)
        face()


def face() -> None:
    """The switch between the two faces of a page."""
    st.toggle(
        "Classic widgets",
        value=CLASSIC in st.query_params,
        key=CLASSIC,
        on_change=_switch,
        disabled=bool(st.session_state.get(FAILED)),
        help="Streamlit's own sliders and player instead of the live instrument",
        width="content",
    )


def _switch() -> None:
    if st.session_state[CLASSIC]:
        st.query_params[CLASSIC] = "1"
    else:
        st.query_params.pop(CLASSIC, None)
