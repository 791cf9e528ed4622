"""A sound: samples, their rate and the patch they came from; read from and written to audio files.

The patch travels in the comment of the file (WAV LIST INFO ICMT, FLAC and OGG Vorbis comment), so that any exported
file can be opened again as the instrument stood.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import numpy as np
import soxr

from synth.audio.mono import mono
from synth.choices import CEILING_DBTP
from synth.errors import AudioError
from synth.patch.patch import Patch
from synth.sound.containers import Loop, read_loop
from synth.sound.embedded import comment_of, find_patch, searched
from synth.sound.formats import check_export_rate, chosen_subtype, sound_file, written
from synth.sound.levels import column_peaks, picture
from synth.sound.reading import RATES, Source, whole

MAX_SECONDS = 600.0

_WRAP = 0.25  # s of a loop that are heard before and after it while it is resampled


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
        with searched(content) as data:
            patch, loop = find_patch(data), read_loop(data)
        loop = loop if loop and loop[1] <= len(samples) else None
        return cls(np.ascontiguousarray(samples.T), reading.rate, patch, loop, reading.note)

    def save(self, path: str | os.PathLike[str], subtype: str | None = None, rate: int | None = None) -> None:
        """Writes a .wav, .flac, .ogg or .mp3 file, whole or not at all (temporary file beside it, then rename)."""
        path = Path(path)
        data = self.to_bytes(path.suffix.lstrip(".").lower(), subtype, rate)
        with sound_file(path) as fresh:
            fresh.write_bytes(data)

    def to_bytes(
        self, format: str = "wav", subtype: str | None = None, rate: int | None = None, root: int | None = None
    ) -> bytes:
        """The bytes of a file with patch and loop embedded; the same bytes for the same sound.

        format: "wav" (subtype PCM_16, PCM_24 or FLOAT), "flac" (PCM_16, PCM_24), "ogg" (VORBIS) or "mp3", which holds
        no loop; the first subtype is the default. rate: one of EXPORT_RATES, or None for the sound's own. root: MIDI
        key at which a sampler plays it as it is, which a WAV can hold. Samples beyond full scale are clipped, except in
        FLOAT. Raises AudioError for what the format cannot hold.
        """
        subtype = chosen_subtype(format, subtype)
        sound = self if rate is None else self.exported(rate)
        return written(sound.samples, sound.sample_rate, format, subtype, comment_of(self.patch), sound.loop, root)

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
        return column_peaks(self.mono().samples[0], 2 * bins, frames).T

    def spectrogram(self, bins: int = 256, frames: int = 256, floor_db: float = -80.0) -> np.ndarray:
        """Picture of the levels, uint8 (bins, frames): row 0 is 0 Hz, linear in Hz to Nyquist; columns span the sound.

        255 is the sound's loudest bin, 0 is `floor_db` below it or less. A column shows the loudest of the windows
        (Hann, 2 * bins) that it stands for, half a window apart, so that no onset falls between two columns.
        """
        return picture(self.levels(bins, frames), floor_db)


def _content(source: str | os.PathLike[str] | bytes | IO[bytes]) -> tuple[str, Source]:
    """A name for messages, and what is read."""
    if isinstance(source, bytes):
        return "The audio", source
    if not isinstance(source, (str, os.PathLike)):
        return str(getattr(source, "name", "The audio")), source.read()
    return str(source), source
