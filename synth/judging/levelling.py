"""Sounds of a trial at one loudness, so that none is preferred for being louder; and the anchor of a rating."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.signal import firwin, oaconvolve

from synth.audio.loudness import integrated, normalise
from synth.errors import ListeningError
from synth.sound.sound import Sound

LUFS = -23.0  # EBU R 128
ANCHOR_HZ = 3500.0  # ITU-R BS.1534-3, 5.1
_TAPS = 257


def levelled(sounds: Sequence[Sound], lufs: float = LUFS) -> list[Sound]:
    """Sounds at one integrated loudness: `lufs`, or as loud as the one that its peak lets be least loud.

    Raises ListeningError for a silent one, which no gain makes as loud.
    """
    reached = [integrated(heard.samples.mean(0, keepdims=True), heard.sample_rate) for heard in _at(sounds, lufs)]
    if not all(map(math.isfinite, reached)):
        raise ListeningError("one of the sounds is silent: take it out of its set")
    return _at(sounds, min(lufs, *reached))


def _at(sounds: Sequence[Sound], lufs: float) -> list[Sound]:
    return [replace(x, samples=normalise(x.samples, x.sample_rate, lufs), patch=None, loop=None) for x in sounds]


def anchor(reference: Sound) -> Sound:
    """The reference without what is above 3.5 kHz: what listeners should hear to be worse."""
    if reference.sample_rate <= 2.0 * ANCHOR_HZ:
        raise ListeningError("the reference has nothing above 3.5 kHz, so it has no anchor: take another one")
    taps = firwin(_TAPS, ANCHOR_HZ, fs=reference.sample_rate)
    samples = oaconvolve(reference.samples, taps[None], mode="same", axes=1)
    return replace(reference, samples=np.asarray(samples, np.float32), patch=None, loop=None)
