"""Samples as the bytes of a file, in the formats and at the rates that sounds are exported in."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from synth.choices import EXPORT_RATES, SUBTYPES
from synth.errors import AudioError
from synth.sound.containers import Loop, finished_flac, finished_ogg, finished_wav
from synth.storage import whole_file

_MP3_QUALITY = {"bitrate_mode": "VARIABLE", "compression_level": 0.0}  # LAME's best, about 245 kbit/s of stereo
_WRITE_BLOCK = 1 << 14  # libsndfile's Vorbis encoder overflows its stack when it is given a long sound at once


def written(
    samples: np.ndarray, rate: int, format: str, subtype: str, comment: str, loop: Loop | None, root: int | None = None
) -> bytes:
    """The bytes of a file of samples (channels, n) with a comment, a loop and, in a WAV, a root key; raises AudioError
    for a rate that the format cannot hold."""
    buffer = io.BytesIO()
    quality: dict[str, Any] = _MP3_QUALITY if format == "mp3" else {}
    try:
        with soundfile.SoundFile(buffer, "w", rate, len(samples), subtype, format=format, **quality) as file:
            if comment and format != "wav":
                file.comment = comment
            for start in range(0, samples.shape[1], _WRITE_BLOCK):
                file.write(samples[:, start : start + _WRITE_BLOCK].T)
    except soundfile.LibsndfileError as error:
        raise AudioError(_cannot_hold(format, rate)) from error
    data = buffer.getvalue()
    if format == "wav":
        return finished_wav(data, comment, loop, rate, root)
    if format == "flac":
        return finished_flac(data, loop)
    return finished_ogg(data, loop) if format == "ogg" else data


def chosen_subtype(format: str, subtype: str | None) -> str:
    """A subtype of the format, its first one for None; raises AudioError."""
    if format not in SUBTYPES:
        raise AudioError(f"Cannot write {format or 'a file without a suffix'}; use {', '.join(SUBTYPES)}.")
    if subtype is None:
        return SUBTYPES[format][0]
    if subtype not in SUBTYPES[format]:
        raise AudioError(f"{format} has no subtype {subtype}; use {', '.join(SUBTYPES[format])}.")
    return subtype


def check_export_rate(rate: int) -> None:
    """Raises AudioError for what is none of EXPORT_RATES."""
    if rate not in EXPORT_RATES:
        told = ", ".join(map(str, EXPORT_RATES))
        raise AudioError(f"A sound cannot be exported at {rate} Hz; choose {told} Hz.")


@contextmanager
def sound_file(path: Path) -> Iterator[Path]:
    """`storage.whole_file`; raises AudioError where the folder is missing, full or not ours to write in."""
    try:
        with whole_file(path) as fresh:
            yield fresh
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise AudioError(f"Cannot write {path} ({reason}); free some space or choose another folder.") from error


def _cannot_hold(format: str, rate: int) -> str:
    fitting = [r for r in EXPORT_RATES if r != rate and _holds(format, r)]
    return f"A file of {format} cannot hold {rate} Hz; choose {', '.join(map(str, fitting))} Hz, or another format."


def _holds(format: str, rate: int) -> bool:
    """Whether the format takes the rate: tried, as no header of libsndfile tells."""
    try:
        with soundfile.SoundFile(io.BytesIO(), "w", rate, 1, SUBTYPES[format][0], format=format):
            return True
    except soundfile.LibsndfileError:
        return False
