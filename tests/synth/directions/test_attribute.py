import math
from dataclasses import replace

import numpy as np
import pytest

from synth.directions.attribute import SCAN, STEPS, Attribute, Search, attributes, give, moved, transfer
from synth.instruments.style import StyleInstrument
from synth.patch.patch import Patch
from synth.sound.sound import Sound

AT_MOST = 1 + len(SCAN) + STEPS


def found(curve, start: float, other: float, strength: float = 1.0) -> Search:
    *_, last = transfer(curve, start, other, strength)
    assert len(last.heard) <= AT_MOST
    assert all(-5.0 <= position <= 5.0 for position in last.heard)
    return last


@pytest.mark.parametrize(
    "curve",
    [
        lambda p: 0.4 * p,
        lambda p: -0.4 * p + 1.0,
        lambda p: 3.0 * math.tanh(p - 1.0),
        lambda p: math.exp(0.5 * p),
        lambda p: 0.3 * p + 0.3 * math.sin(4.0 * p),
    ],
)
@pytest.mark.parametrize("other", [-0.7, 0.9, 1.3])
def test_the_goal_is_met_where_the_slider_reaches_it(curve, other):
    search = found(curve, 0.5, other)
    reaches = min(map(curve, np.linspace(-5, 5, 2001))) <= other <= max(map(curve, np.linspace(-5, 5, 2001)))
    if reaches:
        assert search.met and (search.closed >= 0.97 or abs(search.after - other) <= 0.02) and not search.ended
    assert search.after == pytest.approx(curve(search.position))
    assert search.before == curve(0.5)


def test_strength_is_the_share_of_the_way():
    for strength in (0.25, 0.5, 1.0):
        search = found(lambda p: 0.5 * p, 1.0, 2.5, strength)
        assert search.goal == pytest.approx(0.5 + strength * 2.0) and search.met
    still = found(lambda p: 0.5 * p, 1.0, 2.5, 0.0)
    assert still.position == 1.0 and len(still.heard) == 1 and still.closed == 1.0


def test_the_end_of_the_slider_is_told():
    search = found(lambda p: 0.1 * p, 0.0, 3.0)
    assert search.ended and not search.met and search.position == 5.0
    assert search.closed == pytest.approx(0.5 / 3.0)
    assert found(lambda p: 0.1 * p, 0.0, -3.0).position == -5.0


def test_a_bend_that_stays_short_of_the_goal_gives_its_nearest_place():
    search = found(lambda p: -((p / 5.0) ** 2), -4.0, 1.0)
    assert search.position == 0.0 and not search.met and not search.ended


def test_of_two_crossings_the_nearer_is_taken():
    assert found(lambda p: p**2 / 5.0, 3.0, 1.0).position > 0.0
    assert found(lambda p: p**2 / 5.0, -3.0, 1.0).position < 0.0


def test_a_step_keeps_its_better_side():
    search = found(lambda p: 0.0 if p < 1.3 else 2.0, 0.0, 1.5)
    assert search.after == 2.0 and not search.met


def test_what_gets_worse_is_left():
    search = found(lambda p: -abs(p), 0.0, 1.0)
    assert search.position == 0.0 and search.closed == 0.0


def report(descriptor: str, r: float) -> dict:
    return {"descriptor": descriptor, "method": "m", "methods": {"m": {"r": {"sustain": 0.95, descriptor: r}}}}


def test_an_attribute_is_given_by_the_slider_that_moves_it_best():
    semantic = {"sliders": {"Brightness": report("brightness", 0.8), "Rate": report("rate", 0.3)}}
    directions = (
        {"name": "Glare", "own": True, "measured": report("brightness", -0.9)},
        {"name": "Tail", "own": True, "measured": report("decay", 0.6)},
        {"name": "Wobble", "own": True, "measured": None},
        {"name": "Dim 1"},
    )
    assert attributes(semantic, directions) == [Attribute("brightness", "Glare", -0.9), Attribute("decay", "Tail", 0.6)]
    assert attributes(semantic, ()) == [Attribute("brightness", "Brightness", 0.8)]
    assert attributes(None, ()) == []


def test_a_patch_is_given_an_attribute_of_a_sound_and_keeps_all_else(published):
    instrument = StyleInstrument.load(published / "tiny", "cpu")
    name = instrument.directions[0].name
    patch = Patch("tiny", "hit", 3, sliders={instrument.directions[1].name: 1.0}, pull=0.0)
    wanted = replace(patch, sliders={**patch.sliders, name: 3.0})
    goal = instrument.describe(instrument.render(wanted))["brightness"]
    *_, search = give(
        instrument.render,
        instrument.describe,
        patch,
        Attribute("brightness", name, 1.0),
        instrument.render(wanted),
    )
    answer = moved(patch, name, search.position)
    assert search.goal == pytest.approx(goal)
    assert instrument.describe(instrument.render(answer))["brightness"] == pytest.approx(search.after)
    assert abs(search.after - goal) <= abs(search.before - goal)
    assert replace(answer, sliders=patch.sliders) == patch and answer.sliders[instrument.directions[1].name] == 1.0


def test_a_longer_sound_at_another_rate_can_be_the_other_one(published):
    instrument = StyleInstrument.load(published / "tiny", "cpu")
    other = Sound(0.3 * np.random.default_rng(0).standard_normal((2, 96000)), 96000)
    *_, search = give(
        instrument.render,
        instrument.describe,
        Patch("tiny"),
        Attribute("brightness", instrument.directions[0].name, 1.0),
        other,
    )
    assert math.isfinite(search.after) and search.closed >= 0.0
