"""A sound to be heard, with its picture; or the sentence that says why there is none."""

from __future__ import annotations

import streamlit as st

from app.server.instruments import instrument
from app.widgets import spectrogram
from app.widgets.verbatim import plain, sentence
from synth.errors import CheckpointError, PatchError
from synth.patch.patch import Patch
from synth.sound.sound import Sound


def rendered(patch: Patch) -> Sound | None:
    """The sound of a patch; where there is none, the page says why in one sentence."""
    try:
        with st.spinner(f"Loading {plain(patch.model)} ...", show_time=True):
            shared = instrument(patch.model)
        return shared.render(patch)
    except PatchError as error:
        st.warning(sentence(error), icon=":material/error:")
    except CheckpointError as error:
        st.error(sentence(error), icon=":material/error:")
    return None


def show(sound: Sound) -> None:
    """Waveform and spectrogram, and the sound itself, which is sent first: the ear is quicker than the eye."""
    picture = st.container()
    with st.container(horizontal=True, vertical_alignment="center", key="player"):
        # Bytes, not samples: Streamlit would normalise the peak of samples.
        slot = st.container(width="stretch")
        autoplay = st.toggle("Autoplay", value=True, key="autoplay", help="Play every new sound at once")
        loop = st.toggle("Loop", key="loop", help="Play over and over")
        slot.audio(sound.to_bytes("wav"), "audio/wav", autoplay=autoplay, loop=loop)
    picture.html(spectrogram.figure(sound))
