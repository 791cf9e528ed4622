import json
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from synth.cli.command import main
from synth.cli.progress import describe
from synth.errors import DataError, RunError
from synth.models.perceptual import Perceptual
from synth.recipes.presets import TrainConfig, override, preset
from synth.runs import state as state_module
from synth.runs.run import Run
from synth.runs.state import LATEST, PREVIOUS, has_state, load_state, save_state
from synth.training import trainer as trainer_module
from synth.training.trainer import Budget, Trainer, crossed
from tests.harness.patience import PATIENCE, until

CPU = torch.device("cpu")


def trainer(folder: Path, data: Path, **changes: Any) -> Trainer:
    run = Run.create(folder, replace(preset("tiny"), **changes), data)
    return Trainer(run, device=CPU, report=lambda _: None)


def resumed(folder: Path) -> Trainer:
    again = Trainer(Run.open(folder), device=CPU, report=lambda _: None)
    assert again.resume()
    return again


def losses_of(folder: Path) -> list[dict[str, float]]:
    timed = ("images_per_second", "wall_minutes")
    return [{k: v for k, v in line.items() if k not in timed} for line in Run.open(folder).metrics()]


@pytest.mark.parametrize("projector", ["alexnet", "alexnet+aisfx"])
def test_resume_continues_exactly(projector: str, recordings: Path, tmp_path: Path) -> None:
    """Same losses and same weights as an unbroken run, broken once in every phase."""
    trainer(tmp_path / "whole", recordings, projector=projector).train(Budget(kimg=0.14))
    trainer(tmp_path / "broken", recordings, projector=projector).train(Budget(kimg=0.03))
    for kimg in (0.05, 0.09, 0.14):
        resumed(tmp_path / "broken").train(Budget(kimg=kimg))
    assert losses_of(tmp_path / "whole") == losses_of(tmp_path / "broken")
    whole, broken = (load_state(tmp_path / name / "state", CPU) for name in ("whole", "broken"))
    assert whole and broken
    for name, value in whole["learner"]["networks"].items():
        assert torch.equal(value, broken["learner"]["networks"][name]), name


def test_metrics_name_every_phase(tiny_run: Path) -> None:
    lines = Run.open(tiny_run).metrics()
    assert lines[0]["phase"] == "outline"
    assert lines[-1]["phase"] == "statistics"
    assert {"frechet", "category", "l1", "nll", "encoder", "images_per_second"} <= lines[-1].keys()
    assert all(math.isfinite(v) for line in lines for v in line.values() if isinstance(v, float))


def test_samples_are_written(tiny_run: Path) -> None:
    pictures = list((tiny_run / "samples").glob("*.png"))
    sounds = list((tiny_run / "samples").glob("*.wav"))
    assert pictures and len(sounds) == 2 * len(pictures)


def test_frozen_networks_take_turns(recordings: Path, tmp_path: Path) -> None:
    """Each has statistics of its own, and sees every second batch of drawn sounds."""
    both = trainer(tmp_path / "both", recordings, projector="alexnet+aisfx", outline_kimg=0.0, feature_kimg=0.0)
    learner = both.learner
    learner.step()
    first, second = learner.statistics
    assert not torch.equal(first.centre, second.centre), "features of two networks"
    queues = first.queue.clone(), second.queue.clone()
    learner.step()
    assert torch.equal(first.queue, queues[0]) and not torch.equal(second.queue, queues[1])
    learner.step()
    assert not torch.equal(first.queue, queues[0])


def test_a_run_that_had_one_frozen_network_resumes(recordings: Path, tmp_path: Path) -> None:
    """Up to 0.2 a state held the statistics themselves, not a list of them."""
    learner = trainer(tmp_path / "old", recordings, outline_kimg=0.0, feature_kimg=0.0).learner
    learner.step()
    state = learner.state()
    (state["statistics"],) = state["statistics"]
    queue = learner.statistics[0].queue
    again = trainer(tmp_path / "new", recordings, outline_kimg=0.0, feature_kimg=0.0).learner
    again.load(state)
    assert torch.equal(again.statistics[0].queue, queue)


