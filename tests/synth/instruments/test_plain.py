"""Instruments of the plain families: patches to sounds, around a z and between two, and what they refuse."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from synth.checkpoint.families import CATEGORY, PLAIN, can
from synth.errors import CheckpointError, PatchError
from synth.instruments.instrument import Instrument
from synth.instruments.loading import load
from synth.instruments.plain import PlainInstrument
from synth.instruments.style import StyleInstrument
from synth.patch.patch import Patch


@pytest.fixture(scope="module", params=PLAIN)
def instrument(request: pytest.FixtureRequest, families: Path) -> Instrument:
    return load(families / request.param, "cpu")


def test_a_patch_is_the_same_sound_again_and_another_seed_another(instrument: Instrument) -> None:
    patch = Patch(instrument.card.id, seed=3)
    first, again, other = (instrument.render(p) for p in (patch, patch, replace(patch, seed=4)))
    assert first.sample_rate == instrument.card.sample_rate and first.samples.shape == (1, instrument.codec.samples)
    assert np.isfinite(first.samples).all() and np.abs(first.samples).max() > 0.0
    assert np.array_equal(first.samples, again.samples) and not np.array_equal(first.samples, other.samples)


def test_variations_are_nearer_at_a_smaller_scale(instrument: Instrument) -> None:
    patch = Patch(instrument.card.id, seed=3)
    here = instrument.synthesise(patch)

    def moved(scale: float) -> float:
        return float(
            np.mean([(instrument.synthesise(p) - here).abs().mean() for p in instrument.varied(patch, scale, 3, 0)])
        )

    assert 0.0 < moved(0.05) < moved(0.3) < moved(2.0)
    assert instrument.varied(patch, 0.1, 4, 0)[:2] == instrument.varied(patch, 0.1, 2, 0)


def test_interpolation_goes_from_one_to_the_other(instrument: Instrument) -> None:
    a, b = Patch(instrument.card.id, seed=1), Patch(instrument.card.id, seed=2)
    way = [instrument.synthesise(patch) for patch in instrument.between(a, b, 10)]
    assert len(way) == 10
    assert np.allclose(way[0], instrument.synthesise(a)) and np.allclose(way[-1], instrument.synthesise(b))
    steps = [float((p - q).abs().mean()) for p, q in pairwise(way)]
    assert max(steps) < float((way[0] - way[-1]).abs().mean())
    with pytest.raises(PatchError, match="2 or more"):
        instrument.between(a, b, 1)


def test_what_needs_a_space_w_is_refused(instrument: Instrument) -> None:
    model = instrument.card.id
    for wrong in (Patch(model, sliders={"Brightness": 1.0}), Patch(model, prototype="hit")):
        with pytest.raises(PatchError, match="no latent space W"):
            instrument.render(wrong)
    with pytest.raises(PatchError, match="latent"):
        instrument.render(Patch(model, latent=(0.0, 1.0)))


def test_categories_are_asked_for_where_there_are_some(instrument: Instrument) -> None:
    model = instrument.card.id
    if can(instrument.card.family, CATEGORY):
        hit, scrape = (instrument.synthesise(Patch(model, category, 1)) for category in ("hit", "scrape"))
        assert not np.allclose(hit, scrape)
        with pytest.raises(PatchError, match="use hit, scrape"):
            instrument.render(Patch(model, "dog"))
    else:
        assert instrument.card.categories == ()
        with pytest.raises(PatchError, match="leave it out"):
            instrument.render(Patch(model, "hit"))


def test_each_family_has_its_own_instrument(families: Path) -> None:
    assert isinstance(load(families / "tiny", "cpu"), StyleInstrument)
    with pytest.raises(CheckpointError, match="no latent space W"):
        StyleInstrument.load(families / "soundgan", "cpu")
    with pytest.raises(CheckpointError, match="is no plain GAN"):
        PlainInstrument.load(families / "tiny", "cpu")
