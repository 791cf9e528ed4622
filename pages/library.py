"""Library: the sounds that were kept and the last ones heard; to find, to name, to take out, to go on with."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from app.server import looks
from app.server.bodies import brought
from app.server.instruments import instrument
from app.session.selection import A_PAGE, Shown
from app.widgets import current_patch, links, player, players, shelf, tiles
from app.widgets.held import held
from app.widgets.intake import TYPES
from app.widgets.verbatim import plain, readable, sentence
from synth.checkpoint.families import SPACE, can
from synth.checkpoint.fit import Cards
from synth.choices import SUBTYPES
from synth.errors import LibraryError, SonoformError
from synth.library.carrying import files
from synth.library.entry import LONGEST_NAME, LONGEST_NOTES, Entry
from synth.library.finding import SORTS
from synth.library.library import library
from synth.library.renaming import renamed
from synth.sound.sound import Sound
from synth.zips import packed

SHOWN, FORMAT, LIKE, DROPPED = "library.shown", "library.format", "library.like", "library.dropped"
MOST_ALIKE = 4 * A_PAGE
COUNTED = 1000  # sounds that are found, at most: that many can be paged through
ACROSS = 4
SCOPES = {"kept": "Kept", "heard": "Last 100", "deleted": "Deleted"}
ORDERS = dict(zip(SORTS, ("Newest first", "Oldest first", "By name", "By stars", "By category"), strict=True))
NONE = {
    "kept": "No sounds here yet: press the heart or the key K on any page, and they come here for good.",
    "heard": "No sound was heard yet: the last 100 come here by themselves.",
    "deleted": "Nothing was deleted in the last 30 days.",
}
PATTERN = "## is a number; {name}, {category}, {model} and {seed} are the sound's own"


def now() -> Shown:
    found: Shown = st.session_state.setdefault(SHOWN, Shown())
    return found


def change(to: Shown) -> None:
    st.session_state[SHOWN] = to
    current_patch.warn("")


def attempt(act: Any, *given: Any, **said: Any) -> bool:
    """Does it; what it cannot do is told."""
    current_patch.warn("")
    try:
        act(*given, **said)
    except SonoformError as error:
        current_patch.warn(sentence(error))
        return False
    return True


@st.fragment
def page(cards: Cards) -> None:
    asked()
    place = st.container()
    try:
        shown = now()
        entries, total = sought(shown)
        left, right = st.columns([8, 5], gap="large")
        with left:
            found(entries, total)
        with right:
            detail(library().entries(shown.chosen), cards)
    except LibraryError as error:
        st.error(sentence(error), icon=":material/error:")
    with place:
        current_patch.show_warning()
        undo()


# -- what is looked for --------------------------------------------------------------------------------------------


def asked() -> None:
    wanted = now().wanted
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="settings"):
        words = held("library.words", wanted.words, lambda to: change(now().asking(words=to)))
        st.text_input("Search", placeholder="short dull wooden knock", icon=":material/search:", width=300, **words)
        scope = held("library.scope", wanted.scope, lambda to: change(now().asking(scope=to)), "default")
        st.segmented_control("Show", list(SCOPES), format_func=SCOPES.__getitem__, required=True, **scope)
        sort = held("library.sort", wanted.sort, lambda to: change(now().asking(sort=to)), list(SORTS))
        st.selectbox("Order", SORTS, format_func=ORDERS.__getitem__, width=150, **sort)
        with st.popover("Slider" if not wanted.slider else plain(f"Slider: {wanted.slider}"), icon=":material/tune:"):
            by_slider()
        with st.popover("Like a sound", icon=":material/hearing:"):
            by_likeness()
        several = held("library.several", now().several, lambda to: change(now().with_several(to)))
        st.toggle("Select several", **several)


def by_slider() -> None:
    """Sounds whose slider stands in a range."""
    wanted = now().wanted
    moved: list[str] = shelf.attempt(lambda: library().sliders(), [])
    names = ["", *moved]
    slider = held("library.slider", wanted.slider, lambda to: change(now().asking(slider=to)), names)
    st.selectbox("Slider", names, format_func=lambda name: name or "any", **slider)
    between = held("library.range", (wanted.low, wanted.high), ranged)
    st.slider("stands between", -5.0, 5.0, step=0.5, disabled=not wanted.slider, **between)


def ranged(ends: tuple[float, float]) -> None:
    change(now().asking(low=ends[0], high=ends[1]))


def by_likeness() -> None:
    """Sounds that are like one that is brought."""
    key = f"{DROPPED}.{st.session_state.setdefault(DROPPED, 0)}"
    label = "Drop a sound: the kept ones that are most like it"
    st.file_uploader(label, TYPES, key=key, on_change=take, args=(key,))


def take(key: str) -> None:
    """Compares with a sound that was dropped, and has an empty place for the next."""
    if file := st.session_state[key]:
        st.session_state[DROPPED] += 1
        attempt(lambda: compare(file.name, brought(file.name, file.getvalue())))


def compare(name: str, sound: Sound) -> None:
    """From now on the sounds most like this one are shown."""
    direction = looks.like(sound)
    change(replace(now(), page=1))
    st.session_state[LIKE] = (name, direction)
    looks.listen()


def more_like(name: str, sound: Sound) -> None:
    attempt(compare, name, sound)


def liked() -> None:
    """What the sounds are like that are shown, and the way back to all of them."""
    if like := st.session_state.get(LIKE):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(plain(f"The most like {like[0]}, of sounds that were listened to."), width="content")
            st.button("All sounds", icon=":material/close:", type="tertiary", on_click=forget)


def forget() -> None:
    st.session_state[LIKE] = None


def sought(shown: Shown) -> tuple[list[Entry], int]:
    """The sounds of the page that is shown, and how many there are in all."""
    if like := st.session_state.get(LIKE):
        alike = [entry for entry, _ in library().alike(like[1], shown.wanted, MOST_ALIKE)]
        first = A_PAGE * (min(shown.page, pages(len(alike))) - 1)
        return alike[first : first + A_PAGE], len(alike)
    total = library().count(shown.wanted, COUNTED)
    return library().find(shown.wanted, A_PAGE, A_PAGE * (min(shown.page, pages(total)) - 1)), total


def pages(total: int) -> int:
    return max(-(-total // A_PAGE), 1)


# -- what is found -------------------------------------------------------------------------------------------------


def found(entries: Sequence[Entry], total: int) -> None:
    shown = now()
    liked()
    if not entries:
        st.info(why_none(shown))
        return
    ids = [entry.id for entry in entries]
    with st.container(key="library-tiles"):
        names = [plain(f"{entry.name}{' ' + '★' * entry.stars if entry.stars else ''}") for entry in entries]
        chosen = [ids.index(at) for at in shown.chosen if at in ids]
        tiles.grid("library", names, looks.pictures(entries), ACROSS, chosen, lambda i: change(now().pressed(ids[i])))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        more = "more than " if total == COUNTED else ""
        st.caption(f"{more}{total:,} {'sound' if total == 1 else 'sounds'}", width="content")
        if (last := pages(total)) > 1:
            turned = held("library.page", min(shown.page, last), lambda to: change(replace(now(), page=to)), "default")
            st.pagination(last, **turned)


def why_none(shown: Shown) -> str:
    if st.session_state.get(LIKE):
        return "No sound was listened to yet: that takes a second for each, then reload the page."
    return "No sound has these words." if shown.wanted.words else NONE[shown.wanted.scope]


def undo() -> None:
    """Brings back what was deleted last."""
    gone = now().gone
    if gone:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="library-undo"):
            st.caption(f"{len(gone)} {'sound is' if len(gone) == 1 else 'sounds are'} deleted.", width="content")
            st.button("Undo the deletion", icon=":material/undo:", on_click=restore, args=(gone,))


def restore(ids: tuple[int, ...]) -> None:
    if attempt(library().restore, ids):
        change(replace(now(), gone=(), chosen=ids if now().several else ids[:1]))


def delete(ids: tuple[int, ...]) -> None:
    if attempt(library().delete, ids):
        change(now().without(ids))


# -- what is chosen ------------------------------------------------------------------------------------------------


def detail(entries: Sequence[Entry], cards: Cards) -> None:
    if not (now().several or entries):
        st.caption("Press a sound: it plays, and what you say of it stands here.")
        return
    with st.container(key="library-detail"):
        if now().several:
            many(entries, cards)
        else:
            one(entries[0], cards)


def one(entry: Entry, cards: Cards) -> None:
    """The sound that is chosen: heard, named, taken on."""
    try:
        patch = entry.patch
    except SonoformError as error:
        st.warning(sentence(error), icon=":material/error:")
        return
    st.markdown(f"**{plain(entry.name)}**")
    sound = player.rendered(patch)
    if sound:
        players.show("library", sound, entry.name, auto=True)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if entry.model in cards and can(cards[entry.model].family, SPACE):
            links.to_shape(patch)
        if sound:
            taken_out([entry])
            more = partial(more_like, entry.name, sound)
            st.button("More like this", icon=":material/hearing:", on_click=more)
        kept_or_not(entry)
    said(entry)
    st.caption(plain(f"{readable(entry.category or entry.model)} · {entry.model} · {entry.ucs}"))


def kept_or_not(entry: Entry) -> None:
    """Delete what is kept, keep what was only heard, bring back what was deleted."""
    if entry.deleted is not None:
        st.button("Restore", icon=":material/undo:", on_click=restore, args=((entry.id,),))
    elif entry.is_kept:
        st.button("Delete", icon=":material/delete:", on_click=delete, args=((entry.id,),))
    else:
        st.button("Keep", icon=":material/favorite:", shortcut="K", on_click=keep, args=(entry,))


def keep(entry: Entry) -> None:
    attempt(library().keep, entry.patch)


def said(entry: Entry) -> None:
    """What a person says of a sound."""

    def tied(name: str, value: Any, begins: str = "value", read: Any = lambda to: to) -> dict[str, Any]:
        return held(f"library.{name}.{entry.id}", value, lambda to: tell(entry.id, name, read(to)), begins)

    st.text_input("Name", max_chars=LONGEST_NAME, **tied("name", entry.name))
    stars = tied("stars", entry.stars - 1 if entry.stars else None, "default", lambda to: 0 if to is None else to + 1)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input("Tags", placeholder="door, oak", **tied("tags", ", ".join(entry.tags)))
        st.text_input("UCS", width=130, help="CatID of the Universal Category System", **tied("ucs", entry.ucs))
    st.feedback("stars", **stars)
    st.text_area("Notes", max_chars=LONGEST_NOTES, height=80, **tied("notes", entry.notes))


def tell(at: int, name: str, value: Any) -> None:
    attempt(library().change, at, **{name: value})


# -- several -------------------------------------------------------------------------------------------------------


def many(entries: Sequence[Entry], cards: Cards) -> None:
    """All that are chosen: names by a pattern, tags, a zip."""
    ids = tuple(entry.id for entry in entries)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{len(ids)} chosen**", width="content")
        st.button("All that are found", on_click=choose_all, type="tertiary")
        st.button("None", on_click=lambda: change(replace(now(), chosen=())), disabled=not ids, type="tertiary")
    st.caption(plain(", ".join(entry.name for entry in entries[:12]) + (" ..." if len(ids) > 12 else "")))
    pattern = st.text_input(
        "Rename by a pattern", placeholder="Knock ## {category}", help=PATTERN, key="library.pattern"
    )
    rename = partial(name_all, entries, pattern)
    st.button("Rename", icon=":material/edit:", on_click=rename, disabled=not (ids and pattern.strip()))
    tags = st.text_input("Add tags", placeholder="door, oak", key="library.tags")
    st.button("Add", icon=":material/sell:", on_click=partial(tag, ids, tags), disabled=not (ids and tags.strip()))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        if ids:
            taken_out([entry for entry in entries if entry.model in cards])
        st.button("Delete", icon=":material/delete:", on_click=delete, args=(ids,), disabled=not ids)


def choose_all() -> None:
    def all_of_them() -> None:
        change(replace(now(), chosen=tuple(entry.id for entry in library().find(now().wanted))))

    attempt(all_of_them)


def name_all(entries: Sequence[Entry], pattern: str) -> None:
    attempt(lambda: library().rename(renamed(entries, pattern)))


def tag(ids: Sequence[int], tags: str) -> None:
    attempt(library().tag, ids, tags)


def taken_out(entries: Sequence[Entry]) -> None:
    """Files with UCS names and the list of them, as a zip that is made when the button is clicked."""
    formats = list(SUBTYPES)
    chosen = st.session_state.setdefault(FORMAT, formats[0])
    with st.popover("Save", icon=":material/download:"):
        format = held(f"{FORMAT}.held", chosen, lambda to: st.session_state.update({FORMAT: to}), formats)
        st.selectbox("Files", formats, format_func=str.upper, **format)
        st.download_button(
            "Save as a zip",
            data=lambda: packed(dict(files(entries, instrument, chosen))),
            file_name="sounds.zip",
            mime="application/zip",
            icon=":material/download:",
            on_click="ignore",
            disabled=not entries,
            key="library.save",
        )


cards = current_patch.models_or_stop(None)
current_patch.open_session(cards)
page(cards)