def test_warm_start_learns(recordings: Path, tmp_path: Path) -> None:
    trainer(tmp_path / "run", recordings, outline_kimg=0.8).train(Budget(kimg=0.8))
    lines = Run.open(tmp_path / "run").metrics()
    assert lines[-1]["reconstruction"] < 0.3 * lines[0]["reconstruction"]


def test_nan_rolls_back_to_the_last_good_state(recordings: Path, tmp_path: Path) -> None:
    events: list[dict[str, object]] = []
    t = trainer(tmp_path / "run", recordings)
    t.train(Budget(kimg=0.08))
    t = Trainer(Run.open(tmp_path / "run"), device=CPU, report=events.append)
    t.resume()
    good = t.learner.networks.generator.synthesis.dense[0].weight.clone()
    with torch.no_grad():
        t.learner.networks.generator.synthesis.dense[0].weight.fill_(math.nan)
    t.save()  # a broken network is never saved over a good one
    t.train(Budget(kimg=0.1))
    assert [e for e in events if e.get("event") == "rollback"]
    assert torch.isfinite(t.learner.networks.generator.synthesis.dense[0].weight).all()
    assert (t.learner.networks.generator.synthesis.dense[0].weight - good).abs().max() < 1.0


def test_endless_divergence_is_one_clear_error(recordings: Path, tmp_path: Path) -> None:
    t = trainer(tmp_path / "run", recordings)
    t.learner.step = lambda: {"l1": math.nan}  # type: ignore[method-assign]
    with pytest.raises(RunError, match="diverged"):
        t.train(Budget(kimg=1.0))
    assert load_state(tmp_path / "run" / "state", CPU) is not None


def test_damaged_latest_state_falls_back_to_the_previous(tmp_path: Path) -> None:
    save_state(tmp_path, {"n": torch.tensor(1)})
    save_state(tmp_path, {"n": torch.tensor(2)})
    (tmp_path / LATEST).write_bytes(b"cut short")
    loaded = load_state(tmp_path, CPU)
    assert loaded is not None and loaded["n"].item() == 1
    (tmp_path / PREVIOUS).write_bytes(b"")
    with pytest.raises(RunError, match="no state"):
        load_state(tmp_path, CPU)


def test_a_state_with_a_flipped_bit_is_never_loaded(tmp_path: Path) -> None:
    save_state(tmp_path, {"n": torch.arange(1000), "seen": 7, "names": ["a", "b"]})
    whole = (tmp_path / LATEST).read_bytes()
    assert load_state(tmp_path, CPU) is not None
    places = random.Random(5).sample(range(len(whole)), 100)
    for place in [*places, *range(len(whole) - 90, len(whole))]:
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        (tmp_path / LATEST).write_bytes(damaged)
        with pytest.raises(RunError, match="no state"):
            load_state(tmp_path, CPU)
    for cut in (0, 1, 21, 22, 70, len(whole) - 1):
        (tmp_path / LATEST).write_bytes(whole[:cut])
        with pytest.raises(RunError, match="no state"):
            load_state(tmp_path, CPU)


def test_a_state_of_an_older_version_is_read_and_checked(tmp_path: Path) -> None:
    torch.save({"n": torch.arange(1000)}, tmp_path / LATEST)
    loaded = load_state(tmp_path, CPU)
    assert loaded is not None and loaded["n"][7].item() == 7
    data = bytearray((tmp_path / LATEST).read_bytes())
    data[data.index(torch.arange(100, 110).numpy().tobytes())] ^= 1
    (tmp_path / LATEST).write_bytes(data)
    with pytest.raises(RunError, match="no state"):
        load_state(tmp_path, CPU)


