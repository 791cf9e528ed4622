import json
import shutil
import threading
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from synth.checkpoint.store import CARD, catalogue, load_card, sha256
from synth.errors import AudioError, CheckpointError, PatchError
from synth.instruments.instrument import one_thread
from synth.instruments.style import StyleInstrument
from synth.patch.morph import Morph, Way
from synth.patch.patch import Patch
from synth.patch.residual import Products, Residual
from synth.sound.sound import Sound
from tests.harness.patience import PATIENCE


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

    before, inside = torch.get_num_threads(), threading.Barrier(2, timeout=PATIENCE)

    def play(first_out: threading.Event, mine: bool) -> None:
        with one_thread():
            inside.wait()
            if not mine:
                first_out.wait(PATIENCE)
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


def test_a_draft_is_the_sound_by_the_quickest_way_and_claims_only_its_own_patch(instrument: StyleInstrument) -> None:
    patch = Patch(model="tiny", seed=8, phase="griffin-lim", fade_in=0.01)
    draft = instrument.draft(patch)
    assert np.array_equal(draft.samples, instrument.render(replace(patch, phase="texture")).samples)
    assert draft.patch is None
    assert instrument.draft(replace(patch, phase="texture")).patch == replace(patch, phase="texture")


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


def test_at_psi_0_all_seeds_lie_at_one_place_of_their_category(instrument: StyleInstrument) -> None:
    def place(seed: int, category: str, psi: float = 0.0) -> torch.Tensor:
        return instrument.latent(Patch(model="tiny", seed=seed, category=category, psi=psi))

    torch.testing.assert_close(place(1, "hit"), place(2, "hit"))
    torch.testing.assert_close(place(1, "scrape"), place(2, "scrape"))
    assert not torch.allclose(place(1, "hit"), place(1, "scrape"), atol=1e-3)
    assert not torch.allclose(place(1, "hit", 1.0), place(2, "hit", 1.0), atol=1e-3)


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
    from synth.checkpoint import named_directions

    folder = Path(shutil.copytree(published / "tiny", tmp_path / "tiny"))
    generator = load_card(folder).files["generator.safetensors"]
    loaded = StyleInstrument.load(folder, "cpu")
    first = loaded.direction("SeFa 2 [1-3]")
    vector = tuple(first.vector.tolist())
    named_directions.add(
        folder, generator, named_directions.Own("Wobble", vector, first.scale, first.layers, first.provenance), ()
    )
    assert [d["name"] for d in catalogue(tmp_path)["tiny"].directions][-1] == "Wobble"
    assert catalogue(tmp_path)["tiny"].directions[-1]["own"]
    named = StyleInstrument.load(folder, "cpu")
    by_name = named.render(Patch("tiny", seed=3, sliders={"Wobble": 2.0})).samples
    assert np.array_equal(by_name, named.render(Patch("tiny", seed=3, sliders={"SeFa 2 [1-3]": 2.0})).samples)
    named_directions.add(folder, generator, named_directions.Own("Short", (1.0,), 1.0, (0, 1), ""), ())
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


def ringing(instrument: StyleInstrument) -> Sound:
    """Two decaying tones, which a model of noise does not make."""
    t = np.arange(instrument.codec.samples) / 16000
    x = sum(np.sin(2 * np.pi * f * t) * np.exp(-40 * t) for f in (1500, 3500))
    return Sound((0.5 * x).astype(np.float32)[None], 16000)


def apart(instrument: StyleInstrument, patch: Patch, sound: Sound) -> float:
    """Decibels between what a patch plays and a sound, over what is heard of the sound."""
    wanted, made = (
        instrument.codec.encode(torch.from_numpy(of.samples[:, : instrument.codec.samples]))[0]
        for of in (sound, instrument.render(replace(patch, start=False, lufs=None)))
    )
    return float((made - wanted).abs()[wanted > 0.0].mean()) * 40.0


def test_what_a_model_cannot_make_is_kept_and_heard_by_its_amount(instrument: StyleInstrument) -> None:
    sound = ringing(instrument)
    bare = Patch("tiny", "hit", 3, latent=instrument.encode(sound))
    whole = instrument.completed(bare, sound)
    assert whole.residual and len(whole.residual) <= 16000 and whole == whole.linked()
    half, none = (replace(whole, residual_amount=share) for share in (0.5, 0.0))
    distances = [apart(instrument, patch, sound) for patch in (none, half, whole)]
    assert distances[2] < distances[1] < distances[0] and distances[2] < 0.5 * distances[0]
    assert np.array_equal(instrument.render(none).samples, instrument.render(replace(none, residual=None)).samples)
    again = Patch.from_query(whole.to_query())
    assert again == whole and np.array_equal(instrument.render(again).samples, instrument.render(whole).samples)
    assert instrument.render(whole).patch == whole


