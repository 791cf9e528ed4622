"""Training runs as processes of their own: started, watched, paused and resumed. No torch, no Streamlit.

A run belongs neither to the browser nor to the app. Its trainer (`python -m synth train`) runs in a session of its own
under a small watcher (`python -m app.jobs.jobs`), which notes how the trainer ended even while no app is there to see
it. All that this module knows it reads from the run's folder, so a restarted app finds every run as it is:

- `job.json`: how the trainer was started, process id and birth of its watcher, what it was asked to do since
- `ended.json`: exit code and time, written by the watcher
- `log.txt`: what the trainer printed
- `published.json`: the models that were made of it
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from synth import paths
from synth.checkpoint.families import CATEGORY, can
from synth.errors import RunError
from synth.patch.ranges import MODEL_ID
from synth.storage import alone, is_portable, read_lines, write_json

JOB, ENDED, LOG, PUBLISHED = "job.json", "ended.json", "log.txt", "published.json"
# The instrument goes first: a sound that somebody waits for, before an image that nobody does.
NICE = 5
GRACE = 5.0  # seconds for a process to clear away what it has half done
TAIL_LINES = 20
TAIL_BYTES = 20_000

State = Literal["idle", "running", "paused", "finished", "crashed"]


@dataclass(frozen=True)
class Job:
    """A run as it is now. `idle`: started at a terminal, and nobody works on it.

    lines: those of metrics.jsonl; log: what the trainer printed last; asked: "pause" or "stop" while the
    trainer saves and ends, or after it has; seconds: how long this session lasts or lasted; budget: how long it may.
    """

    folder: Path
    state: State
    lines: list[dict[str, Any]] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    asked: str | None = None
    seconds: float = 0.0
    budget: float = 0.0

    @property
    def last(self) -> dict[str, Any]:
        return self.lines[-1] if self.lines else {}

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def left(self) -> float:
        """Seconds of the budget that are left."""
        return max(self.budget - self.seconds, 0.0)

    @property
    def has_state(self) -> bool:
        return _has_state(self.folder)

    @property
    def complaint(self) -> str:
        """The sentence with which the trainer ended, or the last line that it printed."""
        said = [line for line in self.log if line.strip()]
        ours = [line.removeprefix("sonoform: ") for line in said if line.startswith("sonoform: ")]
        return (ours or said or ["It ended without a word, as when the machine is switched off or short of memory"])[-1]


# -- where runs are ------------------------------------------------------------------------------------------------


def runs() -> list[Path]:
    """Folders of runs, those with news first."""
    folders = [p for p in paths.runs().glob("*") if not p.name.startswith(".") and (_config(p) or (p / JOB).exists())]
    return sorted(folders, key=_news, reverse=True)


def _news(folder: Path) -> float:
    return max(
        (p.stat().st_mtime for n in (JOB, "metrics.jsonl", "config.json") if (p := folder / n).exists()), default=0
    )


def _config(folder: Path) -> dict[str, Any]:
    return read_json(folder / "config.json")


def categories(folder: Path) -> list[str]:
    """Categories of a run in the order of its samples; none before the trainer has read its data, and for a model that
    tells none apart."""
    found = _config(folder)
    knows = can(found.get("config", {}).get("family", "stylegan2"), CATEGORY)
    return [str(name) for name in found.get("categories", [])] if knows else []


def metrics(folder: Path) -> list[dict[str, Any]]:
    """All ticks of a run; a line that is being written is left out."""
    return read_lines(folder / "metrics.jsonl")


# -- one run -------------------------------------------------------------------------------------------------------


def status(folder: Path) -> Job:
    """What a run does now, read from its folder and from the system's processes."""
    record, ended = read_json(folder / JOB), read_json(folder / ENDED)
    alive = _alive(record)
    until = time.time() if alive else ended.get("at", _news(folder))
    return Job(
        folder=folder,
        state="running" if alive or _locked(folder) else _rest(record, ended),
        lines=metrics(folder),
        log=_tail(folder / LOG, record.get("log_from", 0)),
        asked=record.get("asked"),
        seconds=max(until - record["started"], 0.0) if record else 0.0,
        budget=60.0 * record.get("minutes", 0.0),
    )


def _rest(record: dict[str, Any], ended: dict[str, Any]) -> State:
    """The state of a run that nobody works on."""
    if not record:
        return "idle"
    asked, code = record.get("asked"), ended.get("code")
    # A trainer that was asked to end before it could listen (torch was still loading) is ended by the signal itself.
    willing = code == 0 or (asked and code in (None, -signal.SIGTERM))
    if not willing:
        return "crashed"
    return "paused" if asked == "pause" else "finished"


