"""A sound: samples, their rate and the patch they came from; read from and written to audio files.

The patch travels in the comment of the file (WAV LIST INFO ICMT, FLAC and OGG Vorbis comment), so that any exported
file can be opened again as the instrument stood.
"""

from __future__ import annotations

import io
import json
import math
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import soundfile
import soxr
from scipy.fft import rfft

from synth.audio.mono import mono
from synth.choices import EXPORT_RATES, SUBTYPES
from synth.errors import AudioError, PatchError
from synth.patch.patch import Patch
from synth.sound.containers import Loop, finished_flac, finished_ogg, finished_wav, read_loop
from synth.sound.reading import RATES, Source, whole
from synth.sound.texts import marked
from synth.storage import whole_file

MAX_SECONDS = 600.0
CEILING_DBTP = -1.0

_MARK = "sonoform-patch:"
_MP3_QUALITY = {"bitrate_mode": "VARIABLE", "compression_level": 0.0}  # LAME's best, about 245 kbit/s of stereo
_WRAP = 0.25  # s of a loop that are heard before and after it while it is resampled
_WRITE_BLOCK = 1 << 14  # libsndfile's Vorbis encoder overflows its stack when it is given a long sound at once


@dataclass(frozen=True, eq=False)
class Sound:
    """samples: float32 (channels, n), [-1, 1] by convention; sample_rate in Hz; patch: what made it, where known.

    loop: first sample and end, exclusive, of the part that repeats, where there is one. note: what a person should know
    of the file that it was read from, a sentence or "".
    """

    samples: np.ndarray
    sample_rate: int
    patch: Patch | None = None
    loop: Loop | None = None
    note: str = ""

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
        if self.loop and not 0 <= self.loop[0] < self.loop[1] <= samples.shape[1]:
            raise AudioError("The loop does not lie within the sound; set its first sample and its end inside.")
        object.__setattr__(self, "samples", samples)

    @property
    def seconds(self) -> float:
        found: float = self.samples.shape[1] / self.sample_rate
        return found

    @classmethod
    def load(cls, source: str | os.PathLike[str] | bytes | IO[bytes], max_seconds: float = MAX_SECONDS) -> Sound:
        """Any file that libsndfile reads (WAV, FLAC, OGG, MP3, AIFF, ...), by path, bytes or open binary file.

        Raises AudioError for a file that is missing, unreadable, empty, longer than `max_seconds`, of more than two
        channels or with NaN. A damaged patch in a good file is left out.
        """
        name, content = _content(source)
        samples, reading = whole(content, name, max_seconds)
        with _searched(content) as data:
            patch, loop = _find_patch(data), read_loop(data)
        loop = loop if loop and loop[1] <= len(samples) else None
        return cls(np.ascontiguousarray(samples.T), reading.rate, patch, loop, reading.note)

    def save(self, path: str | os.PathLike[str], subtype: str | None = None, rate: int | None = None) -> None:
        """Writes a .wav, .flac, .ogg or .mp3 file, whole or not at all (temporary file beside it, then rename)."""
        path = Path(path)
        data = self.to_bytes(path.suffix.lstrip(".").lower(), subtype, rate)
        with sound_file(path) as fresh:
            fresh.write_bytes(data)

    def to_bytes(self, format: str = "wav", subtype: str | None = None, rate: int | None = None) -> bytes:
        """The bytes of a file with patch and loop embedded; the same bytes for the same sound.

        format: "wav" (subtype PCM_16, PCM_24 or FLOAT), "flac" (PCM_16, PCM_24), "ogg" (VORBIS) or "mp3", which holds
        no loop; the first subtype is the default. rate: one of EXPORT_RATES, or None for the sound's own. Samples
        beyond full scale are clipped, except in FLOAT. Raises AudioError for what the format cannot hold.
        """
        subtype = _subtype(format, subtype)
        sound = self if rate is None else self.exported(rate)
        comment = _MARK + self.patch.to_json() if self.patch else ""
        buffer = io.BytesIO()
        try:
            sound._encode(buffer, format, subtype, comment)
        except soundfile.LibsndfileError as error:
            raise AudioError(_cannot_hold(format, sound.sample_rate)) from error
        data = buffer.getvalue()
        if format == "wav":
            return finished_wav(data, comment, sound.loop, sound.sample_rate)
        if format == "flac":
            return finished_flac(data, sound.loop)
        return finished_ogg(data, sound.loop) if format == "ogg" else data

    def _encode(self, buffer: IO[bytes], format: str, subtype: str, comment: str) -> None:
        channels, n = self.samples.shape
        quality: dict[str, Any] = _MP3_QUALITY if format == "mp3" else {}
        with soundfile.SoundFile(buffer, "w", self.sample_rate, channels, subtype, format=format, **quality) as file:
            if comment and format != "wav":
                file.comment = comment
            for start in range(0, n, _WRITE_BLOCK):
                file.write(self.samples[:, start : start + _WRITE_BLOCK].T)

    def exported(self, rate: int) -> Sound:
        """The same sound at one of EXPORT_RATES, its true peak no higher than it was or than CEILING_DBTP."""
        from synth.audio.loudness import true_peak  # takes a while

        check_export_rate(rate)
        sound = self.resampled(rate)
        over = true_peak(sound.samples) - max(CEILING_DBTP, true_peak(self.samples))
        if sound is self or not over > 0.0:
            return sound
        return replace(sound, samples=sound.samples * np.float32(10.0 ** (-over / 20.0)))

    def resampled(self, rate: int) -> Sound:
        """The same sound at another rate (soxr, very high quality); a loop goes on from its end to its beginning."""
        if rate == self.sample_rate:
            return self
        n, ratio = self.samples.shape[1], rate / self.sample_rate
        grid = self.sample_rate // math.gcd(self.sample_rate, rate)  # samples after which both rates have one
        wrap = min(round(_WRAP * self.sample_rate), n) // grid * grid if self.loop == (0, n) else 0
        samples = np.pad(self.samples, ((0, 0), (wrap, wrap)), mode="wrap") if wrap else self.samples
        samples = soxr.resample(samples.T, self.sample_rate, rate, quality="VHQ").T
        if wrap:
            samples = samples[:, round(wrap * ratio) :][:, : max(round(n * ratio), 1)]
        samples = np.ascontiguousarray(samples)
        if not self.loop:
            return replace(self, samples=samples, sample_rate=rate)
        first, end = (min(round(edge * ratio), samples.shape[1]) for edge in self.loop)
        return replace(self, samples=samples, sample_rate=rate, loop=(first, end) if first < end else None)

    def mono(self) -> Sound:
        """As it is heard in one channel: the mean of both, unless they cancel, and without an offset."""
        return replace(self, samples=mono(self.samples.T, self.sample_rate)[None])

    def levels(self, bins: int, frames: int) -> np.ndarray:
        """Powers that `spectrogram` makes a picture of, float32 (bins, frames)."""
        return _column_peaks(self.mono().samples[0], 2 * bins, frames).T

    def spectrogram(self, bins: int = 256, frames: int = 256, floor_db: float = -80.0) -> np.ndarray:
        """Picture of the levels, uint8 (bins, frames): row 0 is 0 Hz, linear in Hz to Nyquist; columns span the sound.

        255 is the sound's loudest bin, 0 is `floor_db` below it or less. A column shows the loudest of the windows
        (Hann, 2 * bins) that it stands for, half a window apart, so that no onset falls between two columns.
        """
        levels = self.levels(bins, frames).T
        peak = levels.max()
        if peak <= 0.0:
            return np.zeros((bins, frames), np.uint8)
        db = 10.0 * np.log10(np.maximum(levels / peak, 10.0 ** (floor_db / 10.0)))
        found: np.ndarray = np.rint(255.0 * (1.0 - db / floor_db)).astype(np.uint8).T
        return found


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


