"""Explore: the directions that a model has by itself. Move them, and give those that you like a name."""

from collections.abc import Callable
from math import sqrt

import altair as alt
import pandas as pd
import streamlit as st

from app.server.instruments import instrument
from app.session.morphing import in_a_row
from app.session.patches import SLIDERS, turn
from app.widgets import current_patch, desk, players
from app.widgets.held import held, remembered
from app.widgets.live import Bank
from app.widgets.verbatim import plain, sentence
from synth.checkpoint.fit import rows
from synth.checkpoint.named_directions import MAX_NAME
from synth.checkpoint.starting_points import STARTS, Start, begun, start_of
from synth.checkpoint.store import Card
from synth.errors import SonoformError
from synth.patch.factors import METHODS, Factor
from synth.patch.patch import Patch

DIMENSIONS = 10
STRENGTHS = {
    "SeFa": (
        "How much each dimension changes the sound: 100 % is the strongest",
        "Square roots of the eigenvalues of the style weights, beside the first",
    ),
    "PCA": (
        "How much of what tells this model's sounds apart lies along each dimension",
        "Part of the variance of the latents",
    ),
}
METHOD, LAYERS, COUNT, START = "explore.method", "explore.layers", "explore.count", "explore.start"
KEPT, NAME, ALONE = "explore.kept", "explore.name", "explore.alone"
FAR = 3.0  # that a direction is heard at, either way
FOUND_BY = {
    "SeFa": "Closed-form factorisation of the style weights (Shen & Zhou 2021): what moves the layers most",
    "PCA": "Principal components of the latents (GANSpace, Harkonen et al. 2020): where sounds spread most",
}


def asked(patch: Patch, card: Card) -> tuple[str, tuple[int, int] | None, int]:
    """Method, layers (None: all) and number of directions, as the choices stand; at first as the patch uses them."""
    used = next((factor for name in patch.sliders if (factor := Factor.parse(name))), Factor("SeFa", 1))
    last = rows(card) - 1
    method = st.session_state.setdefault(METHOD, used.method)
    first, final = st.session_state.setdefault(LAYERS, used.layers or (0, last))
    final = min(final, last)
    layers = None if (first, final) == (0, last) or first > final else (first, final)
    count = min(st.session_state.setdefault(COUNT, max(DIMENSIONS, used.number)), int(card.network["w_dim"]))
    return method, layers, count


def found(patch: Patch, card: Card) -> list[dict]:
    """The directions that were asked for; none where the model cannot be used, which the page says already."""
    try:
        return instrument(patch.model).factors(*asked(patch, card))
    except SonoformError:
        return []


def banks(patch: Patch, card: Card) -> list[Bank]:
    directions = found(patch, card)
    controls = tuple(
        desk.slider(d["name"], patch, desk.layered(d), label=f"Dim {i + 1}") for i, d in enumerate(directions)
    )
    method, layers, _ = asked(patch, card)
    title = f"{method}, all layers" if layers is None else f"{method}, layers {layers[0]} to {layers[1]}"
    shown = [*([Bank(title, controls, pad=desk.pair(controls))] if controls else []), *desk.yours(patch, card)]
    return [*shown, *desk.also_set(patch, shown)]


def choices(patch: Patch, card: Card) -> None:
    """Where to start, and which directions to look for."""
    asked(patch, card)
    last = rows(card) - 1
    first, final = (min(row, last) for row in st.session_state[LAYERS])  # it may be of a model with more of them
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="choices"):
        st.selectbox(
            "Start from",
            STARTS,
            format_func=lambda start: start.name,
            placeholder="this seed",
            width=150,
            **held(START, start_of(patch), begin, STARTS),
        )
        how, which = "  \n".join(FOUND_BY.values()), "0 to 3: spectrum. 4 to 7: envelope. 8, 9: noise"
        stands = remembered(METHOD, st.session_state[METHOD], "default")
        st.segmented_control("Found by", METHODS, required=True, help=how, **stands)
        st.slider("Layers", 0, last, help=which, width=260, **remembered(LAYERS, (first, final)))
        most = int(card.network["w_dim"])
        st.number_input("Dimensions", 1, most, width=130, **remembered(COUNT, min(st.session_state[COUNT], most)))


def begin(start: Start | None) -> None:
    if start:
        current_patch.change(begun(current_patch.session_history().patch, start))


def below(patch: Patch, card: Card) -> None:
    directions = found(patch, card)
    strengths, keeping = st.columns([3, 2], gap="large")
    with strengths:
        strength(asked(patch, card)[0], directions)
    with keeping:
        keep(patch, card, directions)


