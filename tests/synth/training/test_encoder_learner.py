import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from synth.checkpoint.store import load_card, verify
from synth.cli.command import main
from synth.errors import DataError, RunError
from synth.models.encoder import Inverter
from synth.publishing import lines
from synth.publishing.publish import publish
from synth.runs.run import Run
from synth.scoring.reconstruction import levels
from synth.training.encoder_learner import MAX_SKIPPED, InversionConfig, InversionLearner
from synth.training.encoder_trainer import EncoderTrainer, Frozen, encoder_run, replace_encoder, trained_encoder
from synth.training.masks import LEAST_KNOWN, draw_masks
from synth.training.trainer import Budget

CPU = torch.device("cpu")
QUICK = InversionConfig(batch=4, outline_batch=8, outline_part=0.5, perceptual_weight=0.0)


@pytest.fixture
def run(tiny_run: Path, tmp_path: Path) -> Run:
    return Run(shutil.copytree(tiny_run, tmp_path / "run"))


def begun(run: Run, settings: InversionConfig = QUICK) -> EncoderTrainer:
    return EncoderTrainer.begin(run, Frozen.of_run(run), settings, device=CPU, report=lambda _: None)


def resumed(run: Run) -> EncoderTrainer:
    return EncoderTrainer.resume(run, device=CPU, report=lambda _: None)


def test_masks_keep_a_third_or_more_in_one_piece() -> None:
    masks = draw_masks(200, (64, 64), torch.Generator().manual_seed(0), whole=0.25)[:, 0]
    kept = masks.mean((1, 2))
    assert kept.min() > LEAST_KNOWN - 1 / 64 and set(masks.unique().tolist()) == {0.0, 1.0}
    assert 0.15 < (kept == 1).float().mean() < 0.4
    spans = (masks == masks[:, :1]).all((1, 2))  # the same at all frequencies
    bands = (masks == masks[:, :, :1]).all((1, 2))
    assert (spans ^ bands)[kept < 1].all() and (spans & ~bands).any() and (bands & ~spans).any()


def test_it_learns(run: Run) -> None:
    learner = begun(run, replace(QUICK, outline_part=0.0, rate=3e-3, latent_weight=0.1)).learner
    frozen = {k: v.clone() for k, v in learner.generator.state_dict().items()}

    def loss() -> float:
        return sum(learner._losses(64, outline=False)[1].values())

    before = loss()
    for _ in range(30):
        learner.step(0.0)
    assert loss() < before - 0.02
    assert all(torch.equal(v, frozen[k]) for k, v in learner.generator.state_dict().items())


def test_an_interrupted_training_is_the_same_as_one_in_one_piece(run: Run, tmp_path: Path) -> None:
    other = Run(shutil.copytree(run.folder, tmp_path / "other"))
    budget = Budget(kimg=0.08)
    begun(run).train(budget)
    first = begun(other)
    for _ in range(4):
        first._step(budget)
    first.save()
    first._step(budget)  # lost by the kill
    again = resumed(other)
    assert again.learner.seen.steps == 4
    again.train(budget)
    whole, pieces = resumed(run).learner.state(), again.learner.state()
    assert whole["seen"] == pieces["seen"]
    for name, weight in whole["inverter"].items():
        assert torch.equal(weight, pieces["inverter"][name]), name


def test_an_encoder_whose_recordings_moved_goes_on(run: Run, recordings: Path, tmp_path: Path) -> None:
    begun(run).train(Budget(kimg=0.01))
    place = run.folder / "encoder" / "frozen"
    replace(Frozen.load(place), data=Path("/nowhere")).save(place)
    with pytest.raises(RunError, match="is gone: add --data DIR"):
        resumed(run)
    other = shutil.copytree(recordings, tmp_path / "other")
    (other / "hit" / "hit_0.wav").write_bytes((other / "hit" / "hit_1.wav").read_bytes())
    with pytest.raises(DataError, match="does not hold the recordings"):
        EncoderTrainer.resume(run, device=CPU, report=lambda _: None, data=other)
    moved = shutil.copytree(recordings, tmp_path / "moved")
    again = EncoderTrainer.resume(run, device=CPU, report=lambda _: None, data=moved)
    assert again.learner.seen.images > 0 and Frozen.load(place).data == moved
    resumed(run)  # told once, it is known