def _column_peaks(samples: np.ndarray, window: int, frames: int) -> np.ndarray:
    """Largest power of the windows inside each column, (frames, window / 2)."""
    step = samples.size / frames
    padded = np.pad(samples, window // 2)
    taps = np.hanning(window + 1)[:-1].astype(np.float32)
    peaks = np.zeros((frames, window // 2), np.float32)
    windows = max(1, math.ceil(step / (window // 2)))
    for part in range(windows):
        starts = ((np.arange(frames) + (part + 0.5) / windows) * step).astype(np.int64)
        framed = padded[starts[:, None] + np.arange(window)] * taps
        bins = rfft(framed)[:, :-1]  # SciPy's stays in single precision
        np.maximum(peaks, bins.real**2 + bins.imag**2, out=peaks)
    return peaks


def _content(source: str | os.PathLike[str] | bytes | IO[bytes]) -> tuple[str, Source]:
    """A name for messages, and what is read."""
    if isinstance(source, bytes):
        return "The audio", source
    if not isinstance(source, (str, os.PathLike)):
        return str(getattr(source, "name", "The audio")), source.read()
    return str(source), source


@contextmanager
def _searched(content: Source) -> Iterator[bytes | mmap.mmap]:
    """The bytes of a file, which are not all brought into memory."""
    if isinstance(content, bytes):
        yield content
        return
    with Path(content).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        yield data


def _find_patch(data: bytes | mmap.mmap) -> Patch | None:
    """The first patch that can be read."""
    for text in marked(data, _MARK):
        try:
            end = json.JSONDecoder().raw_decode(text)[1]
            return Patch.from_json(text[:end])
        except (ValueError, RecursionError, PatchError):
            continue
    return None


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


def _subtype(format: str, subtype: str | None) -> str:
    if format not in SUBTYPES:
        raise AudioError(f"Cannot write {format or 'a file without a suffix'}; use {', '.join(SUBTYPES)}.")
    if subtype is None:
        return SUBTYPES[format][0]
    if subtype not in SUBTYPES[format]:
        raise AudioError(f"{format} has no subtype {subtype}; use {', '.join(SUBTYPES[format])}.")
    return subtype