def test_what_cannot_be_monitored_does_not_end_a_training(recordings: Path, tmp_path: Path) -> None:
    """Files lie where the folders of pictures, sounds and logs should be: told once, trained to the end."""
    run = Run.create(tmp_path / "run", replace(preset("tiny"), snapshot_kimg=0.02), recordings)
    reports: list[dict[str, object]] = []
    t = Trainer(run, device=CPU, report=reports.append)
    (run.folder / "tensorboard").write_text("in the way")
    run.metrics_path.mkdir()
    (run.folder / "report.html" / "in the way").mkdir(parents=True)
    shutil.rmtree(run.samples)
    t.train(Budget(kimg=0.1))
    assert t.learner.progress.seen >= 100
    told = [report for report in reports if report.get("event") == "unmonitored"]
    assert told and all("the training goes on" in describe(report) for report in told)
    assert [describe(report) for report in reports if report.get("event") != "unmonitored"], "all reports have words"
    assert has_state(run.state)


def test_full_disk_keeps_the_last_good_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_state(tmp_path, {"n": torch.tensor(1)})

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(state_module.torch, "save", full)
    with pytest.raises(RunError, match="free some disk space"):
        save_state(tmp_path, {"n": torch.tensor(2)})
    loaded = load_state(tmp_path, CPU)
    assert loaded is not None and loaded["n"].item() == 1
    assert not list(tmp_path.glob("*.tmp"))


