"""What can be measured of a sound: how bright, dense, noisy, long and far it is, whatever its level.

Every descriptor is on a scale on which equal steps sound about alike (octaves, decibels), and lies within a range of
its own. Silence (a peak of at most 1e-6) and what holds no samples measure the low end of every range. Descriptors are
functions of magnitudes in torch, so that a generator's latents can be asked which way a descriptor grows; the attack
alone, which counts frames, has no such slope.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import librosa
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from synth.audio.mono import mono
from synth.audio.stft import STFT

SILENT = 1e-6
FRAME_SECONDS, HOP_SECONDS = 0.032, 0.008
FLOOR = 1e-8  # of the loudest bin's power: 80 dB below it, as in the codecs
MEL_BANDS = 40
TWO_EVENTS_SECONDS = 0.03
CROSSOVER_HZ = 1000.0
LOWEST_BAND_HZ = 250.0  # below it bins are too few to tell partials from noise


@dataclass(frozen=True)
class Frames:
    """Sounds as descriptors see them: linear magnitude (B, F, T) from 0 Hz to half the rate, and the hop in seconds."""

    magnitude: Tensor
    rate: int
    hop: float

    @classmethod
    def of(cls, samples: np.ndarray, rate: int) -> Frames:
        """Frames of one sound, samples (n,)."""
        length, hop = max(2 * round(FRAME_SECONDS * rate / 2), 4), max(round(HOP_SECONDS * rate), 1)
        x = torch.from_numpy((samples / np.abs(samples).max()).astype(np.float32))
        return cls(STFT("gauss", length, hop).forward(x[None]).abs(), rate, hop / rate)

    @property
    def hertz(self) -> Tensor:
        """Frequencies of the rows of `magnitude`, (F,)."""
        return torch.linspace(0.0, self.rate / 2.0, self.magnitude.shape[1])

    @cached_property
    def power(self) -> Tensor:
        """(B, F, T), the loudest bin 1."""
        power = self.magnitude.square()
        return power / power.amax(dim=(1, 2), keepdim=True).clamp_min(SILENT**2)

    @cached_property
    def energy(self) -> Tensor:
        """Of each frame, (B, T), their sum 1."""
        energy = self.power.sum(1)
        return energy / energy.sum(1, keepdim=True).clamp_min(1e-12)


@dataclass(frozen=True)
class Descriptor:
    """One measurement: its unit, the range it is held within, and what is measured, Frames -> (B,)."""

    name: str
    unit: str
    low: float
    high: float
    measure: Callable[[Frames], Tensor]


def describe(samples: np.ndarray, rate: int, names: Sequence[str] | None = None) -> dict[str, float]:
    """The named descriptors, or all, of samples (n,) or (channels, n), as they are heard in mono, by name."""
    asked = tuple(names or DESCRIPTORS)
    heard = mono(np.atleast_2d(samples).T, rate)
    if heard.size == 0 or np.abs(heard).max() <= SILENT:
        return {name: DESCRIPTORS[name].low for name in asked}
    return dict(zip(asked, measure(Frames.of(heard, rate), asked)[0].tolist(), strict=True))


def measure(frames: Frames, names: Sequence[str] | None = None) -> Tensor:
    """(B, len(names)), or all descriptors in their order: what a codec's magnitudes tell before they are a sound."""
    asked = [DESCRIPTORS[name] for name in names or DESCRIPTORS]
    found = torch.stack([d.measure(frames).clamp(d.low, d.high) for d in asked], dim=1)
    silent = frames.magnitude.amax(dim=(1, 2)) <= SILENT
    return torch.where(silent[:, None], torch.tensor([d.low for d in asked]), found)


def brightness(frames: Frames) -> Tensor:
    """Octaves above 1 kHz of the spectral centroid of all frames' magnitudes, loud frames counting for more.

    (Grey & Gordon, "Perceptual effects of spectral modifications on musical timbres", 1978.)
    """
    spectrum = frames.magnitude.sum(2)
    return _octaves(spectrum @ frames.hertz / spectrum.sum(1).clamp_min(1e-12) / 1000.0)


def rate(frames: Frames) -> Tensor:
    """Octaves above one a second of the effective number of onsets, (sum p)^2 / sum p^2 over peaks p of spectral flux.

    N equal onsets count N, and one that is weak beside others counts for little. So it needs no threshold, and goes on
    telling dense from sparse where single events cannot be counted any more. (Flux: Dixon, "Onset detection
    revisited", DAFx 2006; the ratio: the participation ratio of statistical physics.)
    """
    mel = (_mel_bands(frames.rate, 2 * frames.magnitude.shape[1] - 2) @ frames.power + 1e-12).sqrt()
    # Silence before it, so that a sound which begins at once has that onset too.
    flux = F.pad(mel, (1, 0)).diff(dim=2).clamp_min(0.0).sum(1)
    near = max(1, round(TWO_EVENTS_SECONDS / frames.hop))
    peaks = flux * (flux == F.max_pool1d(flux, 2 * near + 1, stride=1, padding=near))
    return _octaves(_effective(peaks) / (flux.shape[1] * frames.hop))


