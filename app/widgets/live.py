"""The live instrument on a page: banks of controls whose sound is heard while they move, and the picture that plays it.

`live` mounts the component that web/ builds into static/instrument.js. The page says what is asked, which controls
there are and what it sounds like; while a control moves, the browser asks POST /infer for drafts by itself. What the
hand let go comes back here, and the page answers, in its next run, with the sound itself.

A page whose controls belong to the session's patch says no more than

    bright = Control("sliders.Bright", "Bright", -5.0, 5.0, 0.1, patch.sliders.get("Bright", 0.0))
    of_session("shape", [Bank("Character", (bright,))], player.rendered(patch))

Any other value that a route of app/server/routes.py makes a sound of can stand in the patch's place: `live` takes it as
a body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Literal

import streamlit as st

from app.session.patches import turn
from app.widgets import current_patch, mounting
from synth.patch import lanes, strokes
from synth.patch.naming import file_stem
from synth.patch.patch import Patch
from synth.sound.sound import Sound

COMMANDS = ("undo", "redo", "seed", "slot A", "slot B")

_SLOT, _OTHER = "slot", "other_slot"

Setting = float | bool | str | None


@dataclass(frozen=True)
class Control:
    """One slider. name: the field of the body that it moves, or "sliders.NAME"; home: where a double-click goes.

    unit: written behind the value. even: whether equal ways of the hand are equal steps of the value, or of its
    logarithm. learnt: home stands for None, which leaves the value to the model.
    """

    name: str
    label: str
    low: float
    high: float
    step: float
    value: float
    home: float = 0.0
    help: str = ""
    unit: str = ""
    even: bool = True
    learnt: bool = False

    def holds(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        return self.low <= value <= self.high  # NaN is in no range

    def setting(self, value: Any) -> Setting:
        return None if self.learnt and value == self.home else float(value)


@dataclass(frozen=True)
class Switch:
    """A field of the body that is on or off. home, learnt: as those of a Control."""

    name: str
    label: str
    value: bool
    home: bool = False
    help: str = ""
    learnt: bool = False

    def holds(self, value: object) -> bool:
        return isinstance(value, bool)

    def setting(self, value: Any) -> Setting:
        return None if self.learnt and value == self.home else bool(value)


@dataclass(frozen=True)
class Choice:
    """A field of the body that takes one of a few values, each with its name for people."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    value: str

    def holds(self, value: object) -> bool:
        return any(value == option for option, _ in self.options)

    def setting(self, value: Any) -> Setting:
        return str(value)


