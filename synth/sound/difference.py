"""How far a sound is from the one that it was made after: as a picture, as one figure, and what of it was lost.

Levels are those of the reference: both sounds are brought to one energy, and 0 dB is the reference's loudest bin. A
cell counts where either of them sounds there, which is no more than RANGE_DB below that: silence beside silence is no
likeness.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from synth.sound.sound import Sound

BINS, COLUMNS = 256, 512
CELL = 4  # bins and columns a side: within a cell, noise may fall as it likes
RANGE_DB = 60.0  # a sound has died away when it is so far down: the decay of a reverberation time (ISO 3382)
HALF = 10.0  # dB: half as loud (Stevens' sones)
PROMINENT = 9.0  # dB of a tone over what is beside it, from which it stands out (ECMA-418-1)
BESIDE = 8  # bins to each side that a tone is compared with
SHORTEST_TONE = 0.1  # s
HEARD = 20.0  # dB below the whole: a band or a tone with less is no part of what the sound is like
LOWEST_BAND = 250.0  # Hz; octaves from there up
MOST_TONES = 4


@dataclass(frozen=True)
class Difference:
    """levels: (bins, frames) float32 in dB, above zero where the second sound is louder; decibels: mean size where
    either sounds; lost: what of the reference is missing, one sentence."""

    levels: np.ndarray
    decibels: float
    lost: str


def difference(reference: Sound, made: Sound) -> Difference:
    """Of a sound from its reference; the shorter of both is followed by silence."""
    first, second, seconds = _pictures(reference, made)
    cells = [10.0 * np.log10(np.maximum(_cells(p), _floor())) for p in (first, second)]
    apart = (cells[1] - cells[0]).astype(np.float32)
    sounding = np.maximum(*cells) > -RANGE_DB
    size = float(np.abs(apart[sounding]).mean()) if sounding.any() else 0.0
    return Difference(apart, size, lost(first, second, seconds, made.sample_rate))


def lost(first: np.ndarray, second: np.ndarray, seconds: float, rate: int) -> str:
    """One sentence on powers (bins, columns) of a reference and of what was made: the first of tones, bands and length
    that the second lacks."""
    hertz = rate / 2.0 / len(first)
    if tones := _lost_tones(first, second, seconds / first.shape[1]):
        return f"Lost: the {_listed([_pitch(_between(first, at) * hertz) for at in tones], len(tones))}."
    if band := _lost_band(first, second, hertz):
        return f"Lost: most of what sounds {band}."
    before, after = (_length(powers) * seconds for powers in (first, second))
    if before > 2.0 * after and before - after > SHORTEST_TONE:
        return f"Lost: its length, {_time(after)} of {_time(before)}."
    if band := _lost_band(second, first, hertz):
        return f"Added: sound {band} that the reference does not have."
    return "No ringing tone, no band and no ending of the reference is lost."


# -- powers ------------------------------------------------------------------------------------------------------------


def _pictures(reference: Sound, made: Sound) -> tuple[np.ndarray, np.ndarray, float]:
    """Powers (bins, columns) of both, 1 for the loudest bin of the reference, and how long they last."""
    rate = made.sample_rate
    mono = [sound.resampled(rate).mono().samples[0] for sound in (reference, made)]
    longest = max(len(samples) for samples in mono)
    powers = []
    for samples in mono:
        energy = float(np.square(samples, dtype=np.float64).sum())
        padded = np.pad(samples / np.sqrt(max(energy, 1e-20)), (0, longest - len(samples)))
        powers.append(Sound(padded[None].astype(np.float32), rate).levels(BINS, COLUMNS).astype(np.float64))
    top = max(float(powers[0].max()), 1e-20)
    return powers[0] / top, powers[1] / top, longest / rate


def _floor() -> float:
    return float(10.0 ** (-RANGE_DB / 10.0))


def _cells(powers: np.ndarray) -> np.ndarray:
    """Means over cells, (bins / CELL, columns / CELL)."""
    bins, columns = (n // CELL for n in powers.shape)
    found: np.ndarray = powers[: bins * CELL, : columns * CELL].reshape(bins, CELL, columns, CELL).mean(axis=(1, 3))
    return found


# -- what is lost ------------------------------------------------------------------------------------------------------


def _lost_tones(first: np.ndarray, second: np.ndarray, column: float) -> list[int]:
    """Bins of tones that ring in the first and are half as loud or less in the second, from low to high."""
    spectrum, other = first.mean(1), second.mean(1)
    near = np.maximum.reduce([np.roll(other, shift) for shift in (-1, 0, 1)])
    strong = spectrum >= spectrum.max() * 10.0 ** (-HEARD / 10.0)
    gone = near <= spectrum * 10.0 ** (-HALF / 10.0)
    return [at for at in _tones(first, column) if strong[at] and gone[at]]


def _tones(powers: np.ndarray, column: float) -> list[int]:
    """Bins where a tone rings: it stands out over what is beside it, for as long as SHORTEST_TONE and for half of the
    time that its bin sounds. Noise stands out so for a moment only."""
    found = []
    for at in range(BESIDE, len(powers) - 2):  # below, a tone is told from a body by no window
        beside = np.concatenate([powers[max(at - BESIDE, 0) : at - 1], powers[at + 2 : at + BESIDE + 1]])
        sounds = powers[at] > _floor()
        out = sounds & (powers[at] >= np.median(beside, axis=0) * 10.0 ** (PROMINENT / 10.0))
        peak = powers[at - 2 : at + 3].mean(1).argmax() == 2
        if peak and out.sum() * column >= SHORTEST_TONE and 2 * out.sum() >= sounds.sum():
            found.append(at)
    return found


def _lost_band(first: np.ndarray, second: np.ndarray, hertz: float) -> str:
    """The octaves that the second has a tenth of, or less, of what the first has, in words; "" where there are none."""
    top = len(first) * hertz
    edges = [0.0, *(LOWEST_BAND * 2.0**k for k in range(12) if LOWEST_BAND * 2.0**k < top), top]
    bins = [round(edge / hertz) for edge in edges]
    one, two = (np.array([p[a:b].sum() for a, b in pairwise(bins)]) for p in (first, second))
    gone = (one >= one.sum() * 10.0 ** (-HEARD / 10.0)) & (two <= one * 10.0 ** (-HALF / 10.0))
    if not gone.any():
        return ""
    begin = int(np.argmax(gone))
    end = begin + int(np.argmin(np.append(gone[begin:], False)))
    if begin == 0:
        return f"below {_pitch(edges[end])}"
    return (
        f"above {_pitch(edges[begin])}" if end == len(gone) else f"from {_pitch(edges[begin])} to {_pitch(edges[end])}"
    )


def _between(powers: np.ndarray, at: int) -> float:
    """The place of a tone between bins, at the top of a parabola through three levels."""
    left, top, right = np.log(np.maximum(powers[at - 1 : at + 2].mean(1), 1e-20))
    return at + 0.5 * float(right - left) / max(float(2.0 * top - left - right), 1e-9)


def _length(powers: np.ndarray) -> float:
    """Where a sound has died away, as a share of the picture."""
    loud = np.flatnonzero(powers.max(0) > powers.max() * _floor()) if powers.max() > 0.0 else np.array([], int)
    return float(loud[-1] + 1) / powers.shape[1] if loud.size else 0.0


# -- words -------------------------------------------------------------------------------------------------------------


def _pitch(hertz: float) -> str:
    return f"{hertz / 1000.0:.2g} kHz" if hertz >= 995.0 else f"{round(hertz, -1):.0f} Hz"


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1.0 else f"{1000.0 * seconds:.0f} ms"


def _listed(pitches: list[str], count: int) -> str:
    """The first of them, and how many more."""
    shown, more = pitches[:MOST_TONES], count - MOST_TONES
    if count == 1:
        return f"ringing tone at {shown[0]}"
    if more > 0:
        return f"ringing tones at {', '.join(shown)} and {more} more"
    return f"ringing tones at {', '.join(shown[:-1])} and {shown[-1]}"
