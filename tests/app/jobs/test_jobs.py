"""Training runs as processes: real ones, of the tiny preset."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.jobs import jobs
from synth.errors import RunError
from tests.harness.patience import PATIENCE

MACHINE = ["--threads", "1", "--device", "cpu"]


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root of runs of its own; what still runs in it at the end is ended."""
    monkeypatch.setenv("SONOFORM_RUNS", str(tmp_path))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    yield tmp_path
    for folder in jobs.runs():
        record = jobs.read_json(folder / jobs.JOB)
        if record and record["pid"] != os.getpid() and jobs.birth(record["pid"]) == record["birth"]:
            os.killpg(record["pid"], signal.SIGKILL)


def arguments(data: Path) -> list[str]:
    return ["--preset", "tiny", "--data", str(data), "--set", "tick_kimg=0.02"]


def until(folder: Path, true: Callable[[jobs.Job], object]) -> jobs.Job:
    """Waits for a run to come to what is asked for."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        job = jobs.status(folder)
        if true(job):
            return job
        time.sleep(0.1)
    raise AssertionError(f"{job.state}: {job.log}")


@pytest.mark.parametrize("name", ["CON", "com3", "nul.x", "../up", "a.", ""])
def test_names_that_a_system_reserves_are_refused(name, recordings, root):
    with pytest.raises(RunError, match="cannot name a run"):
        jobs.start(name, arguments(recordings), 30.0, MACHINE)
    with pytest.raises(RunError, match="cannot name a model"):
        jobs.publish(root / "mine", name)
    assert list(root.iterdir()) == []


def test_a_run_starts_pauses_and_goes_on(recordings, root):
    folder = jobs.start("mine", arguments(recordings), 30.0, MACHINE)
    assert jobs.status(folder).state == "running"
    with pytest.raises(RunError, match="mine"):
        jobs.start("mine", arguments(recordings), 30.0, MACHINE)
    with pytest.raises(RunError, match="already"):
        jobs.resume(folder)
    job = until(folder, lambda job: job.last.get("seen", 0) >= 60)
    assert job.state == "running" and job.budget == 1800.0 and 0.0 < job.left < 1800.0
    assert jobs.runs() == [folder] and jobs.categories(folder) == ["hit", "scrape"]
    assert os.getsid(jobs.read_json(folder / jobs.JOB)["pid"]) != os.getsid(0), "it ends with no terminal and no app"

    jobs.pause(folder)
    assert jobs.status(folder).asked == "pause"
    paused = until(folder, lambda job: job.state != "running")
    assert paused.state == "paused" and paused.has_state and 1500.0 < paused.left < 1800.0

    jobs.resume(folder)
    going = until(folder, lambda job: job.last["seen"] > paused.last["seen"])
    assert going.state == "running" and going.budget == pytest.approx(paused.left, abs=1.0)
    assert [line["seen"] for line in going.lines] == sorted(line["seen"] for line in going.lines)

    jobs.stop(folder)
    assert until(folder, lambda job: job.state != "running").state == "finished"
    jobs.stop(folder)  # nothing is left to stop


def test_a_crash_shows_the_last_lines_and_can_be_resumed(tmp_path, recordings):
    folder = jobs.start("broken", arguments(tmp_path / "nowhere"), 1.0, MACHINE)
    job = until(folder, lambda job: job.state != "running")
    assert job.state == "crashed" and "nowhere" in job.complaint and job.complaint.count("\n") == 0
    assert jobs.status(folder).log[-1].startswith("sonoform: ")
    (tmp_path / "nowhere").symlink_to(recordings)  # mended
    jobs.resume(folder, 0.01)
    mended = until(folder, lambda job: job.state != "running")
    assert mended.state == "finished" and mended.last["seen"] > 0 and mended.left < 1.0, "it ended with its time"
    assert not any("nowhere" in line for line in mended.log), "the log is that of the last session"


def test_a_full_disk_starts_nothing_and_takes_no_name(recordings, root, monkeypatch):
    started = []
    begin = subprocess.Popen

    def popen(*args, **more):
        started.append(begin(*args, **more))
        return started[-1]

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(jobs.subprocess, "Popen", popen)
    with monkeypatch.context() as disk:
        disk.setattr(jobs, "write_json", full)
        with pytest.raises(RunError, match=r"cannot be written \(no space left on device\): free some space"):
            jobs.start("mine", arguments(recordings), 30.0, MACHINE)
    assert len(started) == 1 and started[0].poll() is not None, "no trainer runs that nobody knows of"
    assert jobs.runs() == [] and not (root / "mine").exists()
    (root / "paused").mkdir()
    (root / "paused" / "state").mkdir()
    (root / "paused" / "state" / "latest.pt").write_bytes(b"")
    record = {"pid": 1, "birth": None, "started": 0.0, "minutes": 1.0, "asked": "pause", "arguments": []}
    (root / "paused" / jobs.JOB).write_text(json.dumps(record))
    (root / "paused" / jobs.ENDED).write_text('{"code": 0, "at": 1.0}')
    with monkeypatch.context() as disk:
        disk.setattr(jobs, "write_json", full)
        with pytest.raises(RunError, match="cannot be written"):
            jobs.resume(root / "paused")
    assert jobs.status(root / "paused").state == "paused", "it is as it was"
    assert {p.name for p in (root / "paused").iterdir()} == {"state", jobs.JOB, jobs.ENDED, "job.lock"}


def test_a_killed_trainer_is_a_crash(recordings):
    folder = jobs.start("killed", arguments(recordings), 30.0, MACHINE)
    os.killpg(jobs.read_json(folder / jobs.JOB)["pid"], signal.SIGKILL)
    job = until(folder, lambda job: job.state != "running")
    assert job.state == "crashed" and "without a word" in job.complaint


def fake(root: Path, name: str, **record: object) -> Path:
    """A run's folder as an earlier app left it."""
    folder = root / name
    folder.mkdir()
    record = {"pid": os.getpid(), "birth": "long ago", "started": time.time(), "minutes": 5.0} | record
    (folder / jobs.JOB).write_text(json.dumps(record))
    return folder


