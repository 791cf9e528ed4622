"""What can be asked for, and what is taken where nobody asks. Imports nothing heavy: `--help` answers at once."""

from __future__ import annotations

from dataclasses import dataclass

# Searches for a phase of any magnitude; "texture" is the decoder of maps, which has a phase to begin with.
SEARCHES = ("pghi", "griffin-lim", "griffin-lim-256", "pghi+gl")
PHASES = ("texture", *SEARCHES)
# Formats of files, and what a sample is stored as: the first is the default.
SUBTYPES = {
    "wav": ("PCM_16", "PCM_24", "FLOAT"),
    "flac": ("PCM_16", "PCM_24"),
    "ogg": ("VORBIS",),
    "mp3": ("MPEG_LAYER_III",),
}
CEILING_DBTP = -1.0  # the highest true peak of what is played and written
EXPORT_RATES = (16000, 22050, 32000, 44100, 48000, 96000)  # Hz
# What a kit is written for: the first is the default.
KIT_FORMATS = ("sfz", "decentsampler", "dslibrary", "folder")
USUAL_STEPS = 60  # of a search for a match


@dataclass(frozen=True)
class Usual:
    """What a door plays where nobody says more. seed: None for another one each time; lufs: None for a true peak at
    -1 dBTP."""

    model: str
    seed: int | None
    lufs: float | None


# The instrument: pages, `render`, `POST /infer` of the web app. The same each time, as loud as the sound before it.
INSTRUMENT = Usual("hits_scratches", 0, -18.0)
# The SoundGan service: `infer`, `api` and its `POST /infer`. Programs that were written for it count on these.
SERVICE = Usual("soundgan", None, None)
DIFFERENCE = (
    f"Unlike `render`, which plays {INSTRUMENT.model}, seed {INSTRUMENT.seed}, at {INSTRUMENT.lufs:g} LUFS, this plays "
    f"{SERVICE.model}, another seed each time, with its true peak at -1 dBTP, unless told otherwise."
)
