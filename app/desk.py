"""The desk of a page that plays the session's patch: a row of choices above, the instrument, files below.

A page says which banks of controls it has. The desk shows them live, by the component of app/instrument.py, or as
Streamlit's own widgets, heard when they are let go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import streamlit as st

from app import instrument, parts
from app.instrument import Bank, Control
from app.session import LEVELLED, SLIDERS, Cards, prototype_names
from synth.checkpoint import Card
from synth.factors import Factor
from synth.patch import PHASES, Patch
from synth.sound import Sound

FIRST = 5  # of a bank's controls that plain widgets show at once
MANY = 16
CLASSIC, FAILED = "classic", "live_failed"
TRUNCATION = "Below 1 closer to the category's typical sound, above 1 further out"
PULL = "How far the sound goes to the prototype: 0 stays, 1 is the prototype"

Part = Callable[[Patch, Card], None]
Banks = Callable[[Patch, Card], list[Bank]]


def nothing(patch: Patch, card: Card) -> None: ...


@st.fragment
def show(key: str, cards: Cards, banks: Banks, choices: Part = nothing, below: Part = nothing) -> None:
    """The whole page is one fragment: a control reruns this function and nothing else.

    choices: further ones, above the instrument; below: what comes after the files.
    """
    patch = parts.session_history().patch
    if is_classic():
        _classic(patch, cards, banks, choices, below)
    else:
        _live(key, patch, cards, banks, choices, below)
    parts.write_address(patch)


def _live(key: str, patch: Patch, cards: Cards, banks: Banks, choices: Part, below: Part) -> None:
    """The sound is sent before the controls around it: it is what a moved slider waits for."""
    card = cards[patch.model]
    above, stage, under = st.container(), st.container(key=f"stage-{key}"), st.container()
    sound = parts.rendered(patch)
    with stage:
        if not instrument.of_session(key, [*banks(patch, card), _source(patch)], sound):
            failed()
    with above:
        parts.toolbar(parts.session_history())
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="source"):
            model(patch, cards)
            seed(patch)
            toward(patch, card)
            with st.popover("Phase, loudness, fades", icon=":material/tune:"):
                _finish(patch)
        _categories(patch, card)
        choices(patch, card)
        parts.show_warning()
    with under:
        _footer(patch, sound)
        below(patch, card)


def _classic(patch: Patch, cards: Cards, banks: Banks, choices: Part, below: Part) -> None:
    card = cards[patch.model]
    controls, stage = st.columns([3, 8], gap="medium")
    above, under = stage.container(), stage.container()
    with under:
        sound = parts.rendered(patch)
        if sound:
            parts.player(sound)
        _footer(patch, sound)
        below(patch, card)
    with above:
        parts.toolbar(parts.session_history())
        _categories(patch, card)
        choices(patch, card)
        parts.show_warning()
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
        with st.expander("Phase, loudness, fades", icon=":material/tune:"):
            _finish(patch)


def _sliders(controls: Iterable[Control], patch: Patch) -> None:
    for c in controls:
        sign = "%+.1f" if c.low < 0.0 else "%.2f"
        st.slider(c.label, c.low, c.high, step=c.step, format=sign, help=c.help or None, **parts.tied(c.name, patch))


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
        *([Bank("SeFa", found, pad=None if named else pair(found), open=not named)] if found else []),
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
    truncation = Control("psi", "Truncation", 0.0, 2.0, 0.01, patch.psi, home=1.0, help=TRUNCATION)
    pull = Control("pull", "Pull", 0.0, 1.0, 0.01, patch.pull, help=PULL)
    return Bank("Source", (truncation, pull) if patch.prototype else (truncation,))


# -- choices -------------------------------------------------------------------------------------------------------


def model(patch: Patch, cards: Cards) -> None:
    st.selectbox("Model", list(cards), format_func=lambda name: cards[name].title, **parts.tied("model", patch))


def seed(patch: Patch) -> None:
    st.number_input("Seed", 0, 2**32 - 1, step=1, **parts.tied("seed", patch))
    st.button("Roll", icon=":material/casino:", help="A new random seed", on_click=parts.new_seed)


def toward(patch: Patch, card: Card) -> None:
    """The prototype that the sound is pulled to: the middle of a category, or an end of a semantic slider."""
    if names := prototype_names(card):
        st.selectbox(
            "Toward",
            names,
            None,
            format_func=parts.readable,
            placeholder="no prototype",
            help="Pulls the sound toward a prototype",
            **parts.tied("prototype", patch),
        )


def _finish(patch: Patch) -> None:
    st.selectbox("Phase", PHASES, **parts.tied("phase", patch))
    st.toggle("Set the loudness", help="Off: as loud as the peak allows", **parts.tied(LEVELLED, patch))
    if patch.lufs is not None:
        st.slider("Loudness, LUFS", -60.0, 0.0, step=0.5, format="%.1f", **parts.tied("lufs", patch))
    fade_in, fade_out = st.columns(2)
    fade_in.number_input("Fade in, s", 0.0, 10.0, step=0.01, **parts.tied("fade_in", patch))
    fade_out.number_input("Fade out, s", 0.0, 10.0, step=0.01, **parts.tied("fade_out", patch))


def _categories(patch: Patch, card: Card) -> None:
    shown: dict[str, Any] = {"format_func": parts.readable, "required": True, "label_visibility": "collapsed"}
    if len(card.categories) <= MANY:
        st.pills("Category", card.categories, wrap=True, **shown, **parts.tied("category", patch))
    else:
        st.selectbox("Category", card.categories, **shown, **parts.tied("category", patch))


def _footer(patch: Patch, sound: Sound | None) -> None:
    """Files, and the switch between the two faces of the page."""
    with st.container(horizontal=True, vertical_alignment="center", key="footer"):
        if sound:
            parts.downloads(sound, patch)
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


def is_classic() -> bool:
    """Whether a page shows plain widgets: it was asked to, or the live instrument could not be loaded."""
    return CLASSIC in st.query_params or bool(st.session_state.get(FAILED))


def failed() -> None:
    """The live instrument could not be loaded: the page starts again with plain widgets."""
    st.session_state[FAILED] = True
    st.rerun(scope="fragment")


def _switch() -> None:
    if st.session_state[CLASSIC]:
        st.query_params[CLASSIC] = "1"
    else:
        st.query_params.pop(CLASSIC, None)