def noisiness(frames: Frames) -> Tensor:
    """Spectral flatness of bands of half an octave in dB, loud ones counting for more: -2.5 is noise of any colour.

    Flatness is the geometric by the arithmetic mean of the bins' power (MPEG-7 AudioSpectrumFlatness, ISO/IEC 15938-4).
    """
    power = frames.power + FLOOR
    edges = 2.0 ** torch.arange(np.log2(LOWEST_BAND_HZ) + 1.0, np.log2(frames.rate / 2.0), 0.5)
    edges = torch.cat([torch.tensor([LOWEST_BAND_HZ]), edges])
    bands = torch.tensor_split(power, torch.searchsorted(frames.hertz, edges), dim=1)[1:]
    flatness = torch.stack([10.0 * (b.log10().mean(1) - b.mean(1).log10()) for b in bands], dim=1)
    weights = torch.stack([b.sum(1).sqrt() for b in bands], dim=1)
    return (flatness * weights).sum((1, 2)) / weights.sum((1, 2))


def attack(frames: Frames) -> Tensor:
    """Octaves above 1 s of the time that the level takes from 10 to 90 % of its peak (Peeters 2004)."""
    level = frames.energy.detach().sqrt()
    peak, at = level.max(1, keepdim=True)
    order = torch.arange(level.shape[1])
    quiet = torch.where((order < at) & (level < 0.1 * peak), order, -1).amax(1)
    loud = torch.where((order > quiet[:, None]) & (level >= 0.9 * peak), order, level.shape[1]).amin(1)
    return _octaves((loud - quiet - 1).clamp_min(0.5) * frames.hop)


def decay(frames: Frames) -> Tensor:
    """Octaves above 1 s of the time to fall by 60 dB, from the energy still to come (Schroeder 1965; ISO 3382-1, T20).

    By a line through its fall from 5 to 25 dB, so it tells how the sound as a whole ends; a fall within one frame has
    taken its hop.
    """
    left = 10.0 * frames.energy.flip(1).cumsum(1).flip(1).clamp_min(1e-12).log10()
    counted = ((left <= -5.0) & (left >= -25.0)).float()
    total = counted.sum(1, keepdim=True).clamp_min(1.0)
    seconds = torch.arange(left.shape[1]) * frames.hop
    seconds = (seconds - (counted * seconds).sum(1, keepdim=True) / total) * counted
    fall = -(seconds * left).sum(1) / seconds.square().sum(1).clamp_min(1e-12)
    return _octaves(torch.where(counted.sum(1) < 2, torch.tensor(frames.hop), 60.0 / fall.clamp_min(1e-3)))


def sustain(frames: Frames) -> Tensor:
    """Octaves above 1 s of the time that the energy fills: (sum e)^2 / sum e^2 over frames.

    A steady sound fills its length, an energy that falls as exp(-t / tau) 2 tau.
    """
    return _octaves(_effective(frames.energy) * frames.hop)


def distance(frames: Frames) -> Tensor:
    """How far away it seems, in dB: what is below 1 kHz over what is above, plus how evenly the energy fills the time.

    Air and obstacles take the high frequencies, and reverberation, which does not fall with distance as the direct
    sound does, smears the envelope (Zahorik, Brungart & Bronkhorst, "Auditory distance perception in humans", 2005).
    Both are tendencies of one scene: across sounds, a rumble measures far and a click near.
    """
    energy = frames.power.sum(2)
    low = frames.hertz < CROSSOVER_HZ
    tilt = (energy[:, low].sum(1) + FLOOR) / (energy[:, ~low].sum(1) + FLOOR)
    smear = _effective(frames.energy) / frames.energy.shape[1]
    return 10.0 * (tilt * smear.clamp_min(1e-6)).log10()


DESCRIPTORS: dict[str, Descriptor] = {
    d.name: d
    for d in (
        Descriptor("brightness", "octaves above 1 kHz", -5.0, 5.0, brightness),
        Descriptor("rate", "octaves above 1 onset/s", -4.0, 6.0, rate),
        Descriptor("noisiness", "dB of flatness", -60.0, 0.0, noisiness),
        Descriptor("attack", "octaves above 1 s", -8.0, 4.0, attack),
        Descriptor("decay", "octaves above 1 s", -8.0, 6.0, decay),
        Descriptor("sustain", "octaves above 1 s", -8.0, 6.0, sustain),
        Descriptor("distance", "dB", -60.0, 60.0, distance),
    )
}


def _octaves(ratio: Tensor) -> Tensor:
    return ratio.clamp_min(1e-6).log2()


def _effective(weights: Tensor) -> Tensor:
    """How many equal weights would be as uneven, (B, n) -> (B,): (sum)^2 / sum of squares; 0 where there are none."""
    return weights.sum(1).square() / weights.square().sum(1).clamp_min(1e-20)


@lru_cache(maxsize=8)
def _mel_bands(rate: int, length: int) -> Tensor:
    bands = max(min(MEL_BANDS, length // 8), 1)  # fewer where bins are too few to fill them
    return torch.from_numpy(librosa.filters.mel(sr=rate, n_fft=length, n_mels=bands))
