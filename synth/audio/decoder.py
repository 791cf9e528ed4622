"""The decoder: maps in, samples out, on a grid of its own.

The texture of a sound is the log magnitude of the STFT of white noise, which the maps shape. Its complex values have
a phase that fits them, so noise that is shaped by smooth maps needs no search for one: bins that the gate calls noise
keep the phase of the noise itself. Loud bins that it calls tonal get theirs by PGHI on the mean level, and a few steps
of fast Griffin-Lim join both (`benchmarks/decoder.py` compares ways and numbers of steps).

Everything follows from the seed: the same maps and seed give the same samples, at any number of threads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba
import numpy as np
import torch
from torch import Tensor

from synth.audio.attacks import sharpen
from synth.audio.codecs import GaussianLogSTFT
from synth.audio.griffin_lim import settled
from synth.audio.maps import Maps
from synth.audio.pghi import spread_phase
from synth.audio.phase import reconstruct
from synth.audio.stft import STFT
from synth.audio.texture import MEAN_DB, STD_DB, white_bins

HOP = 128  # samples: what real clips come through all but unchanged, at a window of 512
SETTLE = 3  # steps
TONAL = 0.5  # gates below it
TONAL_DB = 40.0  # below the loudest bin: what is quieter keeps the phase of the noise
LOUDEST_DB = 20.0  # that a bin can have


@dataclass(frozen=True)
class Grid:
    """Where a decoder works: n samples of a sound by frames of `stft`; circular: its end runs into its beginning, and n
    is a multiple of the hop."""

    stft: STFT
    n: int
    circular: bool = False

    @classmethod
    def of(cls, maps: Maps, n: int | None = None, circular: bool = False) -> Grid:
        """The grid that suits these maps: a window twice as long as they have bins, a hop of HOP or a quarter of it."""
        length = 2 * maps.bins
        return cls(STFT("gauss", length, min(HOP, length // 4)), maps.samples if n is None else n, circular)

    @property
    def frames(self) -> int:
        return self.stft.frames(self.n)

    def places(self, maps: Maps) -> np.ndarray:
        """Where each of its frames lies in the maps, (T,) in frames of theirs."""
        return np.arange(self.frames) * (self.stft.hop / maps.hop)


def decode(maps: Maps, seed: int, method: str = "texture", grid: Grid | None = None) -> np.ndarray:
    """Samples (n,) float32 of maps, whose frames lie on the grid's own where one is given.

    method: "texture", or a search of synth/audio/phase.py for the magnitudes of the same texture.
    """
    if grid is None:
        grid = Grid.of(maps)
        maps = maps.at(grid.places(maps))
    out, audible = np.zeros(grid.n, np.float32), maps.audible()
    if not audible:
        return out
    audible = grid.frames if grid.circular else min(audible + 1, grid.frames)
    n = min(grid.n, audible * grid.stft.hop)
    heard = Grid(grid.stft, n, grid.circular)
    out[:n] = _decoded(maps.cut(0, heard.frames), seed, method, heard)
    return out


def played(codec: GaussianLogSTFT, mean: Tensor, gate: Tensor, first: int = 0) -> np.ndarray:
    """Samples (B, n) of the maps of a batch, each (B, 1, F, T) in the units of their codec, with seeds from `first` on:
    as an instrument plays them before it sets their loudness, and what it is to be scored by."""
    pairs = zip(mean, gate, strict=True)
    return np.stack([decode(Maps.of(codec, *pair), first + i) for i, pair in enumerate(pairs)])


def warm_up() -> None:
    """Compiles (the first time on a machine) or loads what the first sound would otherwise wait for: an attack of
    tones goes through all of it."""
    level = np.full((24, 8), -90.0, np.float32)
    level[12:] = 0.0
    decode(Maps(level, np.zeros_like(level), 4.0, 16000), 0)


def _decoded(maps: Maps, seed: int, method: str, grid: Grid) -> np.ndarray:
    stft, n = grid.stft, grid.n
    bins = white_bins(stft, grid.frames, seed, grid.circular)
    magnitude, level = dressed(maps, _floats(bins))
    if method == "texture":
        asked, count, lowest = _tonal(maps.gate, level)
        if count:
            spread_phase(np.maximum(maps.mean, lowest), asked, bins.numpy(), magnitude, stft, grid.circular)
        samples = settled(bins, magnitude, stft, n, SETTLE, grid.circular)
    else:
        samples = reconstruct(magnitude.T, stft, method, seed, n, grid.circular)
    return sharpen(samples, magnitude, stft.hop, maps.rate, grid.circular)


def _floats(bins: Tensor) -> np.ndarray:
    """The memory of complex bins (T, F) as float32 (T, 2 * F)."""
    floats: np.ndarray = torch.view_as_real(bins).view(len(bins), -1).numpy()
    return floats


def dressed(maps: Maps, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gives white noise (T, 2 * (F + 1)), real and imaginary parts in turn, the levels of maps, in place.

    Returns the magnitudes (T, F + 1), of which the last, at half the rate, is silent, and the levels (T, F) in dB.
    """
    magnitude = np.empty((maps.frames, maps.bins + 1), np.float32)
    level = np.empty((maps.frames, maps.bins), np.float32)
    _dress(maps.mean, maps.gate, noise, np.float32(maps.floor), magnitude, level)
    return magnitude, level


