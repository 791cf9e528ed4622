"""A picture of a sound beside its file."""

from __future__ import annotations

from pathlib import Path

from synth.sound.formats import sound_file
from synth.sound.sound import Sound


def write_preview(sound: Sound, path: Path) -> Path:
    """Waveform and spectrogram as PNG, named as the sound's file but for its suffix; raises AudioError."""
    from synth.sound.plots import overview  # matplotlib takes its time

    picture = path.with_suffix(".png")
    with sound_file(picture) as temporary:
        overview(sound, path.name).savefig(temporary, format="png")
    return picture
