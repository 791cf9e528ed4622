"""How a patch is played: from the maps of a sound to its samples, with the controls of the decoder."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import soxr
from scipy.signal import resample

from synth.audio import ends
from synth.audio.decoder import HOP, Grid, decode
from synth.audio.loudness import fades
from synth.audio.maps import Maps
from synth.audio.stereo import SIDE_SEED, side, widened
from synth.audio.stft import STFT
from synth.audio.timing import Warp, going_on, in_a_circle, stretched, with_tail
from synth.errors import PatchError
from synth.patch.lanes import slowed, total
from synth.patch.patch import Patch

CROSSING = 0.25  # s of a loop, in which its end runs into its beginning
SHORTEST_LOOP = 2.0 * CROSSING
CUT_FADE = 0.01  # s, where a sound that goes on is cut
Passes = Callable[[int], Maps]  # of a scene, each with maps of its own; 0 is the sound itself


@dataclass(frozen=True)
class Player:
    """Plays the maps of one kind of model; one_shot: whether its sounds are single events."""

    rate: int
    one_shot: bool

    def play(self, patch: Patch, passes: Passes) -> np.ndarray:
        """Samples (channels, n) of a patch, before loudness and fades. Raises PatchError."""
        if patch.loop:
            return self._looped(patch, passes)
        starts, learnt = self.starts(patch), passes(0)
        n = round(learnt.samples * patch.stretch)
        if patch.length is not None:
            n = round((patch.length + CUT_FADE + starts * _lead(learnt, patch.stretch)) * self.rate)
        needed = math.ceil(n / patch.stretch / learnt.hop)
        maps = with_tail(learnt, needed) if self.one_shot else going_on(passes, needed)
        return trimmed(self._decoded(patch, maps, learnt, n), self.rate, patch, starts)

    def starts(self, patch: Patch) -> bool:
        """Whether a patch is to begin at its onset."""
        return self.one_shot if patch.start is None else patch.start

    def _looped(self, patch: Patch, passes: Passes) -> np.ndarray:
        learnt = passes(0)
        seconds = learnt.samples * patch.stretch / self.rate
        length = patch.length
        if length is None:
            length = seconds - (0.0 if self.one_shot else CROSSING)
        if length < SHORTEST_LOOP:
            told = f"needs {SHORTEST_LOOP:g} s or more to run into itself, and this lasts {length:.2f} s: lengthen it"
            raise PatchError("loop", told)
        needed = math.ceil((length + CROSSING) * self.rate / patch.stretch / learnt.hop) + 1
        maps = with_tail(learnt, needed) if self.one_shot else going_on(passes, needed)
        samples = self._decoded(patch, maps, learnt, round(length * self.rate), circular=True)
        if self.starts(patch):
            lead = round(ends.LEAD_SECONDS * self.rate)
            samples = np.roll(samples, lead - ends.onset(samples.mean(axis=0), self.rate), axis=1)
        return samples

    def _decoded(self, patch: Patch, maps: Maps, learnt: Maps, n: int, circular: bool = False) -> np.ndarray:
        """Samples (channels, n). A sound at another pitch is decoded at a rate of its own, and brought to the model's:
        its frequencies move together, and its levels stay where they are in time."""
        ratio = 2.0 ** (patch.pitch / 12.0)
        grid = _grid(maps, max(1, round(n * ratio)), circular)
        ratio = grid.n / n if circular else ratio
        warp = _uneven(stretched(learnt, patch.stretch, patch.attacks), patch, learnt.frames)
        crossing = math.ceil(CROSSING * self.rate * ratio / grid.stft.hop) if circular else 0
        frames = np.arange(grid.frames + crossing) * (grid.stft.hop / (ratio * maps.hop))
        places = warp(frames)
        placed = replace(maps.at(places), rate=round(self.rate * ratio))
        if circular:
            placed = in_a_circle(placed, crossing)
        samples = decode(placed, patch.seed, patch.phase, grid)[None]
        width = patch.width + total(patch.automated, "width", (places / learnt.frames).clip(0.0, 1.0)[: placed.frames])
        if (width := width.clip(0.0, 1.0)).any():
            beside = decode(side(placed, width[:, None]), patch.seed ^ SIDE_SEED, patch.phase, grid)
            samples = widened(samples[0], beside)
        return _at_length(samples, ratio, n, circular)


def _uneven(warp: Warp, patch: Patch, frames: int) -> Warp:
    """A warp that is slower and faster by the patch's lane of stretch."""
    if not any(lane.name == "stretch" for lane in patch.automated):
        return warp
    heard, learnt = slowed(patch.automated, frames)
    return lambda at: np.interp(even := warp(at), heard, learnt) + np.maximum(even - frames, 0.0)


def trimmed(samples: np.ndarray, rate: int, patch: Patch, starts: bool) -> np.ndarray:
    """Samples (channels, n) with the start, the length and the end that a patch asks for; silence follows what is
    too short. starts: whether they are to begin at their onset."""
    if starts:
        samples = _begun(samples, rate)
    if patch.length is not None:
        wanted = max(1, round(patch.length * rate))
        if samples.shape[1] > wanted:
            samples = fades(samples[:, :wanted], rate, 0.0, CUT_FADE)
        samples = np.pad(samples, ((0, 0), (0, wanted - samples.shape[1])))
    if patch.end:
        end = ends.end(samples.mean(axis=0), rate)
        samples = fades(samples[:, :end], rate, 0.0, ends.FADE_SECONDS)
    return samples


def _lead(learnt: Maps, stretch: float) -> float:
    """Seconds before the onset at most, by the maps."""
    level = learnt.mean.max(axis=1)
    first = int(np.argmax(level >= level.max() + ends.ONSET_DB))
    return (first + 3) * stretch * learnt.hop / learnt.rate


def _begun(samples: np.ndarray, rate: int) -> np.ndarray:
    """Samples (channels, n) from LEAD_SECONDS before their onset on, which rise from nothing meanwhile."""
    lead = round(ends.LEAD_SECONDS * rate)
    first = max(ends.onset(samples.mean(axis=0), rate) - lead, 0)
    return fades(samples[:, first:], rate, ends.LEAD_SECONDS, 0.0) if first else samples


def _grid(maps: Maps, n: int, circular: bool) -> Grid:
    if not circular:
        return Grid.of(maps, n)
    length = 2 * maps.bins
    longest = min(HOP, length // 4)
    # The hop of which n is a multiple, or all but one; the length is then a millisecond off at most.
    hop = min(range(longest, longest // 2, -1), key=lambda h: (min(n % h, h - n % h), -h))
    return Grid(STFT("gauss", length, hop), max(1, round(n / hop)) * hop, circular=True)


def _at_length(samples: np.ndarray, ratio: float, n: int, circular: bool) -> np.ndarray:
    """Samples (channels, ratio * n) resampled to n."""
    if samples.shape[1] == n:
        return samples
    if circular:
        whole: np.ndarray = resample(samples, n, axis=1).astype(np.float32)
        return whole
    moved = soxr.resample(np.ascontiguousarray(samples.T), ratio, 1.0, quality="HQ").T[:, :n]
    return np.pad(moved, ((0, 0), (0, n - moved.shape[1])))
