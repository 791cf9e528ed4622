import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from synth.checkpoint.store import load_card
from synth.cli.command import main
from synth.errors import RunError
from synth.publishing.publish import publish
from synth.recipes.presets import TrainConfig
from synth.runs.run import Run
from synth.training.start import LINES, settings_of
from synth.training.trainer import Budget, Trainer

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
    trainer = begun(published / "tiny", other_sounds, tmp_path / "run", outline_kimg=0.04)
    learner = trainer.learner
    stored = load_file(published / "tiny" / "generator.safetensors")
    for name, value in learner.networks.generator.synthesis.state_dict().items():
        assert torch.equal(value, stored[f"{LINES}{name}"].float()), name
    assert learner.mapping.labels.unique().tolist() == [0, 1, 2]
    assert learner.stage == "outline" and not learner.progress.prior_fitted
    guesses = learner.networks.encoder(next(learner._tensors()))
    torch.testing.assert_close(learner.mapping.codes[: len(guesses)], guesses)
    trainer.train(Budget(kimg=0.1))
    assert learner.stage == "statistics"
    card = load_card(publish(trainer.run, "others", root=tmp_path / "checkpoints"))
    assert card.categories == ("clank", "hiss", "thud") and card.training["began_with"]["id"] == "tiny"
    base = load_card(published / "tiny").training
    own = card.training["images_seen"] - base["images_seen"]
    assert 0 < own <= learner.progress.seen, "of its schedule only what it went through"
    assert card.training["began_with"]["wall_minutes"] >= base["wall_minutes"]


def test_the_same_recordings_go_on_where_the_model_was(published: Path, recordings: Path, tmp_path: Path) -> None:
    learner = begun(published / "tiny", recordings, tmp_path / "run").learner
    assert learner.stage == "statistics" and learner.progress.prior_fitted
    assert learner.progress.seen >= load_card(published / "tiny").training["images_seen"]
    stored = load_file(published / "tiny" / "generator.safetensors")["mapping.codes"].float()
    assert torch.equal(learner.mapping.codes, stored)


def test_as_many_other_recordings_are_not_taken_for_the_same(published: Path, recordings: Path, tmp_path: Path) -> None:
    swapped = tmp_path / "swapped"
    for source, name in (("hit", "scrape"), ("scrape", "hit")):
        shutil.copytree(recordings / source, swapped / name)
    learner = begun(published / "tiny", swapped, tmp_path / "run").learner
    assert learner.stage == "outline" and not learner.progress.prior_fitted


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
