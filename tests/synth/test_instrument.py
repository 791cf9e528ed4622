from pathlib import Path

import numpy as np
import pytest

from synth.errors import PatchError
from synth.instrument import Instrument
from synth.patch import Patch


@pytest.fixture(scope="module")
def instrument(published: Path) -> Instrument:
    return Instrument.load(published / "tiny", "cpu")


def test_render_is_the_same_again_and_differs_by_seed(instrument: Instrument) -> None:
    patch = Patch(model="tiny", category="scrape", seed=3)
    first, again = instrument.render(patch), instrument.render(patch)
    assert first.samples.shape == (1, 1024) and first.sample_rate == 16000 and first.patch == patch
    assert np.array_equal(first.samples, again.samples)
    assert np.abs(first.samples).max() > 0.001
    other = instrument.render(Patch(model="tiny", category="scrape", seed=4))
    assert not np.allclose(first.samples, other.samples)


def test_render_is_the_same_on_any_number_of_threads(instrument: Instrument) -> None:
    import threading

    import torch

    sounds = []
    before = torch.get_num_threads()
    for threads in (1, 2):
        torch.set_num_threads(threads)
        sounds.append(instrument.render(Patch(model="tiny", seed=8)).samples)
        assert torch.get_num_threads() == threads
    torch.set_num_threads(before)
    worker = threading.Thread(target=lambda: sounds.append(instrument.render(Patch(model="tiny", seed=8)).samples))
    worker.start()
    worker.join()
    assert np.array_equal(sounds[0], sounds[1]) and np.array_equal(sounds[0], sounds[2])


def test_every_part_of_a_patch_changes_the_sound(instrument: Instrument) -> None:
    base = instrument.render(Patch(model="tiny", seed=1)).samples
    changed = {
        "category": Patch(model="tiny", seed=1, category="scrape"),
        "psi": Patch(model="tiny", seed=1, psi=0.2),
        "slider": Patch(model="tiny", seed=1, sliders={"Dim 1": 5.0}),
        "phase": Patch(model="tiny", seed=1, phase="griffin-lim"),
        "loudness": Patch(model="tiny", seed=1, lufs=-40.0),
        "fade": Patch(model="tiny", seed=1, fade_in=0.05),
        "latent": Patch(model="tiny", seed=1, latent=(0.5,) * 16),
    }
    for name, patch in changed.items():
        assert not np.allclose(base, instrument.render(patch).samples), name


def test_category_defaults_to_the_first(instrument: Instrument) -> None:
    named = instrument.render(Patch(model="tiny", category="hit")).samples
    assert np.array_equal(instrument.render(Patch(model="tiny")).samples, named)


def test_latent_may_be_z_w_or_w_plus(instrument: Instrument) -> None:
    g = instrument.generator.config
    for size in (g.z_dim, g.w_dim, g.num_ws * g.w_dim):
        instrument.render(Patch(model="tiny", latent=(0.1,) * size))
    w = instrument.latent(Patch(model="tiny", seed=5))
    as_latent = Patch(model="tiny", seed=5, latent=tuple(w[0, 0].tolist()))
    assert np.array_equal(instrument.render(as_latent).samples, instrument.render(Patch(model="tiny", seed=5)).samples)
    with pytest.raises(PatchError, match="do not fit"):
        instrument.render(Patch(model="tiny", latent=(0.1,) * 7))


def test_wrong_names_list_the_valid_ones(instrument: Instrument) -> None:
    with pytest.raises(PatchError, match="use hit, scrape"):
        instrument.render(Patch(model="tiny", category="piano"))
    with pytest.raises(PatchError, match="Dim 1"):
        instrument.render(Patch(model="tiny", sliders={"Brightness": 1.0}))