def test_sliders_decoder_and_pictures_work_above_what_is_kept(instrument: StyleInstrument) -> None:
    sound = ringing(instrument)
    whole = instrument.completed(Patch("tiny", "hit", 3, latent=instrument.encode(sound)), sound)
    plain = instrument.render(whole).samples
    moved = [replace(whole, sliders={"Dim 1": 4.0}), replace(whole, pitch=5.0), replace(whole, width=1.0)]
    for patch in moved:
        made = instrument.render(patch).samples
        assert np.isfinite(made).all() and (made.shape != plain.shape or not np.array_equal(made, plain))
    assert not np.array_equal(instrument.picture(whole), instrument.picture(replace(whole, residual=None)))
    slid = instrument.completed(moved[0], sound)
    assert slid.sliders == moved[0].sliders and apart(instrument, slid, sound) < 0.7 * apart(
        instrument, moved[0], sound
    )


def test_a_morph_crosses_over_from_one_residual_to_another(instrument: StyleInstrument) -> None:
    sound = ringing(instrument)
    a = instrument.completed(Patch("tiny", "hit", 3, latent=instrument.encode(sound)), sound)
    b = Patch("tiny", "scrape", 5)
    ends = [instrument.morphed(Morph((a, b), x=x)) for x in (0.0, 0.5, 1.0)]
    assert ends[0].residual == a.residual and ends[2].residual is None
    half = ends[1].kept
    assert half is not None
    wanted = 0.5 * a.kept[0].mean.map()
    assert np.abs(half[0].mean.map() - wanted).max() < 0.05 * np.abs(wanted).max()
    both = instrument.morphed(Morph((a, replace(a, seed=4)), x=0.3)).kept
    assert np.abs(both[0].mean.map() - a.kept[0].mean.map()).max() < 0.05 * np.abs(wanted).max()
    bare = replace(a, residual=None)
    kept, lacking = (list(instrument.glide(Way(Morph((of, b)), seconds=1.0)))[-1].maps.mean for of in (a, bare))
    assert kept.shape == lacking.shape and not np.array_equal(kept, lacking)


def test_a_residual_of_another_model_is_one_sentence(instrument: StyleInstrument) -> None:
    rng = np.random.default_rng(0)
    other = Residual(*(Products.of(rng.standard_normal((1, 8)), rng.standard_normal((1, 9))) for _ in range(2)))
    patch = Patch("tiny", latent=instrument.encode(ringing(instrument)), residual=other.to_text())
    with pytest.raises(PatchError, match="is not of a sound of tiny: leave it out"):
        instrument.render(patch)


def test_a_slider_is_found_in_any_case(instrument: StyleInstrument) -> None:
    right = instrument.render(Patch("tiny", seed=3, sliders={"Dim 1": 2.0, "SeFa 2": 1.0}))
    other = instrument.render(Patch("tiny", seed=3, sliders={"dim 1": 2.0, "sefa 2": 1.0}))
    assert np.array_equal(right.samples, other.samples) and other.patch == right.patch
    with pytest.raises(PatchError, match="one slider is named twice"):
        instrument.render(Patch("tiny", sliders={"Dim 1": 2.0, "DIM 1": 1.0}))
    with pytest.raises(PatchError, match="use one of Dim 1, Dim 2"):
        instrument.render(Patch("tiny", sliders={"bright": 1.0}))


@pytest.mark.parametrize("threads", [1, 3])
def test_many_sounds_are_those_of_one_at_a_time(instrument: StyleInstrument, threads: int) -> None:
    seeds = [Patch(model="tiny", category="hit", seed=seed, lufs=-30.0) for seed in range(18)]
    patches = [*seeds, replace(seeds[0], sliders={"dim 1": 2.0}), replace(seeds[1], loop=True, length=0.6)]
    for patch, sound in zip(patches, instrument.renders(patches, threads), strict=True):
        alone = instrument.render(patch)
        assert (sound.patch, sound.loop) == (alone.patch, alone.loop)
        assert np.array_equal(sound.samples, alone.samples)
    assert list(instrument.renders([])) == []


def test_a_settled_patch_sounds_as_before_and_has_no_sliders(instrument: StyleInstrument) -> None:
    patch = Patch(model="tiny", category="scrape", seed=4, psi=0.7, sliders={"Dim 1": 1.0, "SeFa 2 [0-3]": -1.0})
    settled = instrument.settled(patch)
    assert not settled.sliders and settled.psi == 1.0 and instrument.settled(settled) == settled
    assert np.array_equal(instrument.render(settled).samples, instrument.render(patch).samples)
