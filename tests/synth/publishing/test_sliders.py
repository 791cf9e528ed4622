"""The verb `directions` on a tiny model: all methods, their report, and what it leaves in the checkpoint."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from synth.audio.descriptors import DESCRIPTORS
from synth.checkpoint.store import CARD, load_card, verify
from synth.cli.command import main
from synth.directions import semantic
from synth.directions.calibration import Calibration
from synth.directions.direction import Direction
from synth.directions.prototypes import Prototype
from synth.errors import CheckpointError
from synth.instruments.style import StyleInstrument
from synth.patch.patch import Patch
from synth.publishing import sliders as verb
from synth.publishing.publish import refresh_metrics
from synth.recipes.recipe import sliders_of
from synth.storage import write_json

SLIDERS = ["Brightness", "Rate", "Tonal-noisy", "Near-far"]


@pytest.fixture
def model(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the model `tiny`, to be written to; few sounds to learn from."""
    shutil.copytree(published / "tiny", tmp_path / "tiny")
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(tmp_path))
    monkeypatch.setattr(verb, "LEARNT", range(100, 108))
    monkeypatch.setattr(verb, "CHOSEN", range(200, 204))
    return tmp_path / "tiny"


def test_sliders_are_found_measured_and_installed(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = load_card(model)
    assert main(["directions", "--model", "tiny", "--count", "3", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert load_card(model) == before, "nothing is written unless it is asked for"
    assert list(report["sliders"]) == SLIDERS and report["seeds"] == 3
    for slider in report["sliders"].values():
        assert set(slider["methods"]) == {"regression", "prototypes"}
        own = {name: figures["r"][slider["descriptor"]] for name, figures in slider["methods"].items()}
        assert own[slider["method"]] == max(own.values())
        assert all(len(points) == 11 for points in slider["curve"].values())
        assert all(set(f["r"]) == set(DESCRIPTORS) and abs(f["r"]["rate"]) <= 1 for f in slider["methods"].values())

    assert main(["directions", "--model", "tiny", "--count", "3", "--update-card"]) == 0
    assert "| **Brightness**" in capsys.readouterr().out
    card = verify(model)
    assert card.metrics["semantic"] == {k: v for k, v in report.items() if k != "model"}, "the same seeds, the same"
    names = [d["name"] for d in card.directions]
    assert names == [*SLIDERS, *(d["name"] for d in before.directions)]
    assert [p["name"] for p in card.prototypes][:3] == ["hit", "scrape", "Brightness: dark"]
    assert "## Sliders" in (model / "README.md").read_text()
    held = {d["name"]: d["calibration"] for d in card.directions if "calibration" in d}
    moved = {name: slider["descriptor"] for name, slider in report["sliders"].items()}
    assert {name: of["descriptor"] for name, of in held.items()} == moved

    instrument = StyleInstrument.load(model, "cpu")
    sounds = [
        instrument.synthesise(Patch(model="tiny", sliders=s, prototype=p, pull=0.5))
        for s, p in (({}, None), ({"Brightness": 5.0}, None), ({}, "Near-far: far"))
    ]
    assert not sounds[0].equal(sounds[1]) and not sounds[0].equal(sounds[2])

    assert main(["directions", "--model", "tiny", "--count", "2", "--orthogonal", "--update-card"]) == 0
    again = load_card(model)
    assert [d["name"] for d in again.directions] == names, "replaced, not added"
    refreshed = refresh_metrics(model, card.metrics.get("evaluation", _evaluation()), instrument.generator)
    assert refreshed.metrics["semantic"] == again.metrics["semantic"], "a later evaluation keeps the sliders' figures"


def test_a_calibrated_slider_is_installed_and_heard(model: Path) -> None:
    last = StyleInstrument.load(model, "cpu").generator.config.num_ws - 1
    vector = torch.nn.functional.normalize(torch.ones(verify(model).network["w_dim"]), dim=0)
    plain = Direction("Brightness", vector, 0.5, (0, last), "test")
    line = {"layers": [0, last], "scale": 0.5, "r": {"brightness": 1.0}, "slope": {"brightness": 1.0}}
    slider = {"descriptor": "brightness", "method": "regression", "methods": {"regression": line}}
    slider = {"unit": "octaves", "curve": {key: [0.0] for key in ("middle", "low", "high")}} | slider
    report = {"seeds": 0, "positions": [0.0], "sliders": {"Brightness": slider}}
    heard, seen, follows = {}, {}, None
    for name, calibration in (("held", Calibration("brightness", 0.008)), ("plain", None)):
        found = verb.Semantics((replace(plain, calibration=calibration),), (Prototype("hit", vector, "test"),), report)
        verb._install(model, verify(model), found)
        instrument = StyleInstrument.load(model, "cpu")
        follows = follows or next(seed for seed in range(64) if _goes(instrument, seed) > 0.04)
        patches = [Patch(model="tiny", seed=follows, sliders={"Brightness": p}) for p in (0.0, -1.0, -4.0)]
        seen[name] = [instrument.synthesise(patch) for patch in patches]
        heard[name] = [instrument.describe(instrument.draft(patch))["brightness"] for patch in patches]
        assert torch.equal(instrument.synthesise(patches[2]), seen[name][2]), "the same again from what is kept"
    assert torch.equal(seen["held"][0], seen["plain"][0]) and not torch.equal(seen["held"][2], seen["plain"][2])
    off = {name: np.abs(np.diff(values) - [-0.008, -0.024]).max() for name, values in heard.items()}
    assert off["held"] < min(0.014, off["plain"]), off


def _goes(instrument: StyleInstrument, seed: int) -> float:
    """By how much a slider to the left may darken the sound of a seed, in octaves."""
    latent = instrument.latent(Patch(model="tiny", seed=seed)).numpy().tobytes()
    values = instrument._track("Brightness", seed, latent)
    return float(values[len(values) // 2] - values[: len(values) // 2].min())


def test_a_calibration_that_is_none_is_refused(model: Path) -> None:
    card = json.loads((model / "card.json").read_text())
    for wrong in ({"descriptor": "warmth", "step": 1.0}, {"step": 1.0}, {"descriptor": "rate", "step": "far"}):
        card["directions"][0]["calibration"] = wrong
        (model / "card.json").write_text(json.dumps(card))
        with pytest.raises(CheckpointError, match="restore"):
            StyleInstrument.load(model, "cpu")


def _evaluation() -> dict[str, object]:
    """A report of an evaluation, of as little as a README needs."""
    none = {k: None for k in ("fad", "kad", "precision", "recall", "density", "coverage", "hit_rate", "n")}
    space = {
        "sets": {k: dict(none) for k in ("floor", "codec", "model", "untrained")} | {"ceiling": {"hit_rate": 1.0}},
        "categories": {},
        "memorisation": {},
    }
    space["sets"]["ceiling"] = dict(none) | {"hit_rate": 1.0}
    for key in ("sounds", "valid", "train", "copy_distance", "copies"):
        space["memorisation"][key] = None
    return {"sounds": 2, "valid_clips": 2, "spaces": {"AlexNet": space}}


def test_a_model_without_an_encoder_is_refused(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    card = json.loads((model / "card.json").read_text())
    del card["files"]["encoder.safetensors"]
    (model / "card.json").write_text(json.dumps(card))
    (model / "encoder.safetensors").unlink()
    assert main(["directions", "--model", "tiny"]) == 2
    said = capsys.readouterr().err
    assert "does not hold a generator and its encoder" in said and len(said.splitlines()) == 1


def test_a_failed_write_leaves_the_model_as_it_was(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = {path.name: path.read_bytes() for path in model.iterdir()}
    monkeypatch.setattr("synth.checkpoint.store.replace_folder", full)
    assert main(["directions", "--model", "tiny", "--count", "2", "--update-card"]) == 2
    assert "it is as it was" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in model.iterdir()} == before
    assert [path.name for path in model.parent.iterdir()] == ["tiny"]


def test_the_ends_of_a_slider_measure_apart() -> None:
    """Every contrast of exemplars differs in the descriptor that its slider should move, the high end above."""
    from synth.audio.descriptors import describe

    for meaning in {m.name: m for m in (*semantic.HITS, *semantic.SCENES)}.values():
        low, high = (
            sum(describe(x, 16000)[meaning.descriptor] for x in group[::3]) / len(group[::3])
            for group in meaning.exemplars(2.0, 16000)
        )
        assert high > low + 0.5, meaning.name
        assert meaning.descriptor not in meaning.against and set(meaning.against) <= set(DESCRIPTORS)


def test_hits_and_scenes_have_sliders_of_their_own() -> None:
    assert [m.name for m in semantic.MEANINGS[sliders_of("hits_scratches")]] == ["Brightness", "Rate", "Impact type"]
    assert [m.name for m in semantic.MEANINGS[sliders_of("environmental")]] == SLIDERS


def test_what_others_measured_meanwhile_stays_in_the_card(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = verb._Subject.semantics

    def slow(self, count, orthogonal):
        write_json(model / CARD, replace(load_card(model), metrics={"evaluation": {"fad": 1.0}}).to_dict())
        return found(self, count, orthogonal)

    monkeypatch.setattr(verb._Subject, "semantics", slow)
    monkeypatch.setattr(verb, "readme", lambda card, curve: "")
    verb.semantic_directions("tiny", 2, update=True)
    assert set(load_card(model).metrics) == {"evaluation", "semantic"}


def test_a_generator_that_was_published_meanwhile_keeps_its_own_sliders(model: Path, monkeypatch) -> None:
    found = verb._Subject.semantics

    def slow(self, count, orthogonal):
        card = load_card(model)
        write_json(model / CARD, replace(card, files=card.files | {"generator.safetensors": "0" * 64}).to_dict())
        return found(self, count, orthogonal)

    monkeypatch.setattr(verb._Subject, "semantics", slow)
    with pytest.raises(CheckpointError, match="another generator was published"):
        verb.semantic_directions("tiny", 2, update=True)
    assert "semantic" not in load_card(model).metrics
