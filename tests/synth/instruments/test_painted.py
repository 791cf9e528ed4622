"""Strokes and fills on the sounds of a trained model."""

from dataclasses import replace

import numpy as np
import pytest

from synth.errors import PatchError
from synth.instruments.filling import ALIKE_DB, PROPOSALS
from synth.instruments.loading import load
from synth.patch.morph import Morph
from synth.patch.patch import Patch
from synth.patch.strokes import Stroke, text

BAND = ((0.0, 0.25), (1.0, 0.25), (1.0, 0.5), (0.0, 0.5))
RAIN = Patch("environmental", "rain", seed=3, lufs=None)


@pytest.fixture(scope="module")
def instrument():
    return load("environmental", "cpu")


def on(patch: Patch, *strokes: Stroke) -> Patch:
    return replace(patch, strokes=text(strokes))


def band_db(samples: np.ndarray, rate: int, low: float, high: float) -> float:
    """Power of mono samples between two frequencies in Hz, in dB of all their power."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    hertz = np.fft.rfftfreq(samples.size, 1.0 / rate)
    inside = (hertz >= low) & (hertz < high)
    return float(10.0 * np.log10(power[inside].sum() / power[~inside].sum()))


def test_an_area_that_is_raised_is_heard_louder_by_as_much_and_is_still_noise(instrument) -> None:
    plain, louder = (instrument.render(p) for p in (RAIN, on(RAIN, Stroke("region", BAND, gain=12.0, size=(0, 0)))))
    rate = plain.sample_rate
    gained = band_db(louder.samples[0], rate, 2100, 3900) - band_db(plain.samples[0], rate, 2100, 3900)
    assert gained == pytest.approx(12.0, abs=1.5)
    spectrum = np.abs(np.fft.rfft(louder.samples[0]))
    inside = spectrum[np.abs(np.fft.rfftfreq(louder.samples.shape[1], 1 / rate) - 3000) < 800]
    assert np.sort(inside)[-5:].mean() < 6.0 * np.sqrt((inside**2).mean()), "no bin stands out: it is noise"


def test_strokes_move_with_pitch_and_time(instrument) -> None:
    """What was erased stays silent, at its new place."""
    gap = Stroke("eraser", ((0.5, 0.5),), size=(0.1, 1.0), softness=0.2)
    for change, where in (({}, 2.0), ({"stretch": 2.0}, 4.0), ({"pitch": 7.0}, 2.0)):
        sound = instrument.render(replace(on(RAIN, gap), **change))
        samples, rate = sound.samples[0], sound.sample_rate
        level = [np.sqrt((samples[round(t * rate) :][: rate // 20] ** 2).mean()) for t in (where, 0.4 * where)]
        assert level[0] < 0.03 * level[1], change


def test_the_same_strokes_are_the_same_bytes_one_at_a_time_and_together(instrument) -> None:
    patches = [on(replace(RAIN, seed=seed), Stroke("brush", ((0.2, 0.3), (0.7, 0.6)))) for seed in (1, 2)]
    together = list(instrument.renders(patches))
    for patch, sound in zip(patches, together, strict=True):
        np.testing.assert_array_equal(instrument.render(patch).samples, sound.samples)
    assert not np.array_equal(together[0].samples, instrument.render(replace(patches[0], strokes=None)).samples)


def test_fills_fit_differ_and_are_heard(instrument) -> None:
    box = Stroke("fill", ((0.3, 0.2), (0.6, 0.2), (0.6, 0.8), (0.3, 0.8)), size=(0.05, 0.05))
    found = instrument.fills(RAIN, box)
    assert 1 < len(found) <= PROPOSALS and len({stroke.seed for stroke in found}) == len(found)
    before = instrument.picture(RAIN).astype(float)
    shown = [instrument.picture(on(RAIN, stroke)).astype(float) for stroke in found]
    bins, frames = before.shape
    inside = np.s_[bins // 3 : 2 * bins // 3, frames * 2 // 5 : frames // 2]
    assert all(np.abs(one - before)[inside].mean() > ALIKE_DB for one in shown)
    assert all(np.abs(one - before)[:, : frames // 5].mean() < 1.0 for one in shown), "what is outside stays"
    again = instrument.fills(RAIN, box)
    assert again == found


def test_a_morph_has_strokes_by_weight(instrument) -> None:
    brush = Stroke("brush", ((0.5, 0.5),))
    morph = Morph((on(RAIN, brush), replace(RAIN, seed=9)), x=0.25, pace="linear")
    (stroke,) = instrument.morphed(morph).painted
    assert stroke.amount == pytest.approx(0.75, abs=0.01)


def test_only_an_area_is_filled(instrument) -> None:
    with pytest.raises(PatchError, match="send a stroke with the tool fill"):
        instrument.fills(RAIN, Stroke("brush", ((0.5, 0.5),)))
