import numpy as np
import pytest
import torch

from synth.audio.descriptors import DESCRIPTORS
from synth.directions.direction import Direction
from synth.directions.examples import FEWEST, MOST, NAMED, Contrast, Example, Trial, check, contrast, direction, shrunk
from synth.errors import AudioError
from synth.instruments.style import StyleInstrument
from synth.sound.sound import Sound

D, ROWS = 24, 4


def noise(seed: int, seconds: float = 0.06) -> Sound:
    return Sound(0.2 * np.random.default_rng(seed).standard_normal(round(16000 * seconds)), 16000)


def group(*seeds: int) -> list[Example]:
    return [Example(f"noise {seed}.wav", noise(seed)) for seed in seeds]


def measured(**values: float) -> dict[str, float]:
    return {name: values.get(name, 0.0) for name in DESCRIPTORS}


@pytest.mark.parametrize(
    ("more", "less", "told"),
    [
        (group(), group(1, 2), "no sound"),
        (group(1), group(2, 3), "one sound"),
        (group(1, 2), group(3), "less like this"),
        (group(*range(MOST + 1)), group(100, 101), f"at most {MOST}"),
        (group(1, 2), group(3, 1), '"noise 1.wav" is on both sides'),
        (
            group(1, 2),
            [Example("other name.wav", noise(2)), *group(3)],
            '"noise 2.wav", also named "other name.wav", is on both',
        ),
        ([*group(1), Example("again.wav", noise(1))], group(2, 3), '"noise 1.wav" and "again.wav" .* are one sound'),
    ],
)
def test_groups_that_no_direction_can_be_made_of_are_one_sentence(more, less, told):
    with pytest.raises(AudioError, match=told) as caught:
        check(more, less)
    assert "\n" not in str(caught.value)


def test_the_smallest_groups_are_enough():
    check(group(*range(FEWEST)), group(*range(10, 10 + FEWEST)))


def test_groups_are_told_apart_by_what_differs_most_for_its_spread():
    more = [measured(brightness=1.0 + 0.1 * i, decay=2.0 * i) for i in range(4)]
    less = [measured(brightness=-1.0 - 0.1 * i, decay=2.0 * i - 1.0) for i in range(4)]
    found = contrast(more, less)
    assert found.descriptor == "brightness" and found.apart == pytest.approx(2.3) and found.deviations > 2.0
    assert contrast(less, more).apart == pytest.approx(-2.3)
    assert contrast(more, less).unit == DESCRIPTORS["brightness"].unit
    far = [measured(distance=60.0), measured(distance=60.0, rate=0.2)]
    assert contrast(far, [measured(), measured()]).descriptor == "rate", "distance compares versions of one sound"


def test_the_direction_is_what_the_groups_do_not_share():
    rng = torch.Generator().manual_seed(0)
    wanted = torch.nn.functional.normalize(torch.randn(D, generator=rng), dim=0)
    chance = torch.randn(2, 6, 1, D, generator=rng).expand(-1, -1, ROWS, -1)
    more, less = chance[0] + 4.0 * wanted + 7.0, chance[1] - 4.0 * wanted + 7.0
    found = direction("Ring", more, less, torch.eye(D))
    assert found.vector @ wanted > 0.95 and found.vector.norm() == pytest.approx(1.0, abs=1e-5)
    assert found.layers == (0, ROWS - 1) and found.name == "Ring"
    torch.testing.assert_close(direction("Ring", less, more, torch.eye(D)).vector, -found.vector)
    wider = direction("Ring", more, less, 2.0 * torch.eye(D))
    assert wider.scale == pytest.approx(2.0 * found.scale, rel=1e-5)


def test_where_no_latent_lies_no_slider_goes():
    root = torch.diag(torch.tensor([1.0, 1.0, 0.1, 0.0]))
    moved = shrunk(torch.ones(4), root)
    assert moved[0] == pytest.approx(float(moved[1])) and moved[3] == 0.0
    assert 0.5 < moved[0] < 1.0 and moved[2] < 0.2 * moved[0]
    same = torch.randn(3, ROWS, 4)
    with pytest.raises(AudioError, match="cannot tell the two groups apart"):
        direction("x", same, same.clone(), root)


def test_a_trial_goes_on_where_it_stopped_and_reports_what_was_heard():
    slider = Direction("Ring", torch.eye(D)[0], 0.5, (0, 3), "your own sounds")
    trial = Trial(slider, Contrast("rate", 2.0, 3.0), seeds=(4, 5), positions=(-5.0, 0.0, 5.0))
    assert len(trial.left()) == 6 and trial.share == 0.0
    with pytest.raises(ValueError, match="not measured yet"):
        trial.report()
    for seed, position in trial.left()[:4]:
        trial.note(seed, position, np.array(list(measured(rate=0.2 * position + seed).values())))
    assert trial.left() == [(5, 0.0), (5, 5.0)] and trial.share == pytest.approx(4 / 6)
    for seed, position in trial.left():
        trial.note(seed, position, np.array(list(measured(rate=0.2 * position + seed).values())))
    report = trial.report()
    assert trial.share == 1.0 and report["descriptor"] == "rate" and report["seeds"] == 2
    figures = report["methods"][report["method"]]
    assert figures["r"]["rate"] == pytest.approx(1.0) and figures["slope"]["rate"] == pytest.approx(0.2)
    assert figures["r"]["brightness"] == 0.0 and report["curve"]["middle"] == pytest.approx([3.5, 4.5, 5.5])
    assert (report["apart"], report["deviations"]) == (2.0, 3.0)


def test_without_a_contrast_a_slider_is_known_by_what_it_moves_most():
    trial = Trial(Direction("x", torch.eye(D)[0], 1.0, (0, 3), "SeFa"), None, (1,), (-5.0, 5.0))
    for seed, position in trial.left():
        trial.note(seed, position, np.array(list(measured(decay=-position, distance=position).values())))
    report = trial.report()
    assert report["descriptor"] == "decay" and "apart" not in report


@pytest.fixture(scope="module")
def instrument(published):
    return StyleInstrument.load(published / "tiny", "cpu")


def test_an_instrument_makes_and_measures_a_slider_of_sounds(instrument):
    soft = [Example(f"tone {f}", Sound(0.2 * np.sin(np.arange(800) * f / 2500), 16000)) for f in (300, 400, 500)]
    trial = instrument.tell_apart("Noise", group(1, 2, 3), soft)
    assert trial.contrast is not None and trial.contrast.descriptor in NAMED
    assert trial.direction.vector.shape == (instrument.generator.config.w_dim,)
    heard = [instrument.hear(trial.direction, 7, position) for position in (-5.0, 0.0, 5.0)]
    assert not np.array_equal(heard[0], heard[2]) and all(np.isfinite(row).all() for row in heard)
    assert np.array_equal(instrument.hear(trial.direction, 7, -5.0), heard[0])


def test_sounds_of_any_length_and_rate_are_measured_as_the_model_could_make_them(instrument):
    seconds = instrument.codec.samples / instrument.codec.sample_rate
    long, stereo = noise(1, 3 * seconds), Sound(np.repeat(noise(1, 3 * seconds).samples, 2, axis=0), 16000)
    assert instrument.describe(long) == pytest.approx(instrument.describe(stereo))
    high = noise(1, seconds).resampled(96000)
    assert instrument.describe(high)["brightness"] == pytest.approx(
        instrument.describe(noise(1, seconds))["brightness"], abs=0.1
    )
