"""What stands together on Generators: its link, what its controls do to it, and its files."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from app.server.instruments import SharedInstrument
from app.session import batch
from app.session.batch import MODES, Batch
from synth.checkpoint.store import Card, catalogue
from synth.errors import PatchError
from synth.patch.patch import Patch
from synth.sound.sound import Sound

NEAR = Patch(seed=3, latent=(0.5, -1.0))
FULL = Batch("cgan", "hit", 7, 0.75, "seeds", 12, "tiny", 0.25, 9, NEAR, Patch(seed=1), NEAR)


def card(model: str, categories: tuple[str, ...], z_dim: int = 2) -> Card:
    return Card(model, model.title(), "cgan", categories, 16000, 1.0, {}, {"z_dim": z_dim})


CARDS = {
    "a": card("a", ("hit", "scrape")),
    "b": card("b", ("rain", "scrape"), 3),
    "c": card("c", ()),
    "d": card("d", ("birds",)),
}


@pytest.mark.parametrize("mode", MODES)
def test_a_link_keeps_what_its_mode_shows(mode):
    full = replace(FULL, mode=mode)
    opened = Batch.from_query(full.to_query())
    for name in ("model", "category", "seed", "psi", "mode", *MODES[mode]):
        assert getattr(opened, name) == getattr(full, name)
    assert Batch.from_query(opened.to_query()) == opened


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("%", "batch"),
        ("m", "batch"),
        ("mode=x", "mode"),
        ("count=0", "count"),
        ("count=26", "count"),
        ("count=1e1", "count"),
        ("roll=-1", "roll"),
        ("scale=nan", "scale"),
        ("scale=7", "scale"),
        ("scale=x", "scale"),
        ("other=../x", "model"),
        ("centre=q%3D1", "'q'"),
        ("a=s%3Dx", "seed"),
        ("s=-1", "seed"),
        ("p=9", "psi"),
        ("m=/etc", "model"),
    ],
)
def test_a_bad_link_names_its_field(query, field):
    with pytest.raises(PatchError) as error:
        Batch.from_query(query)
    assert error.value.field == field


def test_what_the_models_do_not_have_is_left_out_and_said():
    fit, sentence = batch.fitted(Batch("nope"), CARDS)
    assert fit == Batch("a", "hit") and "nope" in sentence and "a, b, c, d" in sentence
    fit, sentence = batch.fitted(Batch("a", "rain", 4), CARDS)
    assert fit == Batch("a", "hit", 4) and "rain" in sentence
    fit, sentence = batch.fitted(Batch("b", "rain", centre=NEAR, a=Patch(seed=2)), CARDS)
    assert fit == Batch("b", "rain", a=Patch(seed=2)) and "centre" in sentence
    fit, sentence = batch.fitted(Batch("c", "hit"), CARDS)
    assert fit.category is None and "hit" in sentence
    fit, sentence = batch.fitted(Batch("a", "scrape", mode="compare", other="gone"), CARDS)
    assert fit.other == "b" and "gone" in sentence
    assert batch.fitted(Batch("a", "hit", centre=NEAR), CARDS) == (Batch("a", "hit", centre=NEAR), None)
    assert batch.fitted(Batch("a"), CARDS) == (Batch("a", "hit"), None), "the first category is spelled out"


def test_another_model_keeps_seeds_and_takes_the_categories_it_has():
    begun = Batch("a", "scrape", 5, centre=NEAR, b=Patch(seed=8))
    assert batch.with_model(begun, CARDS["b"]) == Batch("b", "scrape", 5, b=Patch(seed=8))
    assert batch.with_model(begun, CARDS["c"]).category is None
    assert batch.with_model(begun, CARDS["d"]).category == "birds"


def test_two_models_are_compared_on_a_category_of_both():
    both = batch.compared(Batch("a", "scrape"), CARDS)
    assert (both.other, both.category, batch.choices(both, CARDS)) == ("b", "scrape", ("scrape",))
    assert batch.compared(Batch("a", "hit", other="b"), CARDS).category == "scrape"
    free = batch.compared(Batch("a", "hit", other="c"), CARDS)
    assert free.category == "hit" and batch.choices(free, CARDS) == ("hit", "scrape")
    assert batch.beside(free, CARDS["c"]).category is None
    assert batch.beside(batch.compared(Batch("a", "hit", other="d"), CARDS), CARDS["d"]).category == "birds"
    assert batch.compared(Batch("a", "hit", other="a"), CARDS).other == "b", "never beside itself"
    assert batch.compared(Batch("a", "hit"), {"a": CARDS["a"]}).other is None


def test_seeds_go_round_and_files_have_names_of_their_own(tiny_checkpoint):
    shared = SharedInstrument(tiny_checkpoint / "tiny", "cpu")
    last = Batch("tiny", "hit", 2**32 - 1, count=2)
    assert [item.patch for item in batch.items(last, shared)] == [
        Patch("tiny", "hit", 2**32 - 1),
        Patch("tiny", "hit", 0),
    ]
    for mode, count in (("seeds", 25), ("around", 26), ("between", 10)):
        found = batch.items(Batch("tiny", "hit", 3, 0.5, mode, 25), shared)
        assert len({item.stem for item in found}) == len({item.patch for item in found}) == count
        assert all(item.stem.startswith("tiny_hit_s3") for item in found) or mode == "seeds"
        assert all(item.patch.psi == 0.5 for item in found)


def test_variations_and_steps_begin_where_they_were_put(tiny_checkpoint):
    shared = SharedInstrument(tiny_checkpoint / "tiny", "cpu")
    around = batch.items(Batch("tiny", "hit", mode="around", count=3, scale=0.01, centre=Patch(seed=6)), shared)
    centre, near = (shared.render(item.patch).samples for item in around[:2])
    assert np.array_equal(centre, shared.render(Patch("tiny", "hit", 6)).samples)
    assert not np.array_equal(near, centre)
    there = Batch("tiny", "hit", mode="between", a=Patch(seed=6), b=Patch(seed=2))
    steps = batch.items(there, shared)
    back = batch.items(replace(there, a=there.b, b=there.a), shared)
    begins = shared.render(Patch("tiny", "hit", 6)).samples
    assert np.abs(shared.render(steps[0].patch).samples - begins).max() < 1e-3
    assert np.allclose([item.patch.latent for item in steps], [item.patch.latent for item in back[::-1]], atol=1e-5)


def test_the_zip_holds_every_sound_with_its_patch_and_a_list(tiny_checkpoint):
    assert "tiny" in catalogue()
    shared = SharedInstrument(tiny_checkpoint / "tiny", "cpu")
    found = batch.items(Batch("tiny", "scrape", 4, count=3), shared)
    with zipfile.ZipFile(io.BytesIO(batch.bundle([(item, shared.render(item.patch)) for item in found]))) as archive:
        assert archive.namelist() == [*(f"tiny_scrape_s{seed}.wav" for seed in (4, 5, 6)), "sounds.txt"]
        assert Sound.load(archive.read("tiny_scrape_s5.wav")).patch == Patch("tiny", "scrape", 5)
        head, first, *rest = archive.read("sounds.txt").decode().splitlines()
    assert head.split("\t")[:4] == ["file", "model", "category", "seed"] and len(rest) == 2
    assert first.split("\t") == ["tiny_scrape_s4.wav", "tiny", "scrape", "4", "Seed 4", "1", "0.06"]
