"""What a recording does over time, a hundred times a second: how loud, bright, high and noisy it is, and where it
begins anew. The controls of Sketch2Sound (arXiv 2412.08550), measured by librosa."""

from __future__ import annotations

from dataclasses import dataclass

import librosa
import numpy as np

from synth.errors import AudioError

HZ = 100  # values a second
QUIET_DB = -40.0  # below the loudest moment: latency of the recording before, and nothing to follow in between
LOWEST_HZ, HIGHEST_HZ = 60.0, 1000.0
VOICED = 0.5  # probability from which on a moment has a pitch
WINDOW_SECONDS, FINE_SECONDS = 0.04, 0.005
LONGEST_SECONDS = 60.0
CLIPPED, CLIPPED_PART = 0.999, 0.02


@dataclass(frozen=True)
class Track:
    """loudness in dB, brightness in octaves above 1 Hz, pitch in semitones of MIDI (no number where there is none),
    noisiness 0..1: (n,) at HZ values a second. onsets in seconds and velocities 0..1, (k,). seconds: of all of it."""

    loudness: np.ndarray
    brightness: np.ndarray
    pitch: np.ndarray
    noisiness: np.ndarray
    onsets: np.ndarray
    velocities: np.ndarray
    seconds: float

    @property
    def heard(self) -> np.ndarray:
        """Moments (n,) that are loud enough to be followed."""
        return np.asarray(self.loudness > self.loudness.max() + QUIET_DB)


def track(samples: np.ndarray, rate: int, pitched: bool = True, cut: bool = True) -> Track:
    """Of mono samples (n,), from where they are first heard, if `cut`. pitched: whether pitch is looked for, which
    takes longest.

    Raises AudioError for silence, for what is clipped and for more than LONGEST_SECONDS.
    """
    _check(samples, rate)
    hop = rate // HZ
    samples = _begun(samples, hop) if cut else samples
    size = 4 * hop
    level = librosa.feature.rms(y=samples, frame_length=size, hop_length=hop)[0]
    spectrum = np.abs(librosa.stft(samples, n_fft=size, hop_length=hop))
    centroid = librosa.feature.spectral_centroid(S=spectrum + 1e-12, sr=rate, n_fft=size)[0]
    flatness = librosa.feature.spectral_flatness(S=spectrum + 1e-12)[0]
    onsets, velocities = _onsets(samples, rate)
    return Track(
        loudness=20.0 * np.log10(level + 1e-6),
        brightness=np.log2(np.maximum(centroid, 1.0)),
        pitch=_pitch(samples, rate, hop, len(level)) if pitched else np.full(len(level), np.nan),
        noisiness=np.sqrt(flatness),
        onsets=onsets,
        velocities=velocities,
        seconds=len(samples) / rate,
    )


def _check(samples: np.ndarray, rate: int) -> None:
    peak = float(np.abs(samples).max(initial=0.0))
    if peak < 1e-4:
        raise AudioError("the recording is silent: check the microphone, and record again")
    if float((np.abs(samples) > CLIPPED).mean()) > CLIPPED_PART:
        raise AudioError("the recording is clipped: turn the microphone down, and record again")
    if len(samples) > LONGEST_SECONDS * rate:
        raise AudioError(f"the recording is longer than {LONGEST_SECONDS:g} s: cut it")


def _begun(samples: np.ndarray, hop: int) -> np.ndarray:
    """Without what a recording has before its first sound, and one window at least."""
    blocks = np.abs(samples[: len(samples) // hop * hop]).reshape(-1, hop).max(1, initial=0.0)
    first = int(np.argmax(blocks > np.abs(samples).max() * 10.0 ** (QUIET_DB / 20.0))) if len(blocks) else 0
    return np.pad(samples[first * hop :], (0, max(4 * hop - (len(samples) - first * hop), 0)))


def _pitch(samples: np.ndarray, rate: int, hop: int, count: int) -> np.ndarray:
    """Semitones (count,) by pYIN (Mauch & Dixon 2014)."""
    size = 8 * hop  # two turns of the lowest pitch and more
    found, _, voiced = librosa.pyin(
        samples, fmin=LOWEST_HZ, fmax=HIGHEST_HZ, sr=rate, frame_length=size, hop_length=hop, fill_na=np.nan
    )
    notes = np.where(voiced > VOICED, librosa.hz_to_midi(found), np.nan)[:count]
    return np.asarray(np.pad(notes, (0, count - len(notes)), constant_values=np.nan))


def _onsets(samples: np.ndarray, rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Seconds at which it begins anew, and how hard, 0..1 of the hardest."""
    hop = round(FINE_SECONDS * rate)
    size = round(WINDOW_SECONDS * rate)
    padded = np.pad(samples, (size, 0))  # so that what begins at once rises too
    strength = librosa.onset.onset_strength(y=padded, sr=rate, hop_length=hop, n_fft=size, center=False)
    frames = librosa.onset.onset_detect(onset_envelope=strength, sr=rate, hop_length=hop, units="frames")
    if not len(frames):
        return np.zeros(1), np.ones(1)
    # A window rises most when what begins stands in its middle, and rises are told a frame later.
    times = np.maximum((frames - 1) * hop / rate - 0.5 * size / rate, 0.0)
    force = strength[frames]
    return np.asarray(times), np.asarray(force / force.max())
