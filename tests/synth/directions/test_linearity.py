from dataclasses import replace

import numpy as np
import pytest
import torch

from synth.audio.codecs import GaussianLogSTFT
from synth.directions import linearity
from synth.directions.calibration import PLACES, Calibration
from synth.directions.direction import Direction, along
from synth.directions.linearity import POSITIONS, SHARES, calibrated, curves, lines, tracks
from synth.directions.listening import ORDER, Listener
from synth.models.stylegan2 import Generator, GeneratorConfig

SMALL = GeneratorConfig(categories=2, z_dim=8, w_dim=16, hidden=24, bins=32, frames=32, rank=4, gate_rank=2)
CODEC = GaussianLogSTFT(length=64, hop=16, frames=32)
ROW = 0  # which draws that spectrum


@pytest.fixture
def listener() -> Listener:
    """Its first coordinate of w tilts the spectrum towards high frequencies, and nothing else does anything."""
    torch.manual_seed(0)
    generator = Generator(SMALL).eval().requires_grad_(False)
    first, second = generator.synthesis.dense
    both = torch.tensor([1.0, -1.0])  # a leaky ReLU of either sign: their difference is linear
    for weight in (first.weight, second.weight):
        weight.zero_()
    first.weight[:2, 0] = both / first.scale
    second.weight[:2, :2] = torch.outer(both, both) / second.scale
    lines_of_mean = generator.synthesis.lines[0]
    tilt = torch.linspace(-0.25, 0.25, 32)  # of the spectrum whose envelope is flat
    lines_of_mean.out.weight[:32, :2] = torch.outer(tilt, both) / lines_of_mean.out.scale
    return Listener(generator, CODEC)


def one(coordinate: int, sign: float = 1.0) -> Direction:
    return Direction(f"{coordinate}", sign * torch.eye(16)[coordinate], 0.1, (ROW, ROW), "test")


def measured(y: np.ndarray) -> np.ndarray:
    """Curves (seeds, positions) of brightness, all else at rest."""
    whole = np.zeros((*y.shape, len(ORDER)))
    whole[:, :, ORDER.index("brightness")] = y
    return whole


def test_r_is_one_only_if_all_sounds_follow_alike():
    x = np.asarray(POSITIONS)
    offsets = np.array([[0.0], [3.0], [-7.0]])
    found = lines(measured(offsets + 0.5 * x))
    assert found["brightness"].r == pytest.approx(1.0) and found["brightness"].slope == pytest.approx(0.5)
    assert found["brightness"].middle == pytest.approx(tuple(0.5 * x)) and len(found["brightness"].low) == 11
    assert found["rate"].r == 0.0 and found["rate"].slope == 0.0
    uneven = lines(measured(np.array([[0.0], [0.5], [1.0]]) * x))["brightness"]
    assert uneven.r == pytest.approx(np.mean([0, 0.5, 1]) / np.sqrt(np.mean(np.square([0, 0.5, 1]))))
    assert lines(measured(offsets - x))["brightness"].r == pytest.approx(-1.0)


def test_a_track_is_what_is_heard_at_places(listener):
    seeds = range(3)
    ws = listener.generator.broadcast(listener.draw(seeds))
    found = tracks(listener, one(0), "brightness", seeds)
    assert found.shape == (3, len(PLACES))
    for i in (0, 14, 20):
        moved = along(ws, one(0), torch.full((3,), PLACES[i]))
        heard = listener.hear(moved, seeds)[:, ORDER.index("brightness")]
        np.testing.assert_allclose(found[:, i], heard, atol=1e-3)
    everywhere = tracks(listener, replace(one(0), layers=(0, ROW)), "brightness", seeds)
    assert np.abs(found - everywhere).max() < 0.2, "the profiles, which the last row draws, make nearly all of it"


def test_calibration_straightens_a_slider(listener):
    seeds = range(8)
    # Sounds left of 0 follow less far than the others.
    listener.generator.synthesis.lines[0].out.weight[:, 1] = 0.0
    plain = replace(one(0), scale=1.5)
    uneven = lines(curves(listener, plain, seeds))["brightness"]
    chosen = calibrated(listener, plain, "brightness", seeds)
    even = lines(curves(listener, chosen, seeds))["brightness"]
    assert uneven.r < 0.97 and even.r > 0.99
    assert even.slope == pytest.approx(chosen.calibration.step, rel=0.2)
    spread = tracks(listener, plain, "brightness", seeds)[:, 14].std()
    assert chosen.calibration.step == pytest.approx(max(SHARES) * spread), "the longest step, as it stays straight"


def test_a_step_that_seems_straight_and_does_not_sound_so_is_not_taken(listener, monkeypatch):
    seeds, plain = range(8), replace(one(0), scale=1.5)
    spread = tracks(listener, plain, "brightness", seeds)[:, 14].std()
    hear = linearity._heard
    deaf = iter([True, True])
    monkeypatch.setattr(linearity, "_heard", lambda *what: (0.0 if next(deaf, False) else 1.0) * hear(*what))
    chosen = calibrated(listener, plain, "brightness", seeds)
    assert chosen.calibration.step == pytest.approx(SHARES[2] * spread)


def test_a_calibrated_slider_of_what_does_nothing_stays_at_rest(listener):
    still = replace(one(3), calibration=Calibration("brightness", 0.1))
    curve = curves(listener, still, range(2), (-5.0, 0.0, 5.0))
    np.testing.assert_allclose(curve[:, 0], curve[:, 1], atol=1e-3)
    np.testing.assert_allclose(curve[:, 2], curve[:, 1], atol=1e-3)


def test_slopes_are_those_of_what_is_heard(listener):
    seeds = range(3)
    ws = listener.generator.broadcast(listener.draw(seeds))
    slopes = listener.slopes(ws, seeds, ["brightness"])
    assert slopes.shape == (3, 1, SMALL.num_ws, 16)
    step = 1e-2
    moved = ws.clone()
    moved[:, ROW, 0] += step
    rise = (listener.hear(moved, seeds) - listener.hear(ws, seeds))[:, ORDER.index("brightness")] / step
    np.testing.assert_allclose(slopes[:, 0, ROW, 0].numpy(), rise, rtol=0.1, atol=1e-3)
    assert slopes[:, 0, ROW, 1:].abs().max() < 1e-5


def test_a_seed_is_heard_the_same_again(listener):
    ws = listener.generator.broadcast(listener.draw([5, 6]))
    assert np.array_equal(listener.hear(ws, [5, 6], phase=True), listener.hear(ws, [5, 6], phase=True))
