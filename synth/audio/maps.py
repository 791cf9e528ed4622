"""What a generator knows of a sound: how loud it is on average at each frequency and time, and how much of it is noise.

Both are smooth, so they may be looked at on any grid: the decoder asks for them at the frames that it needs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numba
import numpy as np
from torch import Tensor

from synth.audio.codecs import GaussianLogSTFT


@dataclass(frozen=True)
class Maps:
    """mean: level in dB, 0 the loudest bin that the codec has; gate: what the texture counts for, 0 where the sound is
    a tone, 1 where it is noise; both (T, F) float32, frames first, F bins evenly from 0 Hz to below half the rate.

    hop: samples from frame to frame; rate in Hz; floor: level in dB from which on there is silence.
    """

    mean: np.ndarray
    gate: np.ndarray
    hop: float
    rate: int
    floor: float = -80.0

    @classmethod
    def of(cls, codec: GaussianLogSTFT, mean: Tensor, gate: Tensor) -> Maps:
        """Those of one sound in the units of its codec, (1, F, T); they may have frames and bins of their own."""
        unit = -0.5 * codec.floor_db
        levels, noise = (of[0].T.float().cpu().contiguous().numpy() for of in (mean, gate))
        hop = codec.samples / len(levels)
        return cls((levels - 1.0) * np.float32(unit), noise, hop, codec.sample_rate, codec.floor_db)

    @property
    def frames(self) -> int:
        found: int = self.mean.shape[0]
        return found

    @property
    def bins(self) -> int:
        found: int = self.mean.shape[1]
        return found

    @property
    def samples(self) -> int:
        """Length of the sound as it was learnt."""
        return round(self.frames * self.hop)

    def at(self, places: np.ndarray) -> Maps:
        """These maps at other places, (T',) in frames, between which levels go evenly: one frame each.

        Places further than a frame apart take the loudest of what lies between, so that no event is stepped over.
        """
        step = float(np.abs(np.diff(places)).max(initial=0.0))
        mean, gate = (np.empty((places.size, self.bins), np.float32) for _ in range(2))
        looks = max(1, math.ceil(step - 0.01))
        _sample(self.mean, self.gate, places.astype(np.float64), looks, step / looks, mean, gate)
        return replace(self, mean=mean, gate=gate)

    def followed(self, other: Maps, overlap: int) -> Maps:
        """These maps and then others, which begin `overlap` frames before the end of these.

        Levels cross over as powers: what is noise in both stays as loud as it was.
        """
        share = (np.arange(overlap, dtype=np.float32)[:, None] + np.float32(0.5)) / np.float32(max(overlap, 1))
        before, after = self.mean[self.frames - overlap :], other.mean[:overlap]
        power = (1.0 - share) * _power(before) + share * _power(after)
        mean = 10.0 * np.log10(np.maximum(power, 1e-12, dtype=np.float32))
        gate = (1.0 - share) * self.gate[self.frames - overlap :] + share * other.gate[:overlap]
        end = self.frames - overlap
        return replace(
            self,
            mean=np.concatenate([self.mean[:end], mean.astype(np.float32), other.mean[overlap:]]),
            gate=np.concatenate([self.gate[:end], gate.astype(np.float32), other.gate[overlap:]]),
        )

    def cut(self, first: int, end: int) -> Maps:
        return replace(self, mean=self.mean[first:end], gate=self.gate[first:end])

    def audible(self) -> int:
        """Frames up to the last that has a bin above the floor, at most."""
        loud = np.flatnonzero(_loudest(self.mean, self.gate) > self.floor)
        return int(loud[-1]) + 1 if loud.size else 0


def _power(db: np.ndarray) -> np.ndarray:
    power: np.ndarray = 10.0 ** (db / 10.0)
    return power


LOUDEST_TEXTURE_DB = 14.0  # above the mean of noise: one bin in 10^11 lies higher


@numba.njit(nogil=True, cache=True, fastmath=True)
def _loudest(mean, gate):  # type: ignore[no-untyped-def]
    """Level (T,) that no bin of each frame surpasses, in dB."""
    frames, bins = mean.shape
    found = np.empty(frames, np.float32)
    for t in range(frames):
        top = np.float32(-1e9)
        for k in range(bins):
            top = max(top, mean[t, k] + gate[t, k] * np.float32(LOUDEST_TEXTURE_DB))
        found[t] = top
    return found


@numba.njit(nogil=True, cache=True, fastmath=True)
def _sample(mean, gate, places, looks, spacing, mean_out, gate_out):  # type: ignore[no-untyped-def]
    """Both maps at places between their frames; of several looks around a place the loudest level counts."""
    last, bins = mean.shape[0] - 1, mean.shape[1]
    for t in range(places.size):
        for look in range(looks):
            place = min(max(places[t] + spacing * (look - 0.5 * (looks - 1)), 0.0), float(last))
            here = int(place)
            there = min(here + 1, last)
            share = np.float32(place - here)
            for k in range(bins):
                level = mean[here, k] + share * (mean[there, k] - mean[here, k])
                noise = gate[here, k] + share * (gate[there, k] - gate[here, k])
                if look == 0 or level > mean_out[t, k]:
                    mean_out[t, k] = level
                    gate_out[t, k] = noise
