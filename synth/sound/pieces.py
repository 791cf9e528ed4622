"""A recording of any length, heard in mono, in pieces: what it takes of memory does not grow with what it holds.

It is gone through twice, as only the whole tells how its channels become one. What is short is kept in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import soxr

from synth.audio.mono import Measured, Mixdown
from synth.errors import FileError
from synth.sound.reading import BLOCK, SILENCE, Source, joined, opened, too_long
from synth.sound.sound import Sound

LONGEST = 1800.0  # s
HIGHEST_RATE = 48000  # Hz: what is above half of it no model makes
_KEPT = 1 << 24  # samples that are kept from the first time to the second, 64 MiB


class Recording:
    """A file that was gone through once: its rate in Hz, how many frames it holds, how they become mono, and what a
    person should know of it, a sentence or ""."""

    def __init__(
        self,
        source: Source,
        name: str = "",
        max_seconds: float = float("inf"),
        heard: Callable[[float], None] = lambda part: None,
    ):
        """Raises AudioError as `reading.opened` does, for a damaged or empty file and for one that is longer than
        `max_seconds`; `heard` is told the part that was gone through, 0..1."""
        self._source, self._name = source, name
        kept: list[np.ndarray] = []
        with opened(source, name) as reading:
            measured = Measured(reading.rate)
            for block in reading.blocks():
                if reading.seconds > max_seconds:
                    raise too_long(reading.name, max_seconds)
                measured.add(block)
                if reading.frames * reading.channels <= _KEPT:
                    kept.append(block)
                heard(reading.part)
            self._whole = joined(reading, kept) if reading.frames * reading.channels <= _KEPT else None
            self.name, self.rate, self.frames = reading.name, reading.rate, reading.frames
            self.mixdown: Mixdown = measured.mixdown()
            self.note = reading.note or (f"{self.name} {self.mixdown.note}." if self.mixdown.note else "")

    @property
    def seconds(self) -> float:
        return self.frames / self.rate

    def mono(self, size: int = BLOCK) -> Iterator[np.ndarray]:
        """All of it, (size,) float32 at a time; the last may be shorter."""
        at = 0
        for block in self._blocks(size):
            yield self.mixdown(block, at)
            at += len(block)

    def parts(self, spans: list[tuple[int, int]]) -> Iterator[np.ndarray]:
        """Its samples from one frame to another, (n,) float32, for each of the spans, whose beginnings are in order."""
        blocks, held, at = self.mono(), np.zeros(0, np.float32), 0  # `held` begins at frame `at`
        for first, last in spans:
            while at + len(held) < last and (block := next(blocks, None)) is not None:
                kept = held[max(first - at, 0) :]
                at += len(held) - len(kept)
                held = np.concatenate([kept, block])
            yield held[max(first - at, 0) : max(last - at, 0)]

    def _blocks(self, size: int) -> Iterator[np.ndarray]:
        if self._whole is not None:
            yield from (self._whole[i : i + size] for i in range(0, self.frames, size))
            return
        with opened(self._source, self._name) as reading:
            yield from reading.blocks(size)


def read_recording(name: str, source: Source) -> Sound:
    """The sound of a file, by its bytes or its path, mono, at its own rate or at HIGHEST_RATE where that is lower.

    Raises AudioError, with one sentence that begins with `name`, for what is empty, damaged or no audio, silent, or
    longer than LONGEST.
    """
    recording = Recording(source, name, LONGEST)
    rate = min(recording.rate, HIGHEST_RATE)
    samples = _at_rate(recording, rate)
    if np.abs(samples).max() < SILENCE:
        raise FileError(name, "is silent", "choose a recording that can be heard")
    return Sound(samples, rate, note=recording.note)


def _at_rate(recording: Recording, rate: int) -> np.ndarray:
    """Samples (n,) float32."""
    samples = np.empty(-(-recording.frames * rate // recording.rate) + 16, np.float32)
    end = 0
    for block in _resampled(recording, rate):
        samples[end : end + len(block)] = block
        end += len(block)
    return samples[:end]


def _resampled(recording: Recording, rate: int) -> Iterator[np.ndarray]:
    if rate == recording.rate:
        yield from recording.mono()
        return
    stream = soxr.ResampleStream(recording.rate, rate, 1, dtype="float32", quality="VHQ")
    yield from map(stream.resample_chunk, recording.mono(1 << 18))
    yield stream.resample_chunk(np.zeros(0, np.float32), last=True)
