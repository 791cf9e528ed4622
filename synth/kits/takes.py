"""The sounds of a kit: what a zone's patch is, and all of them rendered, as loud beside one another as the kit says.

Sounds of a kit are as loud as the ear takes them to be: each stands at one loudness (LUFS), plus the level of its pad
and of its velocities. One gain for all brings the highest true peak among them to the ceiling, so no limit changes what
is loud and what is quiet.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import Protocol

import numpy as np

from synth.checkpoint.card import Card
from synth.checkpoint.fit import direction_names
from synth.choices import CEILING_DBTP
from synth.errors import KitError
from synth.kits.kit import Kit, Pad
from synth.kits.zones import LOUDEST, Zone, zones
from synth.patch.patch import Patch
from synth.pool import in_order
from synth.sound.sound import Sound

BRIGHTNESS = "Brightness"  # the slider that velocities move, where a model has it
REFERENCE = -45.0  # LUFS at which sounds are compared: even a click is under the ceiling there
QUIETEST = -60.0  # LUFS that a patch can ask for
FARTHEST = 24  # semitones that the decoder moves a sound
_ROLL = 0  # which neighbours take turns: the same each time
_SEEDS = 1 << 32


class Source(Protocol):
    """What plays the patches of one model: an instrument, or a shared one."""

    card: Card

    def settled(self, patch: Patch) -> Patch: ...
    def around(self, patch: Patch, distance: float, count: int, seed: int) -> list[Patch]: ...
    def renders(self, patches: Iterable[Patch], threads: int = 1) -> Iterator[Sound]: ...


def takes(kit: Kit, source: Callable[[str], Source]) -> Iterator[tuple[Zone, Patch]]:
    """Each zone with its patch, at REFERENCE; source: by the id of a model. Raises KitError and PatchError."""
    for number, of_pad in groupby(zones(kit), key=lambda zone: zone.pad):
        pad = kit.pads[number]
        found = source(pad.patch.model)
        alike: dict[int, list[Patch]] = {}
        for zone in of_pad:
            if zone.layer not in alike:
                alike[zone.layer] = _robins(kit, _at_velocity(kit, pad.patch, zone, found.card), found)
            yield zone, _at_key(pad, zone, alike[zone.layer][zone.robin - 1])


def sounds(kit: Kit, source: Callable[[str], Source], threads: int = 1) -> Iterator[tuple[Zone, Sound]]:
    """Each zone with its sound at the kit's rate, its loop set where it has one, made on so many threads; nothing is
    given before all are made.

    Raises as `takes`.
    """
    places, rendered = zip(*_rendered(takes(kit, source), source, threads), strict=True)
    made = list(in_order(lambda sound: sound.resampled(kit.rate), rendered, threads))
    levels = [kit.pads[zone.pad].level + zone.decibels for zone in places]
    loudest = max(peak + level for peak, level in zip(in_order(_peak, made, threads), levels, strict=True))
    gain = CEILING_DBTP - loudest if math.isfinite(loudest) else 0.0  # of silence
    for zone, sound, level in zip(places, made, levels, strict=True):
        yield zone, _louder(sound, level + gain)


def _robins(kit: Kit, patch: Patch, source: Source) -> list[Patch]:
    """The sounds that take turns: the pad's own, and neighbours with a noise of their own."""
    own, others = source.settled(patch), kit.round_robins - 1
    near = source.around(own, kit.variation, others, _ROLL) if others else []
    return [own, *(replace(patch, seed=(own.seed + i) % _SEEDS) for i, patch in enumerate(near, 1))]


def _at_velocity(kit: Kit, patch: Patch, zone: Zone, card: Card) -> Patch:
    """The patch as bright as a zone's velocities make it: as it is at the loudest."""
    duller = kit.brightness * (zone.loud / LOUDEST - 1.0)
    if not duller or BRIGHTNESS not in direction_names(card):
        return patch
    amount = patch.sliders.get(BRIGHTNESS, 0.0) + duller
    return replace(patch, sliders={**patch.sliders, BRIGHTNESS: min(max(amount, -5.0), 5.0)})


def _at_key(pad: Pad, zone: Zone, patch: Patch) -> Patch:
    """The patch at the pitch of a zone, cut to what sounds unless it loops."""
    pitch = patch.pitch + zone.root - pad.note
    if abs(pitch) > FARTHEST:
        told = f"{pad.name}: key {zone.root} lies {abs(pitch):g} semitones from its own pitch"
        raise KitError(f"{told}, and {FARTHEST} is the most: narrow its keys, or move its note")
    moved = replace(patch, pitch=pitch, lufs=REFERENCE)
    return moved if patch.loop else replace(moved, start=True, end=True)


def _rendered(
    asked: Iterable[tuple[Zone, Patch]], source: Callable[[str], Source], threads: int
) -> Iterator[tuple[Zone, Sound]]:
    """Zones with their sounds, those of one model after the other together."""
    for model, same in groupby(asked, key=lambda take: take[1].model):
        where, patches = zip(*same, strict=True)
        yield from zip(where, source(model).renders(patches, threads), strict=True)


def _peak(sound: Sound) -> float:
    """True peak in dBTP."""
    from synth.audio.loudness import true_peak  # takes a while

    return true_peak(sound.samples)


def _louder(sound: Sound, decibels: float) -> Sound:
    """A sound of REFERENCE with a gain; its patch asks for the loudness that it has then."""
    assert sound.patch is not None
    lufs = max(REFERENCE + decibels, QUIETEST)
    samples = sound.samples * np.float32(10.0 ** ((lufs - REFERENCE) / 20.0))
    return replace(sound, samples=samples, patch=replace(sound.patch, lufs=min(lufs, 0.0)))
