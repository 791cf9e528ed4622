"""What web/ builds, mounted on a page: the bundle's components, and whether a page can use them at all."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import streamlit as st

from app.server import bundle, frames
from synth.sound.sound import Sound

CLASSIC, FAILED = "classic", "live_failed"

# Imports the bundle by an address of the page's own, so that it also works under a base path, and is in no message.
LOADER = """
const bundle = import(new URL("ADDRESS", document.baseURI).href);
export default function (component) {
  bundle.then(({ MOUNT }) => MOUNT(component), () => component.setStateValue("failed", true));
  return () => bundle.then(({ unmount }) => unmount(component.parentElement), () => {});
}
"""


@cache
def component(name: str, mount: str) -> Callable[..., Any]:
    """A component of the bundle. mount: the function there that shows it. Its state has `failed`: the browser could not
    load the bundle."""
    script = LOADER.replace("ADDRESS", bundle.address()).replace("MOUNT", mount)
    return st.components.v2.component(f"sonoform_{name}", js=script)


def pack(meta: Mapping[str, Any], sound: Sound | None, measured: bool = True) -> bytes:
    """The message to the browser: length of the JSON (uint32, little-endian), the JSON, the sound's frame if any."""
    text = json.dumps(meta, separators=(",", ":"), allow_nan=False).encode()
    return struct.pack("<I", len(text)) + text + (frames.pack(sound, 0, 0.0, measured) if sound else b"")


def is_classic() -> bool:
    """Whether a page shows plain widgets: it was asked to, or the bundle could not be loaded."""
    return CLASSIC in st.query_params or bool(st.session_state.get(FAILED))


def failed() -> None:
    """The bundle could not be loaded: the page starts again with plain widgets."""
    st.session_state[FAILED] = True
    st.rerun(scope="fragment")
