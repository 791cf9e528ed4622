"""When what is learnt of a sound is heard: stretching, with attacks as long as they are, and going on for longer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from synth.audio.attacks import attack_frames
from synth.audio.maps import Maps

ATTACK_SECONDS = (0.032, 0.04)  # before and after the frame of an attack: what is not stretched
PROTECTED = 0.5  # of the new length, at most: what attacks may take
TAIL_DB_PER_SECOND = 20.0  # that a tail falls by at the least
TAIL_PART = 0.25  # of the maps, at their end: what a tail goes on from
OVERLAP_SECONDS = 0.5  # of two passes

Warp = Callable[[np.ndarray], np.ndarray]  # frames of the new sound -> frames of the maps


def stretched(maps: Maps, stretch: float, attacks: bool) -> Warp:
    """Where each moment of a sound lies in its maps when all of it lasts `stretch` times as long.

    attacks: whether what is around an attack lasts as long as it did; the rest then makes up for it.
    """
    spans = _around_attacks(maps, stretch) if attacks and stretch != 1.0 else []
    kept = sum(end - first for first, end in spans)
    rest = (stretch * maps.frames - kept) / (maps.frames - kept)
    heard, learnt = [0.0], [0.0]
    for first, end in spans:
        heard.append(heard[-1] + rest * (first - learnt[-1]))
        learnt.append(first)
        heard.append(heard[-1] + end - first)
        learnt.append(end)
    heard.append(stretch * maps.frames)
    learnt.append(float(maps.frames))

    def warp(frames: np.ndarray) -> np.ndarray:
        beyond = np.maximum(frames - heard[-1], 0.0)
        found: np.ndarray = np.interp(frames, heard, learnt) + beyond / stretch
        return found

    return warp


def _around_attacks(maps: Maps, stretch: float) -> list[tuple[float, float]]:
    """Spans of frames around attacks, in order and apart."""
    frame = maps.hop / maps.rate
    before, after = (seconds / frame for seconds in ATTACK_SECONDS)
    found = attack_frames(10.0 ** (maps.mean / 20.0))
    room = PROTECTED * min(stretch, 1.0) * maps.frames
    scale = min(1.0, room / max(len(found) * (before + after), 1e-9))
    spans: list[tuple[float, float]] = []
    for at in found:
        first, end = max(at - scale * before, 0.0), min(at + scale * after, float(maps.frames))
        if spans and first < spans[-1][1]:
            first = spans.pop()[0]
        spans.append((first, end))
    return spans


def with_tail(maps: Maps, frames: int) -> Maps:
    """Maps that go on for so many frames in all: each bin falls on as it fell towards the end, or faster."""
    missing = frames - maps.frames
    if missing <= 0:
        return maps
    part = max(2, round(TAIL_PART * maps.frames))
    end = maps.mean[-part:]
    time = np.arange(part, dtype=np.float32) - np.float32(0.5 * (part - 1))
    slope = (time @ end) / np.float32((time * time).sum())
    slope = np.minimum(slope, np.float32(-TAIL_DB_PER_SECOND * maps.hop / maps.rate))
    falling = end[-1] + slope * np.arange(1, missing + 1, dtype=np.float32)[:, None]
    mean = np.concatenate([maps.mean, np.maximum(falling, np.float32(2.0 * maps.floor))])
    gate = np.concatenate([maps.gate, np.broadcast_to(maps.gate[-1], (missing, maps.bins))])
    return Maps(mean, gate, maps.hop, maps.rate, maps.floor)


def going_on(passes: Callable[[int], Maps], frames: int) -> Maps:
    """Maps of so many frames at least: pass after pass of a scene, each crossing over into the next."""
    maps, number = passes(0), 0
    while maps.frames < frames:
        number += 1
        other = passes(number)
        maps = maps.followed(other, min(round(OVERLAP_SECONDS * maps.rate / maps.hop), other.frames // 4))
    return maps


def in_a_circle(maps: Maps, crossing: int) -> Maps:
    """Maps without their last `crossing` frames, which cross over into the first: the end runs into the beginning."""
    end = maps.frames - crossing
    return maps.cut(end, maps.frames).followed(maps.cut(0, end), crossing)
