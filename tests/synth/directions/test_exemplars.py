"""Exemplars sound as their settings say."""

from dataclasses import replace

import numpy as np
import pytest

from synth.audio.descriptors import describe
from synth.directions.exemplars import MATERIALS, Bubbles, Bursts, Scrapes, Strikes, farther, synthesise
from synth.errors import AudioError

RATE = 16000
KINDS = (Bursts(), Strikes(), Scrapes(), Bubbles())


def heard(exemplar, seconds=2.0):
    return describe(synthesise(exemplar, seconds, RATE), RATE)


@pytest.mark.parametrize("exemplar", KINDS, ids=lambda e: type(e).__name__)
def test_the_same_settings_and_seed_give_the_same_samples(exemplar):
    x = synthesise(exemplar, 1.5, RATE, seed=3)
    assert x.shape == (24000,) and x.dtype == np.float32
    assert np.isfinite(x).all() and np.abs(x).max() == pytest.approx(1.0)
    assert np.array_equal(x, synthesise(exemplar, 1.5, RATE, seed=3))
    assert not np.array_equal(x, synthesise(exemplar, 1.5, RATE, seed=4))


@pytest.mark.parametrize("exemplar", KINDS, ids=lambda e: type(e).__name__)
def test_more_events_measure_denser(exemplar):
    sparse, dense = (heard(replace(exemplar, count=count, irregularity=0.0)) for count in (2, 12))
    assert dense["rate"] > sparse["rate"] + 1.0


@pytest.mark.parametrize("exemplar", KINDS, ids=lambda e: type(e).__name__)
def test_no_events_are_silence(exemplar):
    assert not synthesise(replace(exemplar, count=0), 1.0, RATE).any()


def test_bursts_keep_to_their_band_and_width():
    low, high = heard(Bursts(low=50, high=400)), heard(Bursts(low=4000, high=7000))
    assert low["brightness"] < -1.0 and high["brightness"] == pytest.approx(np.log2(5.5), abs=0.2)
    x = synthesise(Bursts(width=0.1, count=1, order=0, fade_out=0.0), 1.0, RATE)
    assert np.flatnonzero(x)[[0, -1]].tolist() == [0, 1599]
    assert heard(Bursts(width=0.5))["sustain"] > heard(Bursts(width=0.05))["sustain"]
    assert not synthesise(Bursts(low=900, high=300), 1.0, RATE).any(), "an empty band"
    assert not synthesise(Bursts(width=0.0), 1.0, RATE).any()


def test_fades_shape_every_burst():
    def energy(x):
        return np.square(x.reshape(4, -1)).sum(1)

    whole = Bursts(width=1.0, count=1, order=0, fade_out=0.0)
    assert energy(synthesise(whole, 1.0, RATE)).std() < 0.1 * energy(synthesise(whole, 1.0, RATE)).mean()
    rising = energy(synthesise(replace(whole, fade_in=1.0), 1.0, RATE))
    steeper = energy(synthesise(replace(whole, fade_in=1.0, exponent=4.0), 1.0, RATE))
    assert (np.diff(rising) > 0).all() and steeper[0] / steeper[-1] < rising[0] / rising[-1]


def test_irregularity_moves_the_onsets():
    def gaps(irregularity):
        x = synthesise(Bursts(width=0.002, count=8, irregularity=irregularity, order=0), 2.0, RATE)
        at = np.flatnonzero(x)
        return np.diff(at[np.diff(at, prepend=-1000) > 100])

    assert np.ptp(gaps(0.0)) <= 2 and np.ptp(gaps(1.0)) > 1000


def test_materials_ring_as_long_as_they_lose_little():
    decays = [heard(Strikes(material=m, shape="plate", size=0.3))["decay"] for m in MATERIALS]
    assert decays == sorted(decays, reverse=True), "from metal to rubber"


def test_hard_mallets_and_small_things_are_brighter():
    struck = Strikes(material="metal", shape="plate", size=0.3)
    assert heard(replace(struck, hardness=1.0))["brightness"] > heard(replace(struck, hardness=0.0))["brightness"]
    assert heard(replace(struck, size=0.1))["brightness"] > heard(replace(struck, size=0.5))["brightness"]
    assert heard(Bubbles(radius=0.001))["brightness"] > heard(Bubbles(radius=0.006))["brightness"]
    assert heard(Scrapes(speed=2.0))["brightness"] > heard(Scrapes(speed=0.3, resonance=400))["brightness"]


def test_scrapes_rise_slowly_and_hits_at_once():
    assert heard(Scrapes(count=1))["attack"] > heard(Strikes())["attack"] + 1.0


def test_farther_measures_farther():
    x = synthesise(Strikes(material="glass", count=4), 2.0, RATE)
    measured = [describe(farther(x, RATE, metres), RATE)["distance"] for metres in (1.0, 4.0, 16.0)]
    assert measured == sorted(measured) and measured[-1] > measured[0] + 6.0
    assert not farther(np.zeros(RATE), RATE, 4.0).any()


@pytest.mark.parametrize(
    ("exemplar", "named"),
    [
        (Bursts(width=-1.0), "width"),
        (Bursts(order=99), "order"),
        (Bursts(low=float("nan")), "low"),
        (Strikes(material="cheese"), "material"),
        (Strikes(shape="ring"), "shape"),
        (Bubbles(radius=0.0), "radius"),
        (Scrapes(count=10**9), "count"),
    ],
)
def test_settings_out_of_range_are_named(exemplar, named):
    with pytest.raises(AudioError, match=f"^{named} must"):
        synthesise(exemplar, 1.0, RATE)
