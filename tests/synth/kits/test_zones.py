"""Which keys and velocities play what, and how the files are called."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from synth.errors import KitError
from synth.kits.kit import Kit, Pad
from synth.kits.zones import layers, roots, stem, zones
from synth.patch.patch import Patch


def test_velocities_are_shared_out_evenly_and_wholly() -> None:
    assert layers(1) == [(1, 127)]
    assert layers(4) == [(1, 32), (33, 64), (65, 95), (96, 127)]
    for count in range(1, 9):
        assert [v for soft, loud in layers(count) for v in range(soft, loud + 1)] == list(range(1, 128))


@pytest.mark.parametrize(
    ("pad", "expected"),
    [
        (Pad(Patch(), 36), [(36, 36, 36)]),
        (Pad(Patch(), 60, keys=(57, 63), every=3), [(57, 57, 58), (60, 59, 61), (63, 62, 63)]),
        (Pad(Patch(), 60, keys=(55, 65), every=4), [(56, 55, 58), (60, 59, 62), (64, 63, 65)]),
        (Pad(Patch(), 60, keys=(61, 63), every=24), [(61, 61, 63)]),
        (Pad(Patch(), 60, keys=(40, 44), every=24), [(44, 40, 44)]),
        (Pad(Patch(), 0, keys=(0, 1), every=1), [(0, 0, 0), (1, 1, 1)]),
    ],
)
def test_keys_go_to_the_nearest_sound(pad: Pad, expected: list[tuple[int, int, int]]) -> None:
    assert roots(pad) == expected


def test_every_key_velocity_and_turn_has_one_zone() -> None:
    pads = (Pad(Patch(), 36), Pad(Patch(), 60, keys=(48, 72), every=5), Pad(Patch(seed=1), 127))
    kit = Kit(pads, velocities=3, round_robins=2)
    found = Counter(
        (key, velocity, zone.robin)
        for zone in zones(kit)
        for key in range(zone.low, zone.high + 1)
        for velocity in range(zone.soft, zone.loud + 1)
    )
    keys = [36, *range(48, 73), 127]
    assert found == Counter((key, velocity, turn) for key in keys for velocity in range(1, 128) for turn in (1, 2))


def test_softer_layers_are_quieter_by_the_square_of_the_velocity() -> None:
    kit = Kit((Pad(Patch(), 36),), velocities=4)
    assert [round(zone.decibels, 2) for zone in zones(kit)] == [-23.95, -11.9, -5.04, 0.0]


def test_files_say_key_pad_layer_and_turn_and_no_two_are_called_the_same() -> None:
    pads = (
        Pad(Patch(category="metal_hit", seed=7, sliders={"Brightness": 3}), 9),
        Pad(Patch(), 60, "Été no. 1", (60, 66)),
    )
    kit = Kit(pads, velocities=2, round_robins=2)
    names = [stem(kit, zone) for zone in zones(kit)]
    assert names[:2] == ["009_metal_hit_brightness+3_s7_v1_r1", "009_metal_hit_brightness+3_s7_v1_r2"]
    assert names[-1] == "066_ete_no._1_v2_r2" and len(set(names)) == len(names) == 16
    plain = replace(kit, velocities=1, round_robins=1)
    assert stem(plain, zones(plain)[0]) == "009_metal_hit_brightness+3_s7"


def test_too_many_files_are_refused_before_any_is_made() -> None:
    pads = tuple(Pad(Patch(), 8 * i, keys=(8 * i, 8 * i + 7), every=1) for i in range(16))
    with pytest.raises(KitError, match="the kit would have 8192 files, and 2048 is the most: take fewer velocities"):
        zones(Kit(pads, velocities=8, round_robins=8))
