"""On a generator whose brightness is a known, curved function of one coordinate of W."""

import pytest
import torch

from synth.audio.codecs import GaussianLogSTFT
from synth.control import teaching
from synth.control.latent import Direction
from synth.control.linearity import curves, lines
from synth.control.listening import Listener
from synth.control.steering import Steering
from synth.control.teaching import Axes, Teacher, learn
from synth.models.stylegan2 import Generator, GeneratorConfig

SMALL = GeneratorConfig(categories=2, z_dim=8, w_dim=16, widths=(12, 8, 8), fold=2, rank=4)
CODEC = GaussianLogSTFT(length=64, hop=16, frames=32)
ROW = SMALL.num_ws - 1


@pytest.fixture
def listener() -> Listener:
    """The first coordinate of w tilts the spectrum, five times as much where it is above zero (leaky ReLU)."""
    torch.manual_seed(0)
    generator = Generator(SMALL).eval().requires_grad_(False)
    head = generator.synthesis.profiles
    head.dense.weight.zero_()
    head.dense.weight[:2, 0] = torch.tensor([1.0, -1.0]) / 0.2
    tilt = torch.zeros(head.shape)
    tilt[0, 0, 0] = torch.linspace(-0.5, 0.5, 32)
    head.out.weight[:, 0] = tilt.flatten()
    return Listener(generator, CODEC)


def test_a_steered_slider_is_straighter_than_a_vector(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teaching, "LESSONS", 200)
    names, aims = ("brightness", "noisiness"), [("brightness", ())]
    teacher = Teacher(listener, Axes.of(torch.zeros(16), torch.eye(16)), names)
    lessons = teacher.gather(aims, range(100, 164))
    assert lessons.w.shape == (64, teaching.PLACES, 16) and lessons.slopes.shape == (64, teaching.PLACES, 2, 16)
    lessons += teacher.gather(aims, range(200, 216), learn(teacher, lessons))
    assert len(lessons.w) == 80
    estimate = learn(teacher, lessons)

    heard = lessons.descriptors[:, :, 0]
    told = estimate(estimate.coordinates(lessons.w))[:, :, 0]
    assert (told - heard).square().mean() < 0.1 * heard.var()

    vector = Direction("V", torch.eye(16)[0], 0.4, (ROW, ROW), "test")
    steered = Direction(
        "S", torch.eye(16)[0], 0.4, (ROW, ROW), "test", steering=Steering(estimate, "brightness", (), 0.1)
    )
    r = {d.name: lines(curves(listener, d, range(16), phase=False))["brightness"].r for d in (vector, steered)}
    assert r["S"] > 0.93 and r["S"] > r["V"] + 0.01, r


def test_walks_are_the_same_again(listener: Listener) -> None:
    teacher = Teacher(listener, Axes.of(torch.zeros(16), torch.eye(16)), ("brightness",))
    one, two = (teacher.gather([("brightness", ())], range(5)) for _ in range(2))
    assert torch.equal(one.w, two.w) and torch.equal(one.slopes, two.slopes)


def test_slopes_of_the_last_row_are_those_of_all_rows(listener: Listener) -> None:
    seeds = range(3)
    ws = listener.generator.broadcast(listener.draw(seeds))
    descriptors, slopes = listener.drawn(ws, seeds, ["brightness"])
    torch.testing.assert_close(slopes, listener.slopes(ws, seeds, ["brightness"])[:, :, ROW])
    torch.testing.assert_close(descriptors[:, 0], torch.from_numpy(listener.hear(ws, seeds))[:, 0])


def test_axes_are_deviations_of_the_strongest_kind_first() -> None:
    root = torch.diag(torch.tensor([1.0, 3.0, 2.0]))
    axes = Axes.of(torch.zeros(3), root)
    torch.testing.assert_close(axes.vectors.norm(dim=1), torch.tensor([3.0, 2.0, 1.0]))
    torch.testing.assert_close(axes.slopes(torch.tensor([0.0, 1.0, 0.0])).abs(), torch.tensor([3.0, 0.0, 0.0]))
