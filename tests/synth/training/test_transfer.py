import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from synth.checkpoint import load_card
from synth.cli import main
from synth.errors import RunError
from synth.training.presets import TrainConfig
from synth.training.publish import publish
from synth.training.run import Run
from synth.training.trainer import Budget, Trainer
from synth.training.transfer import OF_RECORDINGS, settings_of

CPU = torch.device("cpu")


@pytest.fixture
def other_sounds(recordings: Path, tmp_path: Path) -> Path:
    """Three categories that the tiny model has never heard of."""
    for source, name in (("hit", "clank"), ("scrape", "hiss"), ("hit", "thud")):
        shutil.copytree(recordings / source, tmp_path / "sounds" / name)
    return tmp_path / "sounds"


def begun(checkpoint: Path, data: Path, folder: Path, **changes: float) -> Trainer:
    config: TrainConfig = replace(settings_of(checkpoint), **changes)
    trainer = Trainer(Run.create(folder, config, data), device=CPU, report=lambda _: None)
    trainer.start_from(checkpoint)
    return trainer


def test_other_categories_begin_with_what_the_model_knows(published: Path, other_sounds: Path, tmp_path: Path) -> None:
    trainer = begun(published / "tiny", other_sounds, tmp_path / "run", freeze=1)
    stored = load_file(published / "tiny" / "generator.safetensors")
    own = trainer.learner.networks.generator.state_dict()
    for name, value in stored.items():
        if not name.startswith(OF_RECORDINGS):
            assert torch.equal(own[name], value.float()), name
    assert own["mapping.labels"].unique().tolist() == [0, 1, 2]
    assert trainer.learner.phase == "reconstruct" and not trainer.learner.progress.prior_fitted
    trainer.train(Budget(kimg=0.1))
    assert trainer.learner.phase == "adversarial"
    trained = trainer.learner.networks.generator.synthesis.state_dict()
    kept = {k for k, v in trained.items() if torch.equal(v, stored[f"synthesis.{k}"].float())}
    assert kept == {k for k in trained if k.startswith("levels.0.")}
    card = load_card(publish(trainer.run, "others", root=tmp_path / "checkpoints"))
    assert card.categories == ("clank", "hiss", "thud") and card.training["began_with"]["id"] == "tiny"
    base, begins = load_card(published / "tiny").training, round(1000 * trainer.config.outline_kimg)
    own = card.training["images_seen"] - base["images_seen"]
    assert 0 < own <= trainer.learner.progress.seen - begins, "of its schedule only what it went through"
    assert card.training["began_with"]["wall_minutes"] >= base["wall_minutes"]


def test_the_same_categories_go_on_where_the_model_was(published: Path, recordings: Path, tmp_path: Path) -> None:
    trainer = begun(published / "tiny", recordings, tmp_path / "run")
    learner = trainer.learner
    assert learner.phase == "adversarial" and learner.progress.prior_fitted
    assert learner.progress.seen >= load_card(published / "tiny").training["images_seen"]
    stored = load_file(published / "tiny" / "discriminator.safetensors")
    own = learner.networks.discriminator.state_dict()
    assert all(torch.equal(own[k], v.float()) for k, v in stored.items())


def test_another_view_means_another_discriminator(published: Path, recordings: Path, tmp_path: Path) -> None:
    config = replace(settings_of(published / "tiny"), projector="none")
    trainer = Trainer(Run.create(tmp_path / "run", config, recordings), device=CPU, report=lambda _: None)
    trainer.start_from(published / "tiny")
    assert trainer.learner.phase == "discriminate"


def test_sizes_must_agree(published: Path, recordings: Path, tmp_path: Path) -> None:
    config = settings_of(published / "tiny")
    config = replace(config, generator=replace(config.generator, w_dim=24))
    trainer = Trainer(Run.create(tmp_path / "run", config, recordings), device=CPU, report=lambda _: None)
    with pytest.raises(RunError, match="other sizes"):
        trainer.start_from(published / "tiny")


def test_the_command_line_takes_settings_from_the_checkpoint(
    published: Path, other_sounds: Path, tmp_path: Path
) -> None:
    command = ["train", "--start", str(published / "tiny"), "--data", str(other_sounds), "--out", str(tmp_path / "run")]
    assert main([*command, "--kimg", "0.04", "--threads", "1"]) == 0
    config, _, categories = Run.open(tmp_path / "run").settings()
    assert config.generator.w_dim == 16 and config.generator.categories == len(categories) == 3
