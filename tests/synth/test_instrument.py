import json
import shutil
import threading
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from synth.checkpoint import CARD, catalogue, load_card, sha256
from synth.errors import AudioError, CheckpointError, PatchError
from synth.instrument import one_thread
from synth.patch import Patch
from synth.sound import Sound
from synth.style import StyleInstrument


@pytest.fixture(scope="module")
def instrument(published: Path) -> StyleInstrument:
    return StyleInstrument.load(published / "tiny", "cpu")


def test_render_is_the_same_again_and_differs_by_seed(instrument: StyleInstrument) -> None:
    patch = Patch(model="tiny", category="scrape", seed=3)
    first, again = instrument.render(patch), instrument.render(patch)
    assert first.samples.shape == (1, 1024) and first.sample_rate == 16000 and first.patch == patch
    assert np.array_equal(first.samples, again.samples)
    assert np.abs(first.samples).max() > 0.001
    other = instrument.render(Patch(model="tiny", category="scrape", seed=4))
    assert not np.allclose(first.samples, other.samples)


def test_render_is_the_same_on_any_number_of_threads(instrument: StyleInstrument) -> None:
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


def test_two_models_at_once_leave_the_count_of_threads_as_it_was() -> None:
    import torch

    before, inside = torch.get_num_threads(), threading.Barrier(2, timeout=30)

    def play(first_out: threading.Event, mine: bool) -> None:
        with one_thread():
            inside.wait()
            if not mine:
                first_out.wait(30)
        first_out.set()

    torch.set_num_threads(2)
    left = threading.Event()
    players = [threading.Thread(target=play, args=(left, mine)) for mine in (True, False)]
    for player in players:
        player.start()
    for player in players:
        player.join()
    seen: list[int] = []
    after = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
    after.start()
    after.join()
    torch.set_num_threads(before)
    assert seen == [2]


def test_a_draft_is_the_same_sound_by_pghi_alone_and_claims_no_patch(instrument: StyleInstrument) -> None:
    patch = Patch(model="tiny", seed=8, phase="griffin-lim", fade_in=0.01)
    draft = instrument.draft(patch)
    assert np.array_equal(draft.samples, instrument.render(replace(patch, phase="pghi")).samples)
    assert draft.patch is None


def test_weights_that_are_kept_change_nothing(instrument: StyleInstrument) -> None:
    from synth.models.layers import ModulatedConv

    patch = Patch(model="tiny", seed=8)
    kept = instrument.render(patch).samples
    layers = [layer for layer in instrument.generator.modules() if isinstance(layer, ModulatedConv)]
    for layer in layers:
        layer.kept = None
    bare = instrument.render(patch).samples
    for layer in layers:
        layer.keep()
    assert layers and np.array_equal(bare, kept)


def test_every_part_of_a_patch_changes_the_sound(instrument: StyleInstrument) -> None:
    base = instrument.render(Patch(model="tiny", seed=1)).samples
    changed = {
        "category": Patch(model="tiny", seed=1, category="scrape"),
        "psi": Patch(model="tiny", seed=1, psi=0.2),
        "slider": Patch(model="tiny", seed=1, sliders={"Dim 1": 5.0}),
        "phase": Patch(model="tiny", seed=1, phase="griffin-lim"),
        "loudness": Patch(model="tiny", seed=1, lufs=-40.0),
        "fade": Patch(model="tiny", seed=1, fade_in=0.05),
        "latent": Patch(model="tiny", seed=1, latent=(0.5,) * 16),
        "prototype": Patch(model="tiny", seed=1, prototype="scrape", pull=0.5),
    }
    for name, patch in changed.items():
        assert not np.allclose(base, instrument.render(patch).samples), name


def test_category_defaults_to_the_first(instrument: StyleInstrument) -> None:
    named = instrument.render(Patch(model="tiny", category="hit")).samples
    assert np.array_equal(instrument.render(Patch(model="tiny")).samples, named)


def test_latent_may_be_z_w_or_w_plus(instrument: StyleInstrument) -> None:
    g = instrument.generator.config
    for size in (g.z_dim, g.w_dim, g.num_ws * g.w_dim):
        instrument.render(Patch(model="tiny", latent=(0.1,) * size))
    w = instrument.latent(Patch(model="tiny", seed=5))
    as_latent = Patch(model="tiny", seed=5, latent=tuple(w[0, 0].tolist()))
    assert np.array_equal(instrument.render(as_latent).samples, instrument.render(Patch(model="tiny", seed=5)).samples)
    with pytest.raises(PatchError, match="do not fit"):
        instrument.render(Patch(model="tiny", latent=(0.1,) * 7))


def test_wrong_names_list_the_valid_ones(instrument: StyleInstrument) -> None:
    with pytest.raises(PatchError, match="use hit, scrape"):
        instrument.render(Patch(model="tiny", category="piano"))
    with pytest.raises(PatchError, match="Dim 1"):
        instrument.render(Patch(model="tiny", sliders={"Brightness": 1.0}))
    with pytest.raises(PatchError, match="'rain' is no prototype of tiny: use hit, scrape"):
        instrument.render(Patch(model="tiny", prototype="rain", pull=0.5))