def start(name: str, arguments: Sequence[str], minutes: float, machine: Sequence[str] = ()) -> Path:
    """A new run of the trainer: `arguments` say what is trained, `machine` on how much of this machine.

    Raises RunError for a name that cannot be a folder's or that is taken.
    """
    if not can_name(name):
        raise RunError(f"{name!r} cannot name a run: use letters, digits, hyphens, dots and underscores")
    folder = paths.runs() / name
    with writing(paths.runs()):
        paths.runs().mkdir(parents=True, exist_ok=True)
        try:
            folder.mkdir()  # the one of two launches at once that makes the folder is the one that counts
        except FileExistsError as error:
            raise RunError(f"there is a run named {name}: choose another name, or resume that one") from error
        try:
            with _launching(folder):
                _launch(folder, ["train", "--out", str(folder), *arguments], list(arguments), list(machine), minutes)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)  # else its name would be taken
            raise
    return folder


def can_name(name: str) -> bool:
    """Whether a run or a model can have this name, on any system."""
    return bool(MODEL_ID.fullmatch(name)) and is_portable(name)


def resume(folder: Path, minutes: float | None = None) -> None:
    """Goes on exactly where the run was saved, for what is left of its budget or for `minutes`.

    Raises RunError while a trainer works on it, or where there is nothing to go on from.
    """
    with _launching(folder):
        job, record = status(folder), read_json(folder / JOB)
        if job.state == "running":
            raise RunError(f"{folder.name} is being trained already: pause it first")
        if minutes is None:
            minutes = max(job.left / 60.0, 1.0)
        arguments = record.get("arguments", [])
        if job.has_state:
            command = ["train", "--out", str(folder), "--resume"]
        elif arguments:
            command = ["train", "--out", str(folder), *arguments]
        else:
            raise RunError(f"{folder.name} was stopped before it saved anything: start it anew under another name")
        _launch(folder, command, arguments, record.get("machine", []), minutes)


def pause(folder: Path) -> None:
    """Saves and ends; `resume` then goes on with the rest of the budget."""
    _end(folder, "pause")


def stop(folder: Path) -> None:
    """Saves and ends for good; the run counts as finished."""
    _end(folder, "stop")


def _end(folder: Path, asked: str) -> None:
    with _launching(folder):
        record = read_json(folder / JOB)
        if not _alive(record):
            if _locked(folder):
                raise RunError(f"{folder.name} was started at a terminal: stop it there with Ctrl-C")
            return
        write_json(folder / JOB, record | {"asked": asked})
        os.killpg(record["pid"], signal.SIGTERM)


def delete(folder: Path) -> None:
    """Throws away a run with all that it saved, its models aside; RunError while a trainer works on it."""
    with _launching(folder):
        if status(folder).state == "running":
            raise RunError(f"{folder.name} is being trained: stop it first")
        gone = folder.with_name(f".gone-{folder.name}-{time.time_ns()}")
        folder.rename(gone)  # at once: nobody finds half a run
    shutil.rmtree(gone, ignore_errors=True)


def publish(folder: Path, model: str, title: str = "") -> None:
    """Makes a model of a run. One that was made of it before is replaced, any other model is kept: RunError."""
    if not can_name(model):
        raise RunError(f"{model!r} cannot name a model: use letters, digits, hyphens, dots and underscores")
    earlier = published(folder)
    if (paths.models() / model).exists() and model not in earlier:
        raise RunError(f"there is a model named {model} that is not of this run: choose another name")
    call(["synth", "publish", str(folder), "--id", model, *(["--title", title] if title else [])])
    with writing(folder), alone(folder / PUBLISHED):
        write_json(folder / PUBLISHED, {"models": sorted({*published(folder), model})})


def published(folder: Path) -> list[str]:
    """Ids of the models that were made of a run."""
    return [str(model) for model in read_json(folder / PUBLISHED).get("models", [])]


