"""A sound: samples, their rate and the patch they came from; read from and written to audio files.

The patch travels in the comment of the file (WAV LIST INFO ICMT, FLAC and OGG Vorbis comment), so that any exported
file can be opened again as the instrument stood.
"""

from __future__ import annotations

import io
import math
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import numpy as np
import soundfile
import soxr

from synth.audio.containers import fix_ogg_serial, read_wav_comment, write_wav_comment
from synth.errors import AudioError, PatchError
from synth.patch import Patch

MAX_SECONDS = 600.0
SUBTYPES = {"wav": ("PCM_16", "PCM_24", "FLOAT"), "flac": ("PCM_16", "PCM_24"), "ogg": ("VORBIS",)}
RATES = (4000, 384000)

_MARK = "sonoform-patch:"
_WRITE_BLOCK = 1 << 14  # libsndfile's Vorbis encoder overflows its stack when it is given a long sound at once


@dataclass(frozen=True, eq=False)
class Sound:
    """samples: float32 (channels, n), [-1, 1] by convention; sample_rate in Hz; patch: what made it, where known."""

    samples: np.ndarray
    sample_rate: int
    patch: Patch | None = None

    def __post_init__(self) -> None:
        samples = np.atleast_2d(np.asarray(self.samples, np.float32))
        if samples.ndim != 2 or samples.size == 0:
            raise AudioError("The sound has no samples; use a recording that is not empty.")
        if samples.shape[0] > 2:
            raise AudioError(f"The sound has {samples.shape[0]} channels; mix it down to mono or stereo.")
        if not np.isfinite(samples).all():
            raise AudioError("The sound has samples that are not numbers (NaN or infinite); export it anew.")
        if not RATES[0] <= self.sample_rate <= RATES[1]:
            raise AudioError(f"The sample rate is {self.sample_rate} Hz; convert it to {RATES[0]}..{RATES[1]} Hz.")
        object.__setattr__(self, "samples", samples)

    @property
    def seconds(self) -> float:
        return self.samples.shape[1] / self.sample_rate

    @classmethod
    def load(cls, source: str | os.PathLike[str] | bytes | IO[bytes], max_seconds: float = MAX_SECONDS) -> Sound:
        """Any file that libsndfile reads (WAV, FLAC, OGG, MP3, AIFF, ...), by path, bytes or open binary file.

        Raises AudioError for a file that is missing, unreadable, empty, longer than `max_seconds`, of more than two
        channels or with NaN. A damaged patch in a good file is left out.
        """
        name, data = _read_bytes(source)
        with _reading(name), soundfile.SoundFile(io.BytesIO(data)) as file:
            if file.frames > max_seconds * file.samplerate:
                raise AudioError(f"{name} is longer than {max_seconds:g} s; cut it or use a shorter one.")
            comment = file.comment
            samples = file.read(dtype="float32", always_2d=True)
            rate = file.samplerate
        return cls(np.ascontiguousarray(samples.T), rate, _find_patch(read_wav_comment(data) or comment))

    def save(self, path: str | os.PathLike[str], subtype: str | None = None) -> None:
        """Writes a .wav, .flac or .ogg file, whole or not at all (temporary file beside it, then rename)."""
        path = Path(path)
        data = self.to_bytes(path.suffix.lstrip(".").lower(), subtype)
        with whole_file(path) as temporary:
            temporary.write_bytes(data)

    def to_bytes(self, format: str = "wav", subtype: str | None = None) -> bytes:
        """The bytes of a file with the patch embedded; the same bytes for the same sound.

        format: "wav" (subtype PCM_16, PCM_24 or FLOAT), "flac" (PCM_16, PCM_24) or "ogg" (VORBIS); the first is the
        default. Samples beyond full scale are clipped, except in FLOAT.
        """
        subtype = _subtype(format, subtype)
        comment = _MARK + self.patch.to_json() if self.patch else ""
        buffer = io.BytesIO()
        try:
            self._encode(buffer, format, subtype, comment)
        except soundfile.LibsndfileError as error:
            raise AudioError(f"Cannot write {self.sample_rate} Hz as {format}; choose another format.") from error
        data = buffer.getvalue()
        if format == "wav":
            return write_wav_comment(data, comment)
        return fix_ogg_serial(data) if format == "ogg" else data

    def _encode(self, buffer: IO[bytes], format: str, subtype: str, comment: str) -> None:
        channels, n = self.samples.shape
        with soundfile.SoundFile(buffer, "w", self.sample_rate, channels, subtype, format=format) as file:
            if comment and format != "wav":
                file.comment = comment
            for start in range(0, n, _WRITE_BLOCK):
                file.write(self.samples[:, start : start + _WRITE_BLOCK].T)

    def resampled(self, rate: int) -> Sound:
        """The same sound at another rate (soxr, very high quality)."""
        if rate == self.sample_rate:
            return self
        samples = soxr.resample(self.samples.T, self.sample_rate, rate, quality="VHQ").T
        return replace(self, samples=np.ascontiguousarray(samples), sample_rate=rate)

    def mono(self) -> Sound:
        """The mean of the channels."""
        return replace(self, samples=self.samples.mean(axis=0, keepdims=True))

    def spectrogram(self, bins: int = 256, frames: int = 256, floor_db: float = -80.0) -> np.ndarray:
        """Picture of the levels, uint8 (bins, frames): row 0 is 0 Hz, linear in Hz to Nyquist; columns span the sound.

        255 is the sound's loudest bin, 0 is `floor_db` below it or less. A column shows the loudest of the windows
        (Hann, 2 * bins) that it stands for, half a window apart, so that no onset falls between two columns.
        """
        levels = _column_peaks(self.mono().samples[0], 2 * bins, frames)
        peak = levels.max()
        if peak <= 0.0:
            return np.zeros((bins, frames), np.uint8)
        db = 20.0 * np.log10(np.maximum(levels / peak, 10.0 ** (floor_db / 20.0)))
        return np.rint(255.0 * (1.0 - db / floor_db)).astype(np.uint8).T


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` that takes its place when all is written; else it is removed.

    Raises AudioError where the folder is missing, full or not ours to write in.
    """
    try:
        with _temporary(path) as temporary:
            yield temporary
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.chmod(0o666 & ~_umask())
            os.replace(temporary, path)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise AudioError(f"Cannot write {path} ({reason}); free some space or choose another folder.") from error


@contextmanager
def _temporary(path: Path) -> Iterator[Path]:
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _column_peaks(samples: np.ndarray, window: int, frames: int) -> np.ndarray:
    """Largest magnitude of the windows inside each column, (frames, window / 2)."""
    step = samples.size / frames
    padded = np.pad(samples, window // 2)
    taps = np.hanning(window + 1)[:-1].astype(np.float32)
    peaks = np.zeros((frames, window // 2), np.float32)
    windows = max(1, math.ceil(step / (window // 2)))
    for part in range(windows):
        starts = ((np.arange(frames) + (part + 0.5) / windows) * step).astype(np.int64)
        framed = padded[starts[:, None] + np.arange(window)] * taps
        peaks = np.maximum(peaks, np.abs(np.fft.rfft(framed)[:, :-1]).astype(np.float32))
    return peaks


def _read_bytes(source: str | os.PathLike[str] | bytes | IO[bytes]) -> tuple[str, bytes]:
    """A name for messages and the whole content."""
    if isinstance(source, bytes):
        return "The audio", source
    if not isinstance(source, (str, os.PathLike)):
        return str(getattr(source, "name", "The audio")), source.read()
    try:
        return str(source), Path(source).read_bytes()
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise AudioError(f"Cannot open {source} ({reason}); check the path.") from error


@contextmanager
def _reading(name: str) -> Iterator[None]:
    try:
        yield
    except (soundfile.SoundFileError, MemoryError, RuntimeError) as error:
        raise AudioError(f"{name} cannot be read as audio; use a WAV, FLAC, OGG or MP3 file.") from error


def _find_patch(comment: str) -> Patch | None:
    if not comment.startswith(_MARK):
        return None
    try:
        return Patch.from_json(comment.removeprefix(_MARK))
    except PatchError:
        return None


def _subtype(format: str, subtype: str | None) -> str:
    if format not in SUBTYPES:
        raise AudioError(f"Cannot write {format or 'a file without a suffix'}; use {', '.join(SUBTYPES)}.")
    if subtype is None:
        return SUBTYPES[format][0]
    if subtype not in SUBTYPES[format]:
        raise AudioError(f"{format} has no subtype {subtype}; use {', '.join(SUBTYPES[format])}.")
    return subtype


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