def test_a_prototype_pulls_all_the_way_to_the_centre_of_its_category(instrument: StyleInstrument) -> None:
    def pulled(seed: int, amount: float) -> np.ndarray:
        return instrument.synthesise(Patch(model="tiny", seed=seed, prototype="scrape", pull=amount)).numpy()

    centre = instrument.synthesise(Patch(model="tiny", seed=1, category="scrape", psi=0.0)).numpy()
    np.testing.assert_allclose(pulled(1, 1.0), centre, atol=1e-3)  # weights are stored in half precision
    np.testing.assert_array_equal(pulled(1, 0.0), instrument.synthesise(Patch(model="tiny", seed=1)).numpy())
    away = [np.abs(pulled(1, amount) - centre).mean() for amount in (0.0, 0.5, 0.9)]
    assert away == sorted(away, reverse=True)


def test_directions_of_another_model_are_refused(published: Path, tmp_path: Path) -> None:
    shutil.copytree(published / "tiny", tmp_path / "tiny")
    for name in ("directions", "prototypes"):
        stored = load_file(published / "tiny" / f"{name}.safetensors")
        save_file({name: stored[name][:, :8].contiguous()}, tmp_path / "tiny" / f"{name}.safetensors")
        card = load_card(tmp_path / "tiny")
        files = card.files | {f"{name}.safetensors": sha256(tmp_path / "tiny" / f"{name}.safetensors")}
        (tmp_path / "tiny" / CARD).write_text(json.dumps(replace(card, files=files).to_dict()))
        with pytest.raises(CheckpointError, match="does not hold what its card says"):
            StyleInstrument.load(tmp_path / "tiny")
        shutil.copytree(published / "tiny", tmp_path / "tiny", dirs_exist_ok=True)


def test_directions_are_found_when_a_patch_names_them(instrument: StyleInstrument) -> None:
    bare = instrument.render(Patch("tiny", seed=3)).samples
    sounds = [bare]
    for name in ("SeFa 1", "SeFa 1 [1-2]", "PCA 1"):
        moved = instrument.render(Patch("tiny", seed=3, sliders={name: 3.0})).samples
        assert all(not np.array_equal(moved, other) for other in sounds)
        sounds.append(moved)
        assert np.array_equal(moved, instrument.render(Patch("tiny", seed=3, sliders={name: 3.0})).samples)
    assert [d.name for d in instrument.factors("PCA", (0, 1), 2)] == ["PCA 1 [0-1]", "PCA 2 [0-1]"]
    for name in ("SeFa 9999", "SeFa 1 [0-99]", "Nonsense"):
        with pytest.raises(PatchError, match="no direction of this model"):
            instrument.render(Patch("tiny", sliders={name: 1.0}))


def test_the_directions_that_a_person_named(published: Path, tmp_path: Path) -> None:
    from synth import own

    folder = Path(shutil.copytree(published / "tiny", tmp_path / "tiny"))
    generator = load_card(folder).files["generator.safetensors"]
    loaded = StyleInstrument.load(folder, "cpu")
    first = loaded.direction("SeFa 2 [1-3]")
    vector = tuple(first.vector.tolist())
    own.add(folder, generator, own.Own("Wobble", vector, first.scale, first.layers, first.provenance), ())
    assert [d["name"] for d in catalogue(tmp_path)["tiny"].directions][-1] == "Wobble"
    assert catalogue(tmp_path)["tiny"].directions[-1]["own"]
    named = StyleInstrument.load(folder, "cpu")
    by_name = named.render(Patch("tiny", seed=3, sliders={"Wobble": 2.0})).samples
    assert np.array_equal(by_name, named.render(Patch("tiny", seed=3, sliders={"SeFa 2 [1-3]": 2.0})).samples)
    own.add(folder, generator, own.Own("Short", (1.0,), 1.0, (0, 1), ""), ())
    with pytest.raises(CheckpointError, match="Short"):
        StyleInstrument.load(folder, "cpu")


def test_a_sound_is_encoded_and_refined(instrument: StyleInstrument) -> None:
    sound = instrument.render(Patch("tiny", "scrape", 5))
    latent = instrument.encode(sound)
    assert latent == instrument.encode(sound)
    patch = Patch("tiny", "scrape", 5, latent=latent)
    assert instrument.render(patch).samples.shape == sound.samples.shape
    steps = list(islice(instrument.refine(patch, sound), 7))
    assert len(steps) == 7 and steps[-1].loss <= steps[0].loss
    assert tuple(steps[0].ws.flatten().tolist()) == latent
    nearer = replace(patch, latent=tuple(steps[-1].ws.flatten().tolist()))
    assert not np.array_equal(instrument.render(nearer).samples, instrument.render(patch).samples)
    short = Sound(sound.samples[:, :300], sound.sample_rate)
    assert instrument.encode(short) != latent
    with pytest.raises(AudioError, match="silent"):
        instrument.encode(Sound(np.zeros((1, 400), np.float32), 16000))