def test_a_batch_that_is_no_number_teaches_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = begun(run)
    before = {k: v.clone() for k, v in trainer.learner.inverter.state_dict().items()}
    monkeypatch.setattr(InversionLearner, "_losses", lambda *_: (torch.tensor(float("nan")), {}))
    for _ in range(MAX_SKIPPED - 1):
        trainer._step(Budget(kimg=1.0))
    with pytest.raises(RunError, match="not a number"):
        trainer._step(Budget(kimg=1.0))
    assert all(torch.equal(v, before[k]) for k, v in trainer.learner.inverter.state_dict().items())


def test_an_encoder_belongs_to_one_generator(run: Run) -> None:
    trainer = begun(run)
    trainer.train(Budget(kimg=0.01))
    generator = trainer.learner.generator.state_dict()
    weights = trained_encoder(run, generator)
    assert weights is not None and Inverter.build(weights, (32, 32), trainer.learner.model.generator.num_ws)
    assert trained_encoder(run, {k: v + 1 for k, v in generator.items()}) is None
    assert trained_encoder(Run(run.folder / "nowhere"), generator) is None


def test_levels_are_relative_to_the_loudest_frame(run: Run) -> None:
    config, _, _ = run.settings()
    x = torch.full((1, *config.codec.shape), -1.0)
    x[..., 0], x[..., 1] = 0.5, 0.0
    found = levels(config, x)[0]
    assert found[0] == 0.0 and found[2] == -60.0
    assert found[1].item() == pytest.approx(-0.5 * config.generator.half_range_db, abs=1e-3)


def test_the_verb_trains_the_encoder_of_a_checkpoint_and_puts_it_there(
    published: Path, recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint = shutil.copytree(published / "tiny", tmp_path / "tiny")
    before = load_card(checkpoint).files
    command = ["train-encoder", str(tmp_path / "run"), "--perceptual", "0", "--kimg", "0.05"]
    start = ["--start", str(checkpoint), "--data", str(recordings), "--install", str(checkpoint)]
    assert main([*command, *start]) == 0
    assert "envelope_db" in capsys.readouterr().out
    after = verify(checkpoint)
    assert {k for k in before if before[k] != after.files[k]} == {"encoder.safetensors"}
    assert "offsets.weight" in load_file(checkpoint / "encoder.safetensors")
    assert main([*command[:2], "--resume", "--kimg", "0.06", "--install", str(checkpoint)]) == 0
    # An encoder that was trained once is what another training begins from.
    assert main(["train-encoder", str(tmp_path / "again"), *command[2:], *start[:4]]) == 0


def test_a_published_model_has_the_trained_encoder_although_lines_are_taken_out(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(run).train(Budget(kimg=0.01))
    monkeypatch.setattr(lines, "LINE_DB", 0.01)
    folder = publish(run, "mine", root=tmp_path)
    trained = Frozen.of_run(run).generator
    published = load_file(folder / "generator.safetensors")
    row = "synthesis.lines.0.out.bias"
    assert not torch.equal(published[row], trained[row].half()), "some lines went"
    weights = trained_encoder(run, trained)
    assert weights is not None
    stored = load_file(folder / "encoder.safetensors")
    assert stored.keys() == weights.keys() and all(torch.equal(v, weights[k].half()) for k, v in stored.items())


def test_another_model_does_not_get_the_encoder(run: Run, published: Path, tmp_path: Path) -> None:
    checkpoint = shutil.copytree(published / "tiny", tmp_path / "tiny")
    with pytest.raises(RunError, match="holds no encoder"):
        replace_encoder(checkpoint, run)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--minutes-in-all M or --kimg K"),
        (["--kimg", "1", "--start", "somewhere"], "--start and --data go together"),
        (["--kimg", "1", "--resume", "--start", "somewhere"], "leave out"),
        (["--kimg", "1", "--resume", "--data", "somewhere"], "no encoder in training"),
        (["--kimg", "1", "--resume"], "no encoder in training"),
        (["--kimg", "1"], "holds no run"),
        (["--kimg", "1", "--start", "nowhere", "--data", "nowhere"], "is missing"),
        (["--kimg", "1", "--perceptual", "-1"], "from 0 up"),
    ],
)
def test_wrong_input_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["train-encoder", str(tmp_path / "run"), *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count(os.linesep) == 1


def test_a_run_is_not_overwritten_nor_shared(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    begun(run)
    command = ["train-encoder", str(run.folder), "--kimg", "1"]
    assert main(command) == 2 and "--resume" in capsys.readouterr().err
    with encoder_run(run).lock():
        assert main([*command, "--resume"]) == 2 and "another trainer" in capsys.readouterr().err
