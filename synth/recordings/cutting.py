"""Where a long recording is cut: its level every 5 ms, what of it is silence, and the stretches that become clips.

All thresholds stand relative to the recording's own level, so a quiet recording loses no more than a loud one.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.signal import butter, sosfilt

from synth.audio.loudness import fades
from synth.errors import DataError, FileError
from synth.sound.pieces import Recording

MODES = ("fixed", "onsets")
LEAD = 0.06  # seconds of a clip before its onset
_STEP = 0.005  # seconds between levels
_BLOCK = 2000  # levels read at a time: 10 s
_RUMBLE = 30.0  # Hz: offset, wind and handling below this are not heard and do not count
_SMOOTH = 10  # levels: a dip between two cycles of a low tone is no silence
_DIGITAL_SILENCE = 1e-9  # mean square, -90 dB
_PAUSE_RANGE = 30.0  # dB: quiet parts further than this below the loud ones are taken for the noise of pauses ...
_PAUSE_MARGIN = 6.0  # ... and what is less than this above that noise is silence
_LEAST = 0.025  # share of a clip that must sound
_REMNANT = 0.5  # the same, for what is left of a sound that the clip before has cut
_RISE = 2.0  # dB in 5 ms, in the mean over mel bands: the least onset
_BANDS = 32
_ATTACK = 0.05  # share of its peak power at which a sound has begun
_AROUND = (6, 10)  # levels before and after a detected onset among which its attack lies
_FADE_IN, _FADE_OUT = 0.005, 0.05  # seconds


@dataclass(frozen=True)
class Cutting:
    """How recordings are cut.

    seconds: length of every clip. mode: "fixed", one clip after the other, or "onsets", one for each sound that sets
    in. overlap: share of a fixed clip that the next one repeats, 0..0.9. gap: least seconds between onsets that get a
    clip each, by default a quarter of a clip. silence: dB below the loud parts of a recording that count as silence.
    """

    seconds: float
    mode: str = "fixed"
    overlap: float = 0.0
    gap: float | None = None
    silence: float = 40.0

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise DataError(f"mode {self.mode!r} is unknown: use {' or '.join(MODES)}")
        if not 0.1 <= self.seconds <= 60.0:
            raise DataError(f"clips of {self.seconds:g} s cannot be cut: choose 0.1 to 60 seconds")
        if not 0.0 <= self.overlap <= 0.9:
            raise DataError(f"overlap is a share of a clip, from 0 to 0.9, not {self.overlap:g}: choose one")
        if self.overlap and self.mode == "onsets":
            raise DataError("clips at onsets do not overlap: leave out overlap, or use the mode fixed")
        if self.gap is not None and not 0.02 <= self.gap <= 60.0:
            raise DataError(f"a gap of {self.gap:g} s between onsets is out of range: choose 0.02 to 60 seconds")
        if not 3.0 <= self.silence <= 80.0:
            raise DataError(f"silence {self.silence:g} dB below the loud parts is out of range: choose 3 to 80 dB")


@dataclass(frozen=True)
class Levels:
    """A recording as its cuts need it: values `step` seconds apart.

    power: float32 (frames,), mean square without rumble; rise: float32 (frames,), dB, empty where onsets are not
    asked for; seconds: the whole; digest: the same for the same samples; note: what a person should know of the file.
    """

    power: np.ndarray
    rise: np.ndarray
    step: float
    seconds: float
    digest: str
    note: str = ""


@dataclass(frozen=True)
class Stretch:
    """From where to where in a recording, in seconds; a start before 0 stands for silence in front."""

    start: float
    stop: float


def measure(path: Path, cutting: Cutting, heard: Callable[[float], None], name: str = "") -> Levels:
    """Hears a recording in order, block by block; after each, `heard` is told the part that is done, 0..1.

    name: what the recording is called in what is said of it, if not by its file's.

    Raises DataError when it cannot be read, is empty, is at an odd rate, has more channels than two or holds samples
    that are not numbers.
    """
    recording = _recording(path, name or path.name, lambda part: heard(0.5 * part))
    rate = recording.rate
    hop = round(rate * _STEP)
    rises = _Rises(rate, hop) if cutting.mode == "onsets" else None
    sos = butter(2, _RUMBLE, "highpass", fs=rate, output="sos")
    memory = np.zeros((len(sos), 2))
    digest = hashlib.blake2b(str(rate).encode(), digest_size=16)
    power, rise, samples = [], [], 0
    for block in recording.mono(_BLOCK * hop):
        digest.update(block.tobytes())
        filtered, memory = sosfilt(sos, block, zi=memory)
        power.append(_mean_square(filtered, hop))
        if rises:
            rise.append(rises.add(block))
        samples += len(block)
        heard(0.5 + 0.5 * samples / recording.frames)
    flux = np.concatenate(rise) if rises else np.zeros(0, np.float32)
    return Levels(np.concatenate(power), flux, hop / rate, samples / rate, digest.hexdigest(), recording.note)


def stretches(levels: Levels, cutting: Cutting) -> list[Stretch]:
    """The parts that become clips, in order of time; none where there is only silence."""
    active = _active(levels.power, cutting.silence)
    if active is None:
        return []
    return _at_onsets(levels, active, cutting) if cutting.mode == "onsets" else _fixed(levels, active, cutting)


def read_clips(path: Path, parts: list[Stretch], cutting: Cutting) -> Iterator[tuple[np.ndarray, int]]:
    """Each stretch as a clip of exactly `cutting.seconds`, float32 (n,) mono in [-1, 1], and its rate.

    The recording is read in order, so the stretches have to be in order of their starts. What is short ends in a fade
    and silence; a clip at an onset always ends in a fade.
    """
    recording = _recording(path, path.name)
    rate = recording.rate
    n = round(cutting.seconds * rate)
    spans = [(round(part.start * rate), round(part.stop * rate)) for part in parts]
    for (first, _), heard in zip(spans, recording.parts([(max(a, 0), b) for a, b in spans]), strict=True):
        sound = heard[:n]
        whole = cutting.mode == "fixed" and len(sound) == n
        fade_in = _FADE_IN if cutting.mode == "onsets" and first > 0 else 0.0
        shaped = sound if whole else fades(sound[None], rate, fade_in, _FADE_OUT)[0]
        clip = np.zeros(n, np.float32)
        front = min(max(-first, 0), n - len(shaped))
        clip[front : front + len(shaped)] = shaped
        yield clip / max(1.0, float(np.abs(clip).max())), rate


def _recording(path: Path, name: str, heard: Callable[[float], None] = lambda part: None) -> Recording:
    try:
        return Recording(path, name, heard=heard)
    except FileError as error:
        raise DataError(str(error).rstrip(".")) from error


def _mean_square(samples: np.ndarray, hop: int) -> np.ndarray:
    """Of every hop samples, the last of them filled up with silence; float32."""
    padded = np.pad(samples, (0, -len(samples) % hop))
    found: np.ndarray = np.square(padded).reshape(-1, hop).mean(axis=1).astype(np.float32)
    return found


class _Rises:
    """Spectral flux of a recording that comes in blocks: the mean rise over mel bands in dB, one value a hop.

    Value i is of the window that ends with sample i * hop, so it is high right after a sound has set in. Before the
    first sample there is silence: a recording that starts within a sound starts with an onset.
    """

    def __init__(self, rate: int, hop: int):
        self.rate, self.hop = rate, hop
        self.window = 2 ** round(math.log2(rate * 0.023))
        self.waiting = np.zeros(self.window, np.float32)
        self.last: np.ndarray | None = None

    def add(self, samples: np.ndarray) -> np.ndarray:
        """Values (ceil(len(samples) / hop),), float32; only the last block may hold a part of a hop."""
        import librosa  # takes seconds

        samples = np.pad(samples, (0, -len(samples) % self.hop))
        heard = np.concatenate([self.waiting, samples])
        count = len(samples) // self.hop
        mel = librosa.feature.melspectrogram(
            y=heard[: self.window + (count - 1) * self.hop],
            sr=self.rate,
            n_fft=self.window,
            hop_length=self.hop,
            center=False,
            n_mels=_BANDS,
        )
        decibels = librosa.power_to_db(mel, top_db=None)
        before = decibels[:, :1] if self.last is None else self.last
        self.last, self.waiting = decibels[:, -1:], heard[len(samples) :]
        return librosa.onset.onset_strength(S=np.hstack([before, decibels]), sr=self.rate, center=False)[1:]


def _active(power: np.ndarray, silence: float) -> np.ndarray | None:
    """Which levels are sound, bool (frames,); None where all is digital silence.

    The loud parts are the loudest hundredth: one bang does not make silence of the rest, and long pauses do not make
    sound of themselves.
    """
    smooth = uniform_filter1d(power.astype(np.float64), _SMOOTH, mode="nearest")
    audible = smooth > _DIGITAL_SILENCE
    if not audible.any():
        return None
    decibels = 10.0 * np.log10(np.maximum(smooth, 1e-12))
    quiet, loud = np.percentile(decibels[audible], [5.0, 99.0])
    threshold = loud - silence
    if loud - quiet > _PAUSE_RANGE:
        threshold = max(threshold, quiet + _PAUSE_MARGIN)
    found: np.ndarray | None = audible & (decibels >= threshold)
    return found


def _fixed(levels: Levels, active: np.ndarray, cutting: Cutting) -> list[Stretch]:
    """One clip after the other through all that sounds; after a pause the next starts with the sound."""
    frames, length = len(active), round(cutting.seconds / levels.step)
    hop = max(round(length * (1.0 - cutting.overlap)), 1)
    lead = round(LEAD / levels.step)
    sounding = np.concatenate([[0], np.cumsum(active)])
    next_sound, next_pause = _next(active), _next(~active)
    found: list[Stretch] = []
    at = 0
    while at < frames and next_sound[at] < frames:
        first = int(next_sound[at])
        fresh = at == 0 or first > at
        start = max(first - lead, at)
        stop = min(start + length, frames)
        share = (sounding[stop] - sounding[start]) / length
        if share >= (_LEAST if fresh else _REMNANT):
            found.append(_stretch(start, stop, levels))
            at = start + hop
        else:
            at = int(next_pause[first])
    return found


def _at_onsets(levels: Levels, active: np.ndarray, cutting: Cutting) -> list[Stretch]:
    """A clip from just before each onset to just before the next."""
    length, lead = round(cutting.seconds / levels.step), round(LEAD / levels.step)
    onsets = _onsets(levels, active, cutting)
    ends = [*(o - lead for o in onsets[1:]), len(active)]
    found = []
    for onset, end in zip(onsets, ends, strict=True):
        start = onset - lead
        stop = min(start + length, end)
        if active[onset:stop].sum() >= _LEAST * length:
            found.append(_stretch(start, stop, levels))
    return found


def _onsets(levels: Levels, active: np.ndarray, cutting: Cutting) -> list[int]:
    """Frames at which a sound sets in, each the strongest within the gap before and after it."""
    import librosa

    before, after = _AROUND
    gap = max(round((cutting.seconds / 4 if cutting.gap is None else cutting.gap) / levels.step), 1)
    soon = np.lib.stride_tricks.sliding_window_view(np.pad(active, (0, after - 1)), after).any(axis=1)
    peaks = librosa.onset.onset_detect(
        onset_envelope=np.where(soon, levels.rise, 0.0),
        sr=1.0 / levels.step,
        hop_length=1,
        normalize=False,
        delta=_RISE,
        pre_max=gap,
        post_max=gap,
        wait=gap,
    )
    attacks = []
    for peak in peaks.tolist():
        first = max(peak - before, 0)
        near = levels.power[first : peak + after]
        attacks.append(first + int(np.argmax(near > _ATTACK * near.max())))
    return attacks


def _next(which: np.ndarray) -> np.ndarray:
    """For every frame the first one at or after it that is set, or the number of frames; int64 (frames,)."""
    index = np.where(which, np.arange(len(which)), len(which))
    return np.minimum.accumulate(index[::-1])[::-1]


def _stretch(start: int, stop: int, levels: Levels) -> Stretch:
    return Stretch(start * levels.step, min(stop * levels.step, levels.seconds))