@numba.njit(nogil=True, cache=True)
def _tonal(gate, level):  # type: ignore[no-untyped-def]
    """Which bins (T, F) are tonal and loud, how many, and the level that lies as far again below them as they reach."""
    frames, bins = gate.shape
    asked = np.zeros((frames, bins), np.bool_)
    loudest = np.float32(-1e9)
    for t in range(frames):
        for k in range(bins):
            loudest = max(loudest, level[t, k])
    count = 0
    for t in range(frames):
        for k in range(bins):
            if gate[t, k] < np.float32(TONAL) and level[t, k] > loudest - np.float32(TONAL_DB):
                asked[t, k] = True
                count += 1
    return asked, count, loudest - np.float32(2.0 * TONAL_DB)


_MEAN, _LOWEST, _LOUDEST = np.float32(MEAN_DB), np.float32(-4.5 * STD_DB), np.float32(LOUDEST_DB)
_DB_AN_OCTAVE = np.float32(10.0 * math.log10(2.0))  # of power
_OCTAVES_A_DB = np.float32(1.0 / (20.0 * math.log10(2.0)))  # of magnitude


@numba.njit(nogil=True, cache=True, fastmath=True)
def _dress(mean, gate, noise, floor, magnitude, level):  # type: ignore[no-untyped-def]
    """Row by row in loops that vectorise; logarithm and exponential are polynomials, right to 1e-5.

    log2 x = exponent + p(mantissa - 1); 2^x = 2^floor(x) * q(x - floor(x)), both through the bits of float32.
    """
    frames, bins = mean.shape
    power, mantissa, whole = (np.empty(bins, np.float32), np.empty(bins, np.float32), np.empty(bins, np.float32))
    power_bits, mantissa_bits, whole_bits = power.view(np.int32), mantissa.view(np.int32), whole.view(np.int32)
    part, scale = np.empty(bins, np.float32), np.empty(bins, np.float32)
    for t in range(frames):
        z, m, g, size, found = noise[t], mean[t], gate[t], magnitude[t], level[t]
        for k in range(bins):
            power[k] = z[2 * k] * z[2 * k] + z[2 * k + 1] * z[2 * k + 1] + np.float32(1e-12)
        for k in range(bins):
            mantissa_bits[k] = (power_bits[k] & 0x7FFFFF) | 0x3F800000
        for k in range(bins):
            x = mantissa[k] - np.float32(1.0)
            p = np.float32(-0.0251232) * x + np.float32(0.1198702)
            p = p * x - np.float32(0.2748005)
            p = p * x + np.float32(0.45557754)
            p = p * x - np.float32(0.7180683)
            p = p * x + np.float32(1.4425433)
            octaves = p * x + np.float32((power_bits[k] >> 23) - 127)
            texture = max(_DB_AN_OCTAVE * octaves - _MEAN, _LOWEST)
            found[k] = min(m[k] + g[k] * texture, _LOUDEST)
        for k in range(bins):
            x = max(found[k] * _OCTAVES_A_DB, np.float32(-100.0))
            below = np.floor(x)
            whole_bits[k] = (np.int32(below) + 127) << 23
            x -= below
            p = np.float32(0.00189646) * x + np.float32(0.00894283)
            p = p * x + np.float32(0.05586624)
            p = p * x + np.float32(0.24015325)
            p = p * x + np.float32(0.69315308)
            part[k] = p * x + np.float32(0.99999994)
        for k in range(bins):
            size[k] = whole[k] * part[k] if found[k] > floor else np.float32(0.0)
            scale[k] = size[k] / np.sqrt(power[k])
        for k in range(bins):
            z[2 * k] *= scale[k]
            z[2 * k + 1] *= scale[k]
        size[bins] = z[2 * bins] = z[2 * bins + 1] = np.float32(0.0)