def strength(method: str, directions: list[dict]) -> None:
    """How much the directions do, as bars."""
    if not directions:
        return
    told, how = STRENGTHS[method]
    st.caption(told, help=how)
    table = pd.DataFrame({"Dimension": range(1, len(directions) + 1), "%": percent(method, directions)})
    bars = (
        alt.Chart(table, height=130)
        .mark_bar(color="#fc8961")
        .encode(
            x=alt.X("Dimension:O", axis=alt.Axis(labelAngle=0, labelOverlap=True)),
            y=alt.Y("%:Q", axis=alt.Axis(tickCount=4)),
            tooltip=[alt.Tooltip("Dimension:O"), alt.Tooltip("%:Q", format=".3g")],
        )
    )
    st.altair_chart(bars, key="strengths")


def percent(method: str, directions: list[dict]) -> list[float]:
    """Their strengths: of PCA as they are; of SeFa, whose are squares of how far a sound moves, beside the first."""
    strengths = [max(float(d["strength"]), 0.0) for d in directions]
    if method == "PCA":
        return strengths
    return [100.0 * sqrt(value / strengths[0]) if strengths[0] else 0.0 for value in strengths]


def keep(patch: Patch, card: Card, directions: list[dict]) -> None:
    """A direction is heard by itself, gets a name, and is a slider on every page from then on."""
    own = [str(d["name"]) for d in card.directions if d.get("own")]
    names = [d["name"] for d in directions]
    if names:
        furthest = max(names, key=lambda name: abs(patch.sliders.get(name, 0.0)))
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="keep"):
            st.selectbox(
                "Keep",
                names,
                names.index(furthest),
                format_func=lambda name: f"Dim {names.index(name) + 1}",
                key=f"{KEPT}.{furthest}",
                width=110,
            )
            name = st.session_state.setdefault(NAME, "")
            st.text_input("as", max_chars=MAX_NAME, placeholder="what you hear", **remembered(NAME, name))
            st.button("Make it a slider", on_click=keep_it, args=(f"{KEPT}.{furthest}",))
        by_itself = "The sound with this dimension at −3, at 0 and at +3, one after the other"
        st.toggle("Hear it by itself", key=ALONE, help=by_itself)
        if st.session_state[ALONE]:
            alone(patch, st.session_state[f"{KEPT}.{furthest}"])
    for name in own:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            key = f"explore.rename.{name}"
            st.text_input(f"Name of {plain(name)}", name, max_chars=MAX_NAME, key=key, label_visibility="collapsed")
            st.button("Rename", key=f"{key}.do", on_click=rename_it, args=(name, key))
            st.button(
                "Delete", key=f"explore.delete.{name}", icon=":material/delete:", on_click=delete_it, args=(name,)
            )


def alone(patch: Patch, name: str) -> None:
    """A direction's two sides and its middle in a row, each at its own loudness."""
    sides = [turn(patch, SLIDERS + name, amount, {}) for amount in (-FAR, 0.0, FAR)]
    sound = in_a_row([instrument(patch.model).render(side) for side in sides])
    players.show("alone", sound, f"{name} at −{FAR:g}, 0 and +{FAR:g}", auto=True)


def keep_it(key: str) -> None:
    source, name = st.session_state[key], st.session_state[NAME].strip()
    if attempted(lambda: instrument(current_patch.session_history().patch.model).keep(name, source)):
        moved(source, name)
        st.session_state[NAME] = ""


def rename_it(old: str, key: str) -> None:
    new = st.session_state[key].strip()
    if new != old and attempted(lambda: instrument(current_patch.session_history().patch.model).rename(old, new)):
        moved(old, new)


def delete_it(name: str) -> None:
    if attempted(lambda: instrument(current_patch.session_history().patch.model).remove(name)):
        current_patch.change(turn(current_patch.session_history().patch, SLIDERS + name, 0.0, {}))


def moved(old: str, new: str) -> None:
    """The slider keeps its place under its new name."""
    patch = current_patch.session_history().patch
    amount = patch.sliders.get(old, 0.0)
    current_patch.change(turn(turn(patch, SLIDERS + old, 0.0, {}), SLIDERS + new, amount, {}))


def attempted(action: Callable[[], object]) -> bool:
    try:
        action()
    except SonoformError as error:
        current_patch.warn(sentence(error))
        return False
    return True


cards = current_patch.models_or_stop()
current_patch.open_session(cards)
desk.show("explore", cards, banks, choices, below)
