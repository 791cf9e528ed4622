"""Attacks: where a sound sets in at once, and how to keep it from setting in too early.

A frame that looks at an attack from before it holds some of its energy, and whatever finds a phase leaves part of that
where the frame is: a slope of 10 ms before the attack, where recordings jump. The frames tell where attacks are; the
samples, to a millisecond, where each begins; what lies before that is brought back to the level of what was before.
"""

from __future__ import annotations

import numba
import numpy as np

RISE_DB = 15.0  # within SPAN frames: what counts as an attack
SPAN = 3
AUDIBLE_DB = 45.0  # below the loudest frame: attacks that are quieter are left alone
EDGE_DB = 9.0  # below the top of an attack: where it begins
BLOCK_SECONDS = 0.001
BEFORE_SECONDS = 0.024  # of the slope: what is longer is no artefact
REFERENCE_SECONDS = 0.012  # whose level, before the slope, is what the slope is brought back to
DEEPEST_DB = 42.0  # below the top of an attack: as far as recordings jump, and no further


def attack_frames(magnitude: np.ndarray, circular: bool = False) -> np.ndarray:
    """The frames (K,) of magnitudes (T, F) by which an attack has risen by RISE_DB in SPAN frames, the steepest of its
    neighbours."""
    power = np.einsum("tf,tf->t", magnitude, magnitude)
    loudest = float(power.max(initial=0.0))
    if loudest <= 0.0:
        return np.zeros(0, np.int64)
    level = 10.0 * np.log10(np.maximum(power / loudest, 1e-8))
    before = np.roll(level, SPAN)
    if not circular:
        before[:SPAN] = -80.0
    rise = level - before
    steep = np.flatnonzero((rise >= RISE_DB) & (level > -AUDIBLE_DB))
    return np.array([t for t in steep.tolist() if t == _steepest(rise, t)], np.int64)


def _steepest(rise: np.ndarray, t: int) -> int:
    """The frame of the steepest rise near t, the first of several."""
    first = max(t - SPAN, 0)
    return first + int(rise[first : t + SPAN + 1].argmax())


def sharpen(samples: np.ndarray, magnitude: np.ndarray, hop: int, rate: int, circular: bool = False) -> np.ndarray:
    """Samples (n,) decoded from magnitudes (T, F) without the slopes before their attacks."""
    attacks = attack_frames(magnitude, circular)
    if not attacks.size:
        return samples
    block = max(1, round(BLOCK_SECONDS * rate))
    before, reference = (round(s / BLOCK_SECONDS) for s in (BEFORE_SECONDS, REFERENCE_SECONDS))
    lead = (before + reference + 4) * block if circular else 0
    line = np.concatenate([samples[len(samples) - lead :], samples]) if lead else samples.copy()
    places = attacks * hop + lead
    _quieten(line, places, hop, block, before, reference)
    if lead:
        # What was done before the beginning belongs to the end.
        line[-lead:] *= _ratio(line[:lead], samples[len(samples) - lead :])
    return line[lead:]


def _ratio(changed: np.ndarray, given: np.ndarray) -> np.ndarray:
    ratio: np.ndarray = np.where(given == 0.0, 1.0, changed / np.where(given == 0.0, 1.0, given)).astype(np.float32)
    return ratio


@numba.njit(nogil=True, cache=True)
def _quieten(line, places, hop, block, before, reference):  # type: ignore[no-untyped-def]
    """Finds each attack's first block near its frame, and brings the blocks before it down to what was before them."""
    blocks = line.size // block
    energy = np.zeros(blocks + 1, np.float32)
    for b in range(blocks):
        for i in range(b * block, (b + 1) * block):
            energy[b] += line[i] * line[i]
    for place in places:
        first, end = max((place - SPAN * hop) // block, 0), min((place + hop) // block + 1, blocks)
        top = np.float32(0.0)
        for b in range(first, end):
            top = max(top, energy[b])
        edge = first
        while edge < end and energy[edge] < top * np.float32(10.0 ** (-EDGE_DB / 10.0)):
            edge += 1
        begin = max(edge - before, 0)
        calm = top * np.float32(10.0 ** (-DEEPEST_DB / 10.0))
        if begin > 0:
            known = energy[max(begin - reference, 0) : begin].mean()
            calm = max(calm, np.float32(known))
        last = np.float32(1.0)
        for b in range(begin, edge + 1):
            gain = np.float32(1.0)
            if b < edge and energy[b] > calm:
                gain = np.sqrt(calm / energy[b])
            # A gain moves evenly within a block, and within half a millisecond where the attack begins.
            ramp = block if b < edge else max(block // 2, 1)
            for i in range(b * block, min((b + 1) * block, line.size)):
                share = min(np.float32(i - b * block + 1) / np.float32(ramp), np.float32(1.0))
                line[i] *= last + share * (gain - last)
            last = gain
