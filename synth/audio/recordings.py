"""A recording of any length, read in pieces: mono, at a rate that no long one fills the memory with."""

from __future__ import annotations

import io

import numpy as np
import soundfile
import soxr

from synth.errors import AudioError
from synth.sound import RATES, Sound

LONGEST = 1800.0  # s
HIGHEST_RATE = 48000  # Hz: what is above half of it no model makes
SILENCE = 1e-6  # of full scale
BLOCK = 1 << 18  # frames


def read_recording(name: str, data: bytes) -> Sound:
    """The sound of a file's bytes, mono, at its own rate or at HIGHEST_RATE where that is lower.

    Raises AudioError, with one sentence that begins with `name`, for what is empty, damaged or no audio, silent, or
    longer than LONGEST.
    """
    if not data:
        raise AudioError(f"{name} is empty; choose a recording.")
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            samples, rate = _read(name, file)
    except (soundfile.SoundFileError, MemoryError, RuntimeError) as error:
        raise AudioError(f"{name} cannot be read as audio; use a WAV, FLAC, OGG or MP3 file.") from error
    sound = Sound(samples, rate)
    if np.abs(sound.samples).max() < SILENCE:
        raise AudioError(f"{name} is silent; choose a recording that can be heard.")
    return sound


def _read(name: str, file: soundfile.SoundFile) -> tuple[np.ndarray, int]:
    """Samples (n,) float32 and their rate."""
    if not RATES[0] <= file.samplerate <= RATES[1]:
        raise AudioError(f"{name} is at {file.samplerate} Hz; convert it to {RATES[0]}..{RATES[1]} Hz.")
    if file.frames > LONGEST * file.samplerate:
        raise AudioError(f"{name} is longer than {LONGEST:g} s; cut it or use a shorter one.")
    rate = min(file.samplerate, HIGHEST_RATE)
    stream = soxr.ResampleStream(file.samplerate, rate, 1, dtype="float32", quality="VHQ")
    blocks = (block.mean(axis=1) for block in file.blocks(BLOCK, dtype="float32", always_2d=True))
    pieces = [block if rate == file.samplerate else stream.resample_chunk(block) for block in blocks]
    if rate != file.samplerate:
        pieces.append(stream.resample_chunk(np.zeros(0, np.float32), last=True))
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32), rate