def test_a_recycled_process_id_is_not_mistaken(root):
    folder = fake(root, "old")
    assert jobs.status(folder).state == "crashed"
    jobs.stop(folder)  # and does not end this very process
    assert jobs.status(fake(root, "now", birth=jobs.birth(os.getpid()))).state == "running"


def test_birth_knows_the_living_from_the_dead():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    born = jobs.birth(child.pid)
    assert born is not None and born == jobs.birth(child.pid)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert jobs.birth(child.pid) is None, "a zombie is dead"
    child.communicate()
    assert jobs.birth(child.pid) is None


def test_a_run_of_the_terminal_is_seen_and_left_alone(root, tiny_run):
    from synth.runs.run import Run

    folder = root / "terminal"
    folder.mkdir()
    (folder / "config.json").write_text((tiny_run / "config.json").read_text())
    assert jobs.status(folder).state == "idle"
    with Run.open(folder).lock():
        assert jobs.status(folder).state == "running"
        with pytest.raises(RunError, match="terminal"):
            jobs.stop(folder)
        with pytest.raises(RunError, match="already"):
            jobs.resume(folder)
    with pytest.raises(RunError, match="before it saved"):
        jobs.resume(folder)


@pytest.mark.parametrize("name", ["", "../up", "a b", ".hidden", "a/b"])
def test_a_name_that_is_no_folder_is_refused(root, name):
    with pytest.raises(RunError, match="cannot name a run"):
        jobs.start(name, [], 1.0)
    assert not list(root.iterdir())


def test_damaged_files_are_as_good_as_none(root):
    folder = fake(root, "damaged")
    (folder / jobs.JOB).write_text("{half")
    (folder / "metrics.jsonl").write_text('{"seen": 1}\n{"seen"')
    job = jobs.status(folder)
    assert job.state == "idle" and job.last == {"seen": 1}


def test_a_run_that_nobody_works_on_can_be_deleted(root):
    busy = fake(root, "busy", birth=jobs.birth(os.getpid()))
    with pytest.raises(RunError, match="stop it first"):
        jobs.delete(busy)
    assert jobs.runs() == [busy]
    old = fake(root, "old")
    jobs.delete(old)
    assert jobs.runs() == [busy] and [p.name for p in root.iterdir()] == ["busy"]
    for ask in (jobs.delete, jobs.resume, jobs.stop):
        with pytest.raises(RunError, match="no run named old"):
            ask(old)
    assert jobs.status(old).state == "idle", "another window still looks at it"


def test_publishing_keeps_other_models(root, tiny_run, tiny_checkpoint):
    folder = root / "mine"
    folder.symlink_to(tiny_run)
    for model, named in (("tiny", "not of this run"), ("../up", "cannot name"), ("", "cannot name")):
        with pytest.raises(RunError, match=named):
            jobs.publish(folder, model)
    assert jobs.published(folder) == []
