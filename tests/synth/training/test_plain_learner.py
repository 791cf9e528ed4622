"""Training of plain GANs: every family learns, resumes exactly, is published, scored, and taken up again."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from synth.checkpoint.families import CATEGORY, PLAIN, can
from synth.checkpoint.store import load_card, verify
from synth.errors import RunError
from synth.models.weights import read_weights
from synth.publishing.evaluate import evaluate
from synth.recipes.gan_presets import GAN_PRESETS, GanConfig
from synth.recipes.presets import config_from, override
from synth.runs.run import Run
from synth.runs.state import load_state
from synth.training.plain_learner import GanLearner
from synth.training.trainer import Budget, Trainer
from tests.conftest import small_gans

CPU = torch.device("cpu")
TIMED = ("images_per_second", "wall_minutes")


def trainer(folder: Path, config: GanConfig, data: Path) -> Trainer:
    return Trainer(Run.create(folder, config, data), device=CPU, report=lambda _: None)


def resumed(folder: Path) -> Trainer:
    again = Trainer(Run.open(folder), device=CPU, report=lambda _: None)
    assert again.resume()
    return again


@pytest.mark.parametrize("family", ["wgan", "waveform"])
def test_resume_continues_exactly(family: str, recordings: Path, tmp_path: Path) -> None:
    """Dropout and phase shuffles included."""
    config = replace(small_gans()[family], snapshot_kimg=1.0)
    trainer(tmp_path / "whole", config, recordings).train(Budget(kimg=0.032))
    trainer(tmp_path / "broken", config, recordings).train(Budget(kimg=0.016))
    torch.manual_seed(99)
    resumed(tmp_path / "broken").train(Budget(kimg=0.032))
    whole, broken = (load_state(tmp_path / name / "state", CPU) for name in ("whole", "broken"))
    assert whole and broken
    for name, value in whole["learner"]["networks"].items():
        assert torch.equal(value, broken["learner"]["networks"][name]), name


@pytest.mark.parametrize("changes", [{"projector": "alexnet", "augment_target": 0.6}, {"loss": "hinge"}], ids=str)
def test_better_variants_train_too(changes: dict[str, object], recordings: Path, tmp_path: Path) -> None:
    small = small_gans()["cgan"]
    codec = replace(small.codec, frames=64, mels=64)  # type: ignore[type-var]
    network = replace(small.network, start=(4, 4))  # type: ignore[type-var]
    config = replace(small, codec=codec, network=network, scaling="data", snapshot_kimg=1.0, **changes)  # type: ignore[arg-type]
    trainer(tmp_path / "run", config, recordings).train(Budget(kimg=0.016))
    run = Run.open(tmp_path / "run")
    lines = run.metrics()
    assert lines and all(math.isfinite(v) for line in lines for v in line.values() if isinstance(v, float))
    assert run.settings()[0].codec.reference > 0.0  # type: ignore[union-attr]


def test_a_discriminator_learns_to_tell_noise_from_recordings(recordings: Path, tmp_path: Path) -> None:
    config = replace(small_gans()["soundgan"], generator_rate=0.0, discriminator_rate=1e-3, snapshot_kimg=1.0)
    t = trainer(tmp_path / "run", config, recordings)
    assert isinstance(t.learner, GanLearner)
    first = t.learner.step()["discriminator"]
    assert sum(t.learner.step()["discriminator"] for _ in range(60)) / 60 < 0.7 * first


def test_what_is_published_says_what_it_is(families: Path) -> None:
    for name in PLAIN:
        card = load_card(families / name)
        assert verify(families / name).family == name
        assert set(card.files) == {"generator.safetensors", "discriminator.safetensors"}
        assert card.categories == (("hit", "scrape") if can(name, CATEGORY) else ())
        assert set(card.data["clips_per_category"]) == {"hit", "scrape"}
        assert config_from(card.training["settings"]).family == name
        assert (families / name / "README.md").is_file() and (families / name / "samples.png").is_file()


@pytest.mark.parametrize("family", PLAIN)
def test_it_is_scored_with_the_same_yardstick(
    family: str, families: Path, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SONOFORM_CHECKPOINTS", str(families))
    report = evaluate(family, recordings, count=8)
    figures = report["spaces"]["AlexNet"]["sets"]
    assert figures["model"]["n"] == 8 and figures["model"]["fad"] > 0.0 and figures["codec"]["hit_rate"] > 0.0
    assert (figures["model"]["hit_rate"] is not None) == can(family, CATEGORY)
    assert "resynthesis" not in report
    json.dumps(report)


def test_training_goes_on_from_a_published_one(families: Path, recordings: Path, tmp_path: Path) -> None:
    t = trainer(tmp_path / "run", small_gans()["soundgan"], recordings)
    t.start_from(families / "soundgan")
    stored = read_weights(families / "soundgan" / "generator.safetensors")
    for name, value in t.learner.networks.generator.state_dict().items():
        assert torch.equal(value, stored[name])
    with pytest.raises(RunError, match="leave out --preset"):
        t.start_from(families / "wgan")


def test_presets_go_through_json_and_refuse_nonsense() -> None:
    for config in GAN_PRESETS.values():
        assert GanConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
        assert config.codec.shape == config.network.shape  # type: ignore[attr-defined]
    assert override(GAN_PRESETS["wgan"], ["penalty_weight=5"]).penalty_weight == 5.0
    with pytest.raises(RunError, match="loss must be one of"):
        override(GAN_PRESETS["wgan"], ["loss=none"])
    with pytest.raises(RunError, match="unknown setting 'family'"):
        override(GAN_PRESETS["wgan"], ["family=cgan"])
    with pytest.raises(RunError, match="unknown to this version"):
        GanConfig.from_dict(GAN_PRESETS["wgan"].to_dict() | {"x": 1})
