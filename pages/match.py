"""Match: a sound of your own made again by the model, and from then on yours to shape."""

from dataclasses import replace

import streamlit as st

from app.server.instruments import instrument
from app.session.searching import Report, Search
from app.widgets import current_patch, desk, intake, players, spectrogram, words
from app.widgets.held import held
from app.widgets.verbatim import plain, readable, sentence
from synth.checkpoint.fit import Cards
from synth.checkpoint.store import Card
from synth.errors import SonoformError
from synth.latents.budget import Budget
from synth.patch.patch import Patch
from synth.sound.difference import difference
from synth.sound.sound import Sound

BUDGETS = {
    "Encoder": Budget(),
    "2 s": Budget(seconds=2.0),
    "10 s": Budget(seconds=10.0),
    "30 s": Budget(seconds=30.0),
}
USUAL = "10 s"
REFRESH = 0.3  # s
BEST = ""  # category
AT_ONCE = 0.3  # s, after which a search is shown as one
MAX_GIVEN = 16
PART, BUDGET, CATEGORY, KEEP = "match.part", "match.budget", "match.category", "match.keep"
AMOUNT = "match.amount"
SEARCH, GIVEN, DRAWN = "match.search", "match.given", "match.drawn"


# -- the sound that is given ---------------------------------------------------------------------------------------


@st.fragment
def bring(cards: Cards) -> None:
    """A sound, the part of it that counts, and what to do with it."""
    patch = current_patch.session_history().patch
    card = cards[patch.model]
    st.session_state[DRAWN] = patch.model
    part = intake.part_of("match", "A sound of any length", card.duration)
    st.session_state[PART] = part
    if part is None:
        st.caption(
            f"Bring a sound and choose {card.duration:.1f} s of it. {plain(card.title)} makes them anew, "
            "and every slider works on the result."
        )
    else:
        players.show("part", part, "the chosen part")
    st.selectbox(
        "Category",
        [BEST, *card.categories],
        format_func=lambda name: readable(name) if name else "The one that fits best",
        key=f"{CATEGORY}.{card.id}",
    )
    st.segmented_control(
        "Time for the search",
        BUDGETS,
        default=USUAL,
        required=True,
        key=BUDGET,
        width="stretch",
        help="The encoder alone answers at once. A search from there comes nearer, the longer the more.",
    )
    st.toggle(
        "Keep what the model cannot make",
        True,
        key=KEEP,
        help="Beside the latent, a dozen spectra and envelopes that the model lacks: the match is then the sound "
        "itself, and sliders and morphs move from there.",
    )
    if SEARCH in st.session_state:
        progress()
    else:
        st.button(
            "Match", icon=":material/hearing:", type="primary", disabled=part is None, on_click=begin, width="stretch"
        )


def begin() -> None:
    """Starts the search for the part that was chosen."""
    patch, part = current_patch.session_history().patch, st.session_state[PART]
    budget, category = BUDGETS[st.session_state[BUDGET]], st.session_state[f"{CATEGORY}.{patch.model}"]
    keep = st.session_state[KEEP]
    st.session_state[SEARCH] = search = Search(lambda report: matched(patch, part, category, budget, keep, report))
    search.wait(AT_ONCE)


def matched(
    patch: Patch, part: Sound, category: str, budget: Budget, keep: bool, report: Report
) -> tuple[Patch, Sound]:
    """The match, without what had moved the patch before; and the part as it is heard beside it."""
    shared = instrument(patch.model)
    found = shared.match(part, category or None, patch.seed)
    begun = replace(
        patch,
        category=found.category,
        latent=found.latent,
        sliders={},
        prototype=None,
        pull=0.0,
        residual=None,
    )
    report(0.0)
    nearest = shared.refine(begun, part, budget, report) if budget != Budget() else begun
    return (shared.completed(nearest, part) if keep else nearest).linked(), shared.heard(part, patch)


@st.fragment(run_every=REFRESH)
def progress() -> None:
    """How far the search is; once it has ended, the page takes what it found."""
    search: Search[tuple[Patch, Sound]] | None = st.session_state.get(SEARCH)
    if search is None:
        return
    if search.running:
        st.progress(search.share, f"Matching ... {search.share:.0%}")
        st.button("Cancel", icon=":material/close:", on_click=cancel, width="stretch")
        return
    del st.session_state[SEARCH]
    take(search)
    st.rerun()


def cancel() -> None:
    st.session_state[SEARCH].cancel()
    del st.session_state[SEARCH]


def take(search: Search[tuple[Patch, Sound]]) -> None:
    """A search that found something changes the session's patch; one that did not is told, or was cancelled."""
    if search.found:
        patch, given = search.found
        kept = {**st.session_state.get(GIVEN, {}), patch.latent: given}
        st.session_state[GIVEN] = dict(list(kept.items())[-MAX_GIVEN:])
        current_patch.change(patch)
    elif search.fault:
        current_patch.warn(sentence(search.fault))


# -- the match -----------------------------------------------------------------------------------------------------


def choices(patch: Patch, card: Card) -> None:
    """Another model takes parts of another length, which the other half of the page must hear of."""
    if st.session_state[DRAWN] != patch.model:
        st.rerun()
    if patch.residual:
        st.slider(
            "What the model cannot make",
            0.0,
            1.0,
            step=0.05,
            format="percent",
            help="How much is heard of what was kept of the sound beside its latent",
            **held(AMOUNT, patch.residual_amount, weigh),
        )


def weigh(amount: float) -> None:
    """As much of the residual as the slider says."""
    current_patch.change(replace(current_patch.session_history().patch, residual_amount=amount))


def compare(patch: Patch, card: Card) -> None:
    """Before, after, and what is between them; nothing for a sound that no sound was given for."""
    given: Sound | None = st.session_state.get(GIVEN, {}).get(patch.latent)
    if given is None:
        return
    try:
        made = instrument(patch.model).render(patch)
    except SonoformError:
        return  # which the instrument's place tells
    apart = difference(given, made)
    with st.container(key="compare"):
        before, after, between = st.columns(3, gap="medium")
        with before:
            st.markdown("**Before**")
            players.show("before", given, "the sound before")
        with after:
            st.markdown("**After**")
            players.show("after", made, "the sound after")
        with between:
            st.markdown("**Difference**")
            st.html(spectrogram.difference_figure(apart.levels, made))
            st.markdown(f"{apart.decibels:.1f} dB", help=words.DIFFERENCE)
            st.caption(apart.lost)


cards = current_patch.models_or_stop()
current_patch.open_session(cards)
left, right = st.columns([5, 17], gap="medium")
with left, st.container(key="match"):
    bring(cards)
with right:
    desk.show("match_desk", cards, desk.model_banks, choices=choices, below=compare)