def _launch(folder: Path, command: list[str], arguments: list[str], machine: list[str], minutes: float) -> None:
    log, ended = folder / LOG, folder / ENDED
    begun = log.stat().st_size if log.exists() else 0
    aside = ended.with_name(f".{ENDED}")
    if ended.exists():
        ended.replace(aside)
    trainer = [*command, *machine, "--minutes", f"{minutes:.3f}"]
    watcher = subprocess.Popen(
        [sys.executable, "-m", "app.jobs.jobs", str(folder), *trainer],
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # neither Ctrl-C at the app's terminal nor its end reaches the trainer
    )
    record = {
        "pid": watcher.pid,
        "birth": birth(watcher.pid),
        "started": time.time(),
        "minutes": minutes,
        "arguments": arguments,
        "machine": machine,
        "log_from": begun,
    }
    try:
        write_json(folder / JOB, record)
    except BaseException:
        os.killpg(watcher.pid, signal.SIGKILL)  # nobody would know of it
        watcher.wait()
        if aside.exists():
            aside.replace(ended)
        raise
    aside.unlink(missing_ok=True)
    threading.Thread(target=watcher.wait, daemon=True).start()  # else it would stay a zombie


@contextmanager
def _launching(folder: Path) -> Iterator[None]:
    """One at a time: two windows that press the same button start one trainer."""
    if not folder.is_dir():
        raise RunError(f"there is no run named {folder.name} any more: reload the page")
    with writing(folder), (folder / "job.lock").open("w") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Turns a full disk, or one that may not be written, into a RunError of one sentence."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise RunError(
            f"{place} cannot be written ({reason}): free some space, or set SONOFORM_RUNS to a folder on a larger disk"
        ) from error


# -- processes -----------------------------------------------------------------------------------------------------


def birth(pid: int) -> str | None:
    """When the process of this id began, in the system's own words; None where there is none, or a dead one.

    An id is used again once its process is gone; id and birth together are not.
    """
    if Path("/proc/self/stat").exists():
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return None
        fields = stat.rpartition(")")[2].split()  # after the name, which may hold anything
        return None if fields[0] in "ZX" else fields[19]
    said = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, began = said.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else began.strip()


def _alive(record: dict[str, Any]) -> bool:
    return bool(record) and record.get("birth") is not None and birth(record["pid"]) == record["birth"]


def _locked(folder: Path) -> bool:
    """Whether a trainer holds the run's lock, whoever started it."""
    path = folder / "lock"
    if not path.exists():
        return False
    with path.open() as f:
        try:
            fcntl.flock(f, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _has_state(folder: Path) -> bool:
    return any((folder / "state" / name).exists() for name in ("latest.pt", "previous.pt"))


def _environment() -> dict[str, str]:
    """The app's own environment, in which the child finds this project wherever the app was started."""
    return paths.environment() | {"PYTHONUNBUFFERED": "1"}


def call(arguments: Sequence[str], timeout: float = 600.0) -> str:
    """What `python -m MODULE ...` prints; raises RunError with the sentence that it complains with."""
    command = [sys.executable, "-m", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=_environment(), stdout=pipe, stderr=pipe, text=True) as process:
        try:
            out, complaints = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired as error:
            _end_soon(process)
            raise RunError(
                f"{arguments[0]} took longer than {timeout:.0f} s: try again when the machine is less busy"
            ) from error
        except BaseException:
            _end_soon(process)
            raise
    if process.returncode:
        said = [line for line in complaints.splitlines() if line.strip()] or [f"code {process.returncode}"]
        sentence = said[-1].removeprefix("sonoform: ")
        foreseen = sentence != said[-1]
        raise RunError(sentence if foreseen else f"this failed for a reason that nobody foresaw ({sentence})")
    return out


def _end_soon(process: subprocess.Popen[str]) -> None:
    """Ends a process that is given a moment to clear away what it has half done."""
    process.terminate()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()


# -- small files ---------------------------------------------------------------------------------------------------


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object; empty where there is none, or one that a person damaged."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _tail(path: Path, begin: int) -> list[str]:
    """The last lines from byte `begin` on."""
    try:
        with path.open("rb") as f:
            end = f.seek(0, os.SEEK_END)
            f.seek(max(begin, end - TAIL_BYTES))
            return f.read().decode("utf-8", "replace").splitlines()[-TAIL_LINES:]
    except OSError:
        return []


# -- the watcher ---------------------------------------------------------------------------------------------------


def watch(folder: Path, arguments: Sequence[str]) -> int:
    """Runs the trainer to its end and notes how it ended. It outlives the signal that ends the trainer."""
    signal.signal(signal.SIGTERM, lambda *_: None)
    os.nice(NICE)
    with (folder / LOG).open("ab") as log:
        command = [sys.executable, "-m", "synth", *arguments]
        code = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False).returncode
    write_json(folder / ENDED, {"code": code, "at": time.time()})
    return code


if __name__ == "__main__":
    sys.exit(watch(Path(sys.argv[1]), sys.argv[2:]))