def test_sigterm_saves_and_resumes(recordings: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "synth", "train", "--preset", "tiny", "--data", str(recordings)]
    command += ["--out", str(tmp_path / "run"), "--minutes", "60", "--threads", "1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    metrics = tmp_path / "run" / "metrics.jsonl"
    until(metrics.exists)
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(timeout=PATIENCE) == 0
    again = resumed(tmp_path / "run")
    assert again.learner.progress.seen > 0
    again.train(Budget(kimg=again.learner.progress.seen / 1000 + 0.02))


def test_killed_at_any_moment_it_resumes(recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty times SIGKILL, with a save after every step so that many of them fall into one, some before the first."""
    torch.set_num_threads(1)  # a fork takes no other thread along
    monkeypatch.setattr(trainer_module, "SAVE_SECONDS", 0.0)
    Perceptual.load()  # what it imports, the children have
    trainer(tmp_path / "run", recordings, snapshot_kimg=1e6)
    moments, seen, latest = random.Random(4), [0], tmp_path / "run" / "state" / LATEST

    def saved() -> int:
        return latest.stat().st_mtime_ns if latest.exists() else 0

    for number in range(20):
        before = saved()
        child = os.fork()
        if not child:
            try:
                t = Trainer(Run.open(tmp_path / "run"), device=CPU, report=lambda _: None)
                t.resume()
                t.train(Budget(kimg=1e6))
            finally:
                os._exit(1)
        if number % 2:
            until(lambda before=before: saved() != before)  # a busy machine takes longer to begin
        time.sleep(moments.uniform(0.0, 0.8))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        state = load_state(tmp_path / "run" / "state", CPU)  # which raises if none can be read
        seen.append(state["learner"]["progress"]["seen"] if state else 0)
    assert seen == sorted(seen) and seen[-1] > 0
    assert resumed(tmp_path / "run").learner.progress.seen == seen[-1]


def test_two_trainers_on_one_run_are_refused(recordings: Path, tmp_path: Path) -> None:
    t = trainer(tmp_path / "run", recordings)
    t.train(Budget(kimg=0.03))
    before = [p.read_bytes() for p in (t.run.config_path, t.run.metrics_path)]
    with t.run.lock():
        command = ["train", "--out", str(t.run.folder), "--resume", "--kimg", "1", "--set", "batch=6"]
        assert main(command) == 2
    assert [p.read_bytes() for p in (t.run.config_path, t.run.metrics_path)] == before, "the run in use is left alone"


def test_a_run_is_not_overwritten(recordings: Path, tmp_path: Path) -> None:
    Run.create(tmp_path / "run", preset("tiny"), recordings)
    t = Trainer(Run.create(tmp_path / "run", preset("tiny"), recordings), device=CPU)  # nothing was trained yet
    t.save()
    with pytest.raises(RunError, match="--resume"):
        Run.create(tmp_path / "run", preset("tiny"), recordings)
    with pytest.raises(RunError, match="no run"):
        Run.open(tmp_path / "other")


def test_changed_clips_are_refused(recordings: Path, tmp_path: Path) -> None:
    data = shutil.copytree(recordings, tmp_path / "data")
    run = Run.create(tmp_path / "run", preset("tiny"), data)
    Trainer(run, device=CPU)
    shutil.copytree(data / "hit", data / "more")
    with pytest.raises(DataError, match="no longer holds the clips of this run"):
        Trainer(run, device=CPU)
    shutil.rmtree(data / "more")
    next((data / "hit").glob("*.wav")).unlink()
    with pytest.raises(DataError, match="no longer holds the clips of this run"):
        Trainer(run, device=CPU)


def test_a_run_that_moved_goes_on_as_if_it_had_not(
    recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = shutil.copytree(recordings, tmp_path / "data")
    for name in ("whole", "broken"):
        trainer(tmp_path / name, data).train(Budget(kimg=0.03))
    resume = ["train", "--resume", "--kimg", "0.05", "--threads", "1", "--device", "cpu"]
    assert main([*resume, "--out", str(tmp_path / "whole")]) == 0
    data.rename(tmp_path / "there")
    (tmp_path / "broken").rename(tmp_path / "moved")
    resume += ["--out", str(tmp_path / "moved")]
    assert main(resume) == 2
    said = capsys.readouterr().err
    assert str(data) in said and "is gone: add --data DIR to say where they are now" in said
    other = shutil.copytree(recordings, tmp_path / "other")
    (other / "hit" / "hit_0.wav").write_bytes((other / "hit" / "hit_1.wav").read_bytes())
    assert main([*resume, "--data", str(other)]) == 2
    assert "does not hold the recordings of" in capsys.readouterr().err
    assert main([*resume, "--data", str(tmp_path / "there")]) == 0
    assert losses_of(tmp_path / "whole") == losses_of(tmp_path / "moved")
    whole, moved = (load_state(tmp_path / name / "state", CPU) for name in ("whole", "moved"))
    assert whole and moved
    for name, value in whole["learner"]["networks"].items():
        assert torch.equal(value, moved["learner"]["networks"][name]), name
    resumed(tmp_path / "moved")  # told once, it is known


def test_a_run_of_an_older_version_moves_too(recordings: Path, tmp_path: Path) -> None:
    """One that does not know the digest of its recordings is held to their categories and their count."""
    run = Run.create(tmp_path / "run", preset("tiny"), recordings)
    saved = json.loads(run.config_path.read_text())
    assert len(saved.pop("digest")) == 64
    run.config_path.write_text(json.dumps(saved | {"data": "/nowhere"}))
    data = shutil.copytree(recordings, tmp_path / "data")
    (data / "hit" / "hit_0.wav").unlink()
    with pytest.raises(DataError, match="does not hold the recordings"):
        run.change([], data)
    run.change([], recordings)
    assert run.found()[1] == recordings.resolve()


def test_overrides_and_json_of_settings() -> None:
    config = override(preset("tiny"), ["feature_weight=2.5", "batch=8"])
    assert (config.feature_weight, config.batch) == (2.5, 8)
    assert TrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    for bad in ("speed=3", "batch=two", "batch", "batch=1", "queue=0", "projector=none"):
        with pytest.raises(RunError):
            override(config, [bad])
    with pytest.raises(RunError, match="unknown preset"):
        preset("nothing")


def test_crossed_counts_multiples() -> None:
    assert crossed(999, 1000, 1.0) and not crossed(1000, 1999, 1.0) and crossed(1999, 2000, 1.0)
