"""The live instrument on a page: banks of controls whose sound is heard while they move, and the picture that plays it.

`live` mounts the component that web/ builds into static/instrument.js. The page says what is asked, which controls
there are and what it sounds like; while a control moves, the browser asks POST /infer for drafts by itself. What the
hand let go comes back here, and the page answers, in its next run, with the sound itself.

A page whose controls belong to the session's patch says no more than

    bright = Control("sliders.Bright", "Bright", -5.0, 5.0, 0.1, patch.sliders.get("Bright", 0.0))
    of_session("shape", [Bank("Character", (bright,))], parts.rendered(patch))

Any other value that a route of app/api.py makes a sound of can stand in the patch's place: `live` takes it as a body.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from app import frames, parts
from app.session import file_stem, turn
from synth.patch import Patch
from synth.sound import Sound

BUNDLE = Path(__file__).resolve().parent / "static" / "instrument.js"
COMMANDS = ("undo", "redo", "seed", "slot A", "slot B")

_SLOT, _OTHER = "slot", "other_slot"

# Imports the bundle by an address of the page's own, so that it also works under a base path, and is in no message.
LOADER = """
const bundle = import(new URL("app/static/instrument.js?VERSION", document.baseURI).href);
export default function (component) {
  bundle.then(({ mount }) => mount(component), () => component.setStateValue("failed", true));
  return () => bundle.then(({ unmount }) => unmount(component.parentElement), () => {});
}
"""


@dataclass(frozen=True)
class Control:
    """One slider. name: the field of the body that it moves, or "sliders.NAME"; home: where a double-click goes."""

    name: str
    label: str
    low: float
    high: float
    step: float
    value: float
    home: float = 0.0
    help: str = ""

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high  # NaN is in no range


@dataclass(frozen=True)
class Bank:
    """Controls under one title. `pad`: names of two of them that a point on a square moves too, right and up."""

    title: str
    controls: tuple[Control, ...]
    orientation: Literal["horizontal", "vertical"] = "horizontal"
    pad: tuple[str, str] | None = None
    open: bool = True


def live(
    key: str,
    body: Mapping[str, Any],
    banks: Sequence[Bank],
    sound: Sound | None,
    *,
    set_values: Callable[[dict[str, float]], None],
    run: Callable[[str], None],
    address: str = "infer",
    file: str = "sound",
    slot: str = "A",
) -> bool:
    """Mounts the instrument; false where the browser could not load it, and the page must use plain widgets.

    body: what `sound` was made of, in plain JSON types, as the route at `address` takes it; a moved control is heard
    by asking there again with its value in place. set_values, run: called before the page's next run, with the controls
    that were let go by name, and with one of COMMANDS. file: name of a saved file, without its suffix. slot: the one of
    "A" and "B" that the body is in, if any.
    """
    controls = {control.name: control for bank in banks for control in bank.controls}
    heard = f"{key}.heard"

    def said() -> None:
        for number, name, values in unheard(st.session_state[key]["said"], st.session_state.get(heard, 0), controls):
            st.session_state[heard] = number
            if name == "set" and values:
                set_values(values)
            elif name in COMMANDS:
                run(name)

    state = _component()(
        key=key,
        data=pack(_meta(st.session_state.get(heard, 0), address, body, banks, file, slot), sound),
        default={"said": [], "failed": False},
        on_said_change=said,
        on_failed_change=lambda: None,
    )
    return not state["failed"]


def of_session(key: str, banks: Sequence[Bank], sound: Sound | None, heard: Patch | None = None) -> bool:
    """The instrument on the session's patch, with its history and with a second patch to compare; answers as `live`.

    heard: a patch that is heard in its place, and takes it when a control is moved.
    """
    patch = heard or parts.session_history().patch
    slot = st.session_state.get(_SLOT, "A")
    turned = partial(_turn, heard=heard)
    return live(key, patch.to_dict(), banks, sound, set_values=turned, run=_run, file=file_stem(patch), slot=slot)


def _turn(values: dict[str, float], heard: Patch | None = None) -> None:
    patch = heard or parts.session_history().patch
    for name, value in values.items():
        patch = turn(patch, name, value, {})
    parts.change(patch)


def _run(command: str) -> None:
    history = parts.session_history()
    if command == "undo":
        history.undo()
    elif command == "redo":
        history.redo()
    elif command == "seed":
        parts.new_seed()
    elif command.removeprefix("slot ") != st.session_state.get(_SLOT, "A"):
        # The slot that was left keeps its patch; one that was never used begins with the patch at hand.
        other = st.session_state.get(_OTHER, history.patch)
        st.session_state[_SLOT], st.session_state[_OTHER] = command.removeprefix("slot "), history.patch
        parts.change(other)


def pack(meta: Mapping[str, Any], sound: Sound | None) -> bytes:
    """The message to the browser: length of the JSON (uint32, little-endian), the JSON, the sound's frame if any."""
    text = json.dumps(meta, separators=(",", ":"), allow_nan=False).encode()
    return struct.pack("<I", len(text)) + text + (frames.pack(sound, 0, 0.0) if sound else b"")


def _meta(
    heard: int, address: str, body: Mapping[str, Any], banks: Sequence[Bank], file: str, slot: str
) -> dict[str, Any]:
    return {
        "heard": heard,
        "address": address,
        "body": body,
        "banks": [asdict(bank) for bank in banks],
        "file": file,
        "slot": slot,
    }


def unheard(
    said: Sequence[Mapping[str, Any]], heard: int, controls: Mapping[str, Control]
) -> Iterator[tuple[int, str, dict[str, float]]]:
    """Number, name and values of what the browser said after number `heard`.

    It repeats what it has no answer to yet. Values that no control can have are left out.
    """
    for message in said:
        values = {
            name: float(value)
            for name, value in message.get("values", {}).items()
            if name in controls and isinstance(value, (int, float)) and controls[name].holds(value)
        }
        if message["n"] > heard:
            yield message["n"], message["name"], values


@cache
def _component() -> Callable[..., Any]:
    version = sha256(BUNDLE.read_bytes()).hexdigest()[:12]
    return st.components.v2.component("sonoform_instrument", js=LOADER.replace("VERSION", version))
