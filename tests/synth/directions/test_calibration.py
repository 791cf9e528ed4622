import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.directions.calibration import PLACES, SLIDER_END, Calibration

numbers = st.floats(-3.0, 3.0, allow_nan=False)


def test_a_position_is_the_place_where_the_descriptor_has_gone_so_far():
    curve = 2.0 * np.sinh(PLACES)
    for position in (-5.0, -1.5, 0.3, 4.0):
        place = Calibration("rate", 0.8).place(position, curve + 7.0)
        assert place == pytest.approx(np.arcsinh(0.4 * position), abs=0.03)


def test_where_it_goes_no_further_the_slider_has_come_to_its_end():
    curve = np.clip(PLACES, -1.0, 2.0)
    slider = Calibration("rate", 1.0)
    assert slider.place(5.0, curve) == pytest.approx(2.0, abs=0.2)
    assert slider.place(-5.0, curve) == pytest.approx(-1.0, abs=0.2)
    assert slider.place(5.0, np.zeros_like(PLACES)) == 0.0


def test_on_a_curve_that_goes_back_only_what_surpasses_counts():
    curve = PLACES + 1.5 * np.sin(3.0 * PLACES)
    slider = Calibration("rate", 1.0)
    places = [slider.place(p, curve) for p in np.linspace(0.0, 5.0, 101)]
    assert max(np.diff(places)) < 1.5 and min(np.diff(places)) >= 0.0
    for p in (1.0, 2.5, 4.0):
        assert np.interp(slider.place(p, curve), PLACES, curve) <= p + 1e-6


def test_a_step_below_zero_goes_the_other_way():
    falling = -2.0 * PLACES
    assert Calibration("rate", -1.0).place(3.0, falling) == pytest.approx(1.5)
    assert Calibration("rate", 1.0).place(3.0, falling) == 0.0, "nothing on this side grows"


@given(st.lists(numbers, min_size=len(PLACES), max_size=len(PLACES)), st.floats(0.01, 2.0))
def test_it_is_monotonic_on_its_own_side_and_rests_at_zero(values, step):
    slider = Calibration("rate", step)
    places = np.array([slider.place(p, np.array(values)) for p in np.linspace(-SLIDER_END, SLIDER_END, 21)])
    assert (np.diff(places) >= -1e-9).all() and places[10] == 0.0
    assert np.abs(places).max() <= SLIDER_END
