"""A sound file, read in order from its first sample to its last: what it holds and no more, the same at each reading.

Every part of the program that takes a sound file reads it here, so that all have one answer to it. Nothing is sought:
in OGG and MP3 that lands some samples off, or amid a frame that needs the one before it.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np
import soundfile

from synth.errors import FileError
from synth.sound.lengths import Length, mended

RATES = (4000, 384000)  # Hz
MAX_CHANNELS = 2
MAX_SAMPLES = 1 << 27  # that are held at once, of all channels: 512 MiB
BLOCK = 1 << 16  # frames
SILENCE = 1e-6  # of full scale

Source = str | os.PathLike[str] | bytes


_SMALL = 1 << 20  # bytes, of a file that is read at once: a decoder asks for it in many pieces
_EARLY = 4096  # frames in which most sounds begin


class _InOrder(soundfile.SoundFile):
    """After each read, soundfile seeks to where it stands, and it stops at the length that the header tells; it does
    neither in a file that cannot be sought in."""

    def seekable(self) -> bool:
        return False


@dataclass
class Reading:
    """A file that is being read. rate in Hz; frames: read so far."""

    name: str
    rate: int
    channels: int
    _file: _InOrder
    _raw: IO[bytes]
    _size: int
    _told: Length
    frames: int = field(default=0, init=False)
    at_end: bool = field(default=False, init=False)

    def take(self, frames: int) -> np.ndarray:
        """The next so many frames, float32 (frames, channels), or what there is of them.

        Raises AudioError where the file is damaged or its samples are not numbers.
        """
        try:
            block = self._file.read(frames, dtype="float32", always_2d=True)
        except (soundfile.SoundFileError, RuntimeError) as error:
            where = f" beyond {self.seconds:.2f} s" if self.frames else ""
            raise FileError(self.name, f"cannot be read as audio{where}", "save it anew", damaged=True) from error
        if not np.isfinite(block).all():
            fault = "holds samples that are not numbers (NaN or infinite)"
            raise FileError(self.name, fault, "export it anew", damaged=True)
        self.at_end = len(block) < frames
        self.frames += len(block)
        found: np.ndarray = block
        return found

    def blocks(self, frames: int = BLOCK) -> Iterator[np.ndarray]:
        """All that is left, so many frames at a time, none of them empty."""
        while not self.at_end:
            if len(block := self.take(frames)):
                yield block

    @property
    def seconds(self) -> float:
        """Read so far."""
        return self.frames / self.rate

    @property
    def part(self) -> float:
        """Of the file, read so far, 0..1."""
        return min(self._raw.tell() / max(self._size, 1), 1.0)

    @property
    def told(self) -> float | None:
        """Seconds in all, without reading on: what is known to be right, None where nothing is."""
        if self.at_end:
            return self.seconds
        if self._told.frames is not None:
            return self._told.frames / self.rate
        return None if self._file.format == "FLAC" else self._file.frames / self.rate

    @property
    def note(self) -> str:
        """What a person should know of a file that was read to its end; "" where all is well."""
        if self._told.short or self.frames < self._told.promised:
            return f"{self.name} breaks off after {self.seconds:.2f} s, before the end that it tells of; save it anew."
        if self._told.more:
            return f"{self.name} holds several streams, of which only the first is read; save it anew as one."
        return ""


@contextmanager
def opened(source: Source, name: str = "") -> Iterator[Reading]:
    """A file, by its path or by its bytes, ready to be read from its beginning.

    name: begins every sentence about it; by default its path. Raises AudioError for what is missing, empty or no audio,
    and for rates and numbers of channels that are not taken: those are looked at before anything is decoded.
    """
    name = name or ("The audio" if isinstance(source, bytes) else str(source))
    with _raw(source, name) as raw:
        size = raw.seek(0, io.SEEK_END)
        if not size:
            raise FileError(name, "is empty", "choose a recording")
        file, told = mended(raw)
        try:
            decoder = _InOrder(file)
        except (soundfile.SoundFileError, RuntimeError, MemoryError, TypeError, ValueError) as error:
            remedy = "use a WAV, FLAC, OGG or MP3 file"
            raise FileError(name, "cannot be read as audio", remedy, damaged=True) from error
        with decoder:
            rate, channels = decoder.samplerate, decoder.channels
            if not RATES[0] <= rate <= RATES[1]:
                raise FileError(name, f"is sampled at {rate} Hz", f"convert it to {RATES[0]}..{RATES[1]} Hz")
            if channels > MAX_CHANNELS:
                raise FileError(name, f"has {channels} channels", "mix it down to mono or stereo")
            yield Reading(name, rate, channels, decoder, raw, size, told)


@contextmanager
def _raw(source: Source, name: str) -> Iterator[IO[bytes]]:
    if isinstance(source, bytes):
        yield io.BytesIO(source)
        return
    try:
        file = Path(source).open("rb")  # noqa: SIM115  # only what opening raises is told so
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise FileError("Cannot open", f"{name} ({reason})", "check the path", damaged=True) from error
    with file:
        yield io.BytesIO(file.read()) if os.fstat(file.fileno()).st_size <= _SMALL else file


def whole(source: Source, name: str = "", max_seconds: float = 600.0) -> tuple[np.ndarray, Reading]:
    """All samples, float32 (n, channels), and the reading, at its end.

    Memory grows with what is decoded, never with what a header tells. Raises AudioError as `opened` and `take` do, for
    a file without samples and for one that is longer than `max_seconds`.
    """
    with opened(source, name) as reading:
        blocks = []
        for block in reading.blocks():
            blocks.append(block)
            if reading.seconds > max_seconds:
                raise too_long(reading.name, max_seconds)
            if reading.frames * reading.channels > MAX_SAMPLES:
                raise too_long(reading.name, int(MAX_SAMPLES / reading.channels / reading.rate))
        return joined(reading, blocks), reading


@dataclass(frozen=True)
class Start:
    """The beginning of a file: samples float32 (m, channels) at `rate`; seconds in all.

    begins: where the first sample stands that is no silence, in seconds, None where there is none; note: as a
    `Reading` has it, of a file that was read to its end.
    """

    samples: np.ndarray
    rate: int
    seconds: float
    begins: float | None
    note: str


def start_of(source: Source, name: str, frames: Callable[[int], int]) -> Start:
    """So many frames, by the file's rate, or what there is of them. It is read on only where they are silent, or
    nothing but reading tells its length.

    Raises AudioError as `opened` and `take` do, and for a file without samples.
    """
    with opened(source, name) as reading:
        samples = joined(reading, [block for block in [reading.take(frames(reading.rate))] if len(block)])
        begins, at = _begins(samples), len(samples)
        for block in reading.blocks() if begins is None or reading.told is None else ():
            if begins is None and (found := _begins(block)) is not None:
                begins = at + found
            at += len(block)
            if begins is not None and reading.told is not None:
                break
        seconds = reading.seconds if reading.told is None else reading.told
        note = reading.note if reading.at_end else ""
        return Start(samples, reading.rate, seconds, None if begins is None else begins / reading.rate, note)


def _begins(samples: np.ndarray) -> int | None:
    """The first frame that is no silence."""
    if np.abs(samples[:_EARLY]).max(initial=0.0) > SILENCE:
        samples = samples[:_EARLY]
    loud = np.flatnonzero(np.abs(samples).max(axis=1) > SILENCE)
    return int(loud[0]) if len(loud) else None


def joined(reading: Reading, blocks: list[np.ndarray]) -> np.ndarray:
    """Blocks as one array, (n, ...); each is let go as it is copied. Raises AudioError where there is none."""
    if not blocks:
        raise FileError(reading.name, "is empty: it has no samples", "choose another recording")
    if len(blocks) == 1:
        return blocks.pop()
    every = np.empty((sum(map(len, blocks)), *blocks[0].shape[1:]), np.float32)
    end = len(every)
    while blocks:
        block = blocks.pop()
        every[end - len(block) : end] = block
        end -= len(block)
    return every


def too_long(name: str, seconds: float) -> FileError:
    return FileError(name, f"is longer than {seconds:g} s", "cut it or use a shorter one")