@dataclass(frozen=True)
class Seed:
    """The field "seed" of the body, with a die. A new seed takes the place of a latent."""

    value: int
    name: str = "seed"

    def holds(self, value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**32

    def setting(self, value: Any) -> Setting:
        return int(value)


@dataclass(frozen=True)
class Source:
    """What stands above the picture: what the sound is drawn from."""

    seed: Seed
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class Drawn:
    """A field of the body that is drawn on the picture, as text: its strokes, or its lanes. read: raises ValueError for
    what is none."""

    name: str
    read: Callable[[str], object]

    def holds(self, value: object) -> bool:
        if not isinstance(value, str):
            return False
        try:
            self.read(value)
        except ValueError:
            return False
        return True

    def setting(self, value: Any) -> Setting:
        return str(value) or None


DRAWN = (Drawn("strokes", strokes.read), Drawn("lanes", lanes.read))


@dataclass(frozen=True)
class Bank:
    """Controls under one title. `pad`: names of two of them that a point on a square moves too, right and up.

    corners: what stands in those of the square: lower left and right, upper left and right. place: beside the picture
    or under it.
    """

    title: str
    controls: tuple[Control, ...]
    orientation: Literal["horizontal", "vertical"] = "horizontal"
    pad: tuple[str, str] | None = None
    corners: tuple[str, ...] = ()
    open: bool = True
    switches: tuple[Switch, ...] = ()
    place: Literal["side", "under"] = "side"


Named = Control | Switch | Choice | Seed | Drawn


def live(
    key: str,
    body: Mapping[str, Any],
    banks: Sequence[Bank],
    sound: Sound | None,
    *,
    set_values: Callable[[dict[str, Setting]], None],
    run: Callable[[str], None],
    address: str = "infer",
    file: str = "sound",
    slot: str = "A",
    source: Source | None = None,
    query: str | None = None,
    endless: bool = False,
    paints: bool = False,
) -> bool:
    """Mounts the instrument; false where the browser could not load it, and the page must use plain widgets.

    body: what `sound` was made of, in plain JSON types, as the route at `address` takes it; a moved control is heard
    by asking there again with its value in place. set_values, run: called before the page's next run, with the controls
    that were let go by name, and with one of COMMANDS. file: name of a saved file, without its suffix. slot: the one of
    "A" and "B" that the body is in, if any. source: what is chosen above the picture. query: the body as GET /infer
    and GET /stream take it, where they do; endless: whether the second can play it. paints: whether the body takes
    strokes and lanes.
    """
    controls = named(banks, source) | ({each.name: each for each in DRAWN} if paints else {})
    heard = f"{key}.heard"

    def said() -> None:
        for number, name, values in unheard(st.session_state[key]["said"], st.session_state.get(heard, 0), controls):
            st.session_state[heard] = number
            if name == "set" and values:
                set_values(values)
            elif name in COMMANDS:
                run(name)

    told = _meta(st.session_state.get(heard, 0), address, body, banks, file, slot, source, query, endless, paints)
    state = mounting.component("instrument", "mountInstrument")(
        key=key,
        data=mounting.pack(told, sound),
        default={"said": [], "failed": False},
        on_said_change=said,
        on_failed_change=lambda: None,
    )
    return not state["failed"]


def named(banks: Sequence[Bank], source: Source | None) -> dict[str, Named]:
    """All that a hand can set, by name."""
    controls: list[Named] = []
    for bank in banks:
        controls += [*bank.controls, *bank.switches]
    if source:
        controls += [source.seed, *source.choices]
    return {control.name: control for control in controls}


def of_session(
    key: str,
    banks: Sequence[Bank],
    sound: Sound | None,
    heard: Patch | None = None,
    source: Source | None = None,
    endless: bool = False,
    paints: bool = True,
) -> bool:
    """The instrument on the session's patch, with its history and with a second patch to compare; answers as `live`.

    heard: a patch that is heard in its place, and takes it when a control is moved. endless: whether it can go on.
    paints: whether strokes and lanes can be drawn on it.
    """
    patch = heard or current_patch.session_history().patch
    slot = st.session_state.get(_SLOT, "A")
    turned = partial(_turn, heard=heard)
    return live(
        key,
        patch.to_dict(),
        banks,
        sound,
        set_values=turned,
        run=_run,
        file=file_stem(patch),
        slot=slot,
        source=source,
        query=patch.to_query(),
        endless=endless,
        paints=paints,
    )


def _turn(values: dict[str, Setting], heard: Patch | None = None) -> None:
    patch = heard or current_patch.session_history().patch
    for name, value in values.items():
        patch = turn(patch, name, value, {})
    current_patch.change(patch)


def _run(command: str) -> None:
    history = current_patch.session_history()
    if command == "undo":
        history.undo()
    elif command == "redo":
        history.redo()
    elif command == "seed":
        current_patch.new_seed()
    elif command.removeprefix("slot ") != st.session_state.get(_SLOT, "A"):
        # The slot that was left keeps its patch; one that was never used begins with the patch at hand.
        other = st.session_state.get(_OTHER, history.patch)
        st.session_state[_SLOT], st.session_state[_OTHER] = command.removeprefix("slot "), history.patch
        current_patch.change(other)


def _meta(
    heard: int,
    address: str,
    body: Mapping[str, Any],
    banks: Sequence[Bank],
    file: str,
    slot: str,
    source: Source | None = None,
    query: str | None = None,
    endless: bool = False,
    paints: bool = False,
) -> dict[str, Any]:
    return {
        "heard": heard,
        "address": address,
        "body": body,
        "banks": [asdict(bank) for bank in banks],
        "file": file,
        "slot": slot,
        "source": asdict(source) if source else None,
        "query": query,
        "endless": endless,
        "paints": paints,
    }


def unheard(
    said: Sequence[Mapping[str, Any]], heard: int, controls: Mapping[str, Named]
) -> Iterator[tuple[int, str, dict[str, Setting]]]:
    """Number, name and values of what the browser said after number `heard`.

    It repeats what it has no answer to yet. Values that no control can have are left out.
    """
    for message in said:
        values = {
            name: controls[name].setting(value)
            for name, value in message.get("values", {}).items()
            if name in controls and controls[name].holds(value)
        }
        if message["n"] > heard:
            yield message["n"], message["name"], values
