"""Generators: a page of sounds of any model: of seeds, around one, between two, beside those of another model."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, zip_longest
from typing import Any
from urllib.parse import urlencode

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.server.instruments import SharedInstrument, instrument
from app.session import batch
from app.session.batch import Batch, Item
from app.widgets import about, batches, cards, current_patch, desk, links, toolbar
from app.widgets.batches import change
from app.widgets.cards import Act
from app.widgets.held import held
from app.widgets.verbatim import plain, readable, sentence
from synth.checkpoint.families import SPACE, can
from synth.checkpoint.fit import Cards
from synth.checkpoint.store import Card
from synth.errors import SonoformError
from synth.patch.patch import Patch
from synth.sound.sound import Sound

Cell = tuple[SharedInstrument, Item, DeltaGenerator]
MODES = {"seeds": "Seeds", "around": "Variations", "between": "Interpolation", "compare": "Two models"}
MODES_HELP = (
    "Seeds: one sound a seed. Variations: around one sound. Interpolation: ten steps from A to B. "
    "Two models: the same seeds side by side"
)
TRUNCATION = "Below 1 closer to the middle of what the model draws, so more alike; above 1 further out"
SCALE_HELP = "0.05 is subtle, 0.1 to 0.3 noticeable; with more the sounds are different ones"
WORDS = ((0.1, "subtle"), (0.31, "noticeable"), (float("inf"), "different sounds"))
ACROSS = 5
STRIP = 222  # pixels that it takes


@st.fragment
def page(models: Cards) -> None:
    timeline = batches.begin(models)
    now = timeline.current
    with toolbar.tools(timeline):
        links.share(links.to_query(urlencode({batches.LINK: now.to_query()})), "page of sounds")
    settings(now, models)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="mode"):
        stands = held("generators.mode", now.mode, lambda mode: other_mode(now, models, mode), "default")
        st.segmented_control("Show", MODES, format_func=MODES.__getitem__, required=True, help=MODES_HELP, **stands)
        own(now, models)
    current_patch.show_warning()
    batches.write_address(now)
    head = st.container(horizontal=True, vertical_alignment="center", key="head")
    card = models[now.model]
    if now.mode == "compare":
        head.caption("", width="stretch")
    else:
        head.caption(plain(about.line(card)), width="stretch", help=plain(about.figures(card)) or None)
    with st.container(key="batch"):
        sounds(now, models, head)


# -- settings ----------------------------------------------------------------------------------------------------------


def settings(now: Batch, models: Cards) -> None:
    """Model, category, seeds: what every mode goes by."""

    def put(**values: Any) -> None:
        change(replace(now, **values))

    card, offered = models[now.model], batch.choices(now, models)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="settings"):
        picker("Model", list(models), models, now.model, lambda name: other_model(now, models, name))
        if offered:
            stands = held("generators.category", now.category, lambda name: put(category=name), offered)
            st.selectbox("Category", offered, format_func=readable, width=160, **stands)
        stands = held("generators.seed", now.seed, lambda seed: put(seed=now.seed if seed is None else seed))
        st.number_input("First seed", 0, batch.SEEDS - 1, step=1, width=150, **stands)
        roll = partial(put, centre=None, a=None, b=None)
        st.button("Roll", icon=":material/casino:", help="Random seeds", on_click=lambda: roll(seed=drawn()))
        if "count" in batch.MODES[now.mode]:
            stands = held("generators.count", now.count, lambda count: put(count=count or now.count))
            st.number_input("Sounds", 1, batch.MOST, step=1, width=110, **stands)
        help = desk.TRUNCATION if can(card.family, SPACE) else TRUNCATION
        stands = held("generators.psi", now.psi, lambda psi: put(psi=psi))
        st.slider("Typical / Wild", 0.0, 2.0, step=0.05, width=140, help=help, **stands)


def drawn() -> int:
    return secrets.randbelow(batch.SEEDS)


def picker(label: str, names: list[str], models: Cards, chosen: str, act: Callable[[str], None]) -> None:
    stands = held(f"generators.{label}", chosen, act, names)
    named = {name: about.named(models[name]) for name in names}
    st.selectbox(label, names, format_func=named.__getitem__, width=260, **stands)


def other_model(now: Batch, models: Cards, name: str) -> None:
    to = batch.with_model(now, models[name])
    change(batch.compared(to, models) if now.mode == "compare" else to)


def other_mode(now: Batch, models: Cards, mode: str) -> None:
    change(batch.compared(now, models) if mode == "compare" else replace(now, mode=mode))


def own(now: Batch, models: Cards) -> None:
    """The settings of the mode."""
    if now.mode == "around":
        around(now)
    elif now.mode == "between":
        between(now)
    elif now.mode == "compare":
        compare(now, models)


def around(now: Batch) -> None:
    word = next(word for below, word in WORDS if now.scale < below)
    stands = held("generators.scale", now.scale, lambda scale: change(replace(now, scale=scale)))
    st.slider(f"Scale: {word}", *batch.SCALES, step=0.01, width=320, help=SCALE_HELP, **stands)
    again = "Other variations of the same sound"
    to = partial(replace, now)
    st.button("Re-roll", icon=":material/casino:", help=again, on_click=lambda: change(to(roll=drawn())))
    st.caption(f"Around {plain(batch.title(now.at(now.centre)).lower())}. Vary on a sound makes it the centre.")


def between(now: Batch) -> None:
    a, b = (plain(batch.title(now.at(end, number)).lower()) for number, end in enumerate((now.a, now.b)))
    ends = (batch.place(now.at(now.b, 1)), batch.place(now.at(now.a)))
    turn = partial(change, replace(now, a=ends[0], b=ends[1]))
    st.button("Turn round", icon=":material/swap_horiz:", help="From B to A", on_click=turn)
    st.caption(f"From A, {a}, to B, {b}. A and B on a sound, here or among the seeds, make it an end.")


def compare(now: Batch, models: Cards) -> None:
    if now.other is None:
        st.caption("This is the only model that is installed: publish another one to compare.")
        return
    others = [name for name in models if name != now.model]
    picker("Beside", others, models, now.other, lambda name: change(batch.compared(replace(now, other=name), models)))


# -- sounds --------------------------------------------------------------------------------------------------------


def sounds(now: Batch, models: Cards, head: DeltaGenerator) -> None:
    """A card as soon as its sound is there, then what is made of all of them."""
    strip = st.empty()
    if now.mode == "between":
        strip.skeleton(height=STRIP)
    columns = st.columns(2, gap="medium") if now.mode == "compare" and now.other else [st.container()]
    batches = [now, *([batch.beside(now, models[now.other])] if len(columns) == 2 and now.other else [])]
    try:
        sides = [
            side(each, models[each.model], column, len(columns)) for each, column in zip(batches, columns, strict=True)
        ]
        taken = shown(now, [cell for cell in chain(*zip_longest(*sides)) if cell], head, models)
    except SonoformError as error:
        st.error(sentence(error), icon=":material/error:")
        return
    with head:
        everything(taken)
    if now.mode == "between":
        with strip.container():
            cards.strip([sound for _, sound in taken])


def side(
    of: Batch, card: Card, column: DeltaGenerator, sides: int
) -> list[tuple[SharedInstrument, Item, DeltaGenerator]]:
    """The cells of one model; raises SonoformError."""
    with column:
        if sides > 1:
            st.markdown(f"##### {plain(card.title + named(of))}")
            st.container(key=f"about-{card.id}").caption(
                plain(about.line(card)), help=plain(about.figures(card)) or None
            )
        with st.spinner(f"Loading {plain(of.model)} ..."):
            shared = instrument(of.model)
        found = batch.items(of, shared)
        places = cards.slots(len(found), ACROSS // sides)
    return [(shared, item, place) for item, place in zip(found, places, strict=True)]


def named(of: Batch) -> str:
    return f", {readable(of.category).lower()}" if of.category else ", of all it has learnt"


def shown(now: Batch, cells: Sequence[Cell], head: DeltaGenerator, models: Cards) -> list[tuple[Item, Sound]]:
    """All cards, one by one; raises SonoformError."""
    bar = head.progress(0.0, "Rendering ...")
    taken = []
    for i, (shared, item, place) in enumerate(cells):
        sound = shared.render(item.patch)
        with place:
            cards.show(f"{i}", item, sound, shared.card.family, acts(now, item.patch, models))
        taken.append((item, sound))
        bar.progress((i + 1) / len(cells), f"{i + 1} of {len(cells)} sounds")
    bar.empty()
    return taken


def acts(now: Batch, patch: Patch, models: Cards) -> list[Act]:
    """What can be done with a sound; only sounds of the page's own model can be ends."""

    def vary(patch: Patch) -> None:
        to = batch.with_model(now, models[patch.model])
        change(replace(to, mode="around", centre=batch.place(patch)))

    def end(name: str, patch: Patch) -> None:
        change(replace(now, a=batch.place(patch)) if name == "a" else replace(now, b=batch.place(patch)))

    here = batch.place(patch)
    made = [Act("Vary", "Variations around this sound", vary, now.mode == "around" and here == now.centre)]
    if patch.model == now.model:
        made += [
            Act(name.upper(), f"Interpolation {words} this sound", partial(end, name), here == getattr(now, name))
            for name, words in (("a", "begins with"), ("b", "ends with"))
        ]
    return made


def everything(taken: list[tuple[Item, Sound]]) -> None:
    st.caption(f"{len(taken)} sounds, {sum(sound.seconds for _, sound in taken):.1f} s", width="content")
    st.download_button(
        "Download all",
        data=partial(batch.bundle, taken),
        file_name=f"{taken[0][0].patch.model}-sounds.zip",
        mime="application/zip",
        icon=":material/folder_zip:",
        on_click="ignore",
        help="WAV files with their patches in them, and a list",
        key="generators.all",
    )


models = current_patch.models_or_stop(None)
current_patch.open_session(models)
page(models)
