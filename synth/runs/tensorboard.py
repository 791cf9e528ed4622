"""The logs of a run for TensorBoard, in RUN/tensorboard/: the figures of metrics.jsonl, sample grids and sounds.

`tensorboard --logdir runs` shows all runs side by side; steps are images seen. What is written is on disk when a call
returns. The messages are tensorboardX's; its own writer takes seconds of Python for the checksum of a picture.
"""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from tensorboardX import summary
from tensorboardX.proto.event_pb2 import Event, SessionLog

from synth.runs.figures import losses, numbers, row_names, scores, settings, snapshots
from synth.runs.records import Records
from synth.storage import read_lines

FOLDER = "tensorboard"
COURSE = ("images_per_second", "wall_minutes", "augment")
# Rows of a grid, pixels of its width, and sounds: a copy of all of them would double the size of a run.
SHOWN, WIDTH = 8, 640


class Events:
    """Writes while the run goes on. Nothing is made before the first line."""

    def __init__(self, run_folder: Path):
        self.run_folder = Path(run_folder)
        self._records: Records | None = None
        self._last = 0

    def line(self, line: dict[str, Any]) -> None:
        """One line of metrics.jsonl: a tick, or the scores of a snapshot."""
        self._open(line["seen"])
        self._figures(line)

    def samples(self, seen: int) -> None:
        """The newest snapshot in samples/, made after `seen` images."""
        shown = snapshots(self.run_folder)
        if not shown or shown[-1].kimg != seen // 1000:
            return
        self._open(seen)
        newest = shown[-1]
        grid = np.concatenate([np.asarray(row) for row in newest.rows(WIDTH)[:SHOWN]])
        self._add(summary.image("samples/grid", grid, dataformats="HWC"), seen)
        names = row_names(settings(self.run_folder), len(newest.sounds))
        for name, path in list(zip(names, newest.sounds, strict=True))[:SHOWN]:
            samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
            self._add(summary.audio(f"samples/{_tag(name)}", samples, rate), seen)

    def close(self) -> None:
        """Ends the file; what comes after that begins another."""
        if self._records is not None:
            self._records.close()
            self._records = None

    def _open(self, seen: int) -> None:
        """A file for this session, and another one when training went back to an earlier state.

        It takes back what the files before it hold from `seen` on. A run that began without logs gets its figures so
        far.
        """
        if self._records is None or seen < self._last:
            self.close()
            folder = self.run_folder / FOLDER
            begun = folder.is_dir()
            folder.mkdir(parents=True, exist_ok=True)
            # TensorBoard finds files by the first words of their names, and reads them in the order of these.
            self._records = Records(folder / f"events.out.tfevents.{time.time_ns()}.{socket.gethostname()}")
            self._write(Event(file_version="brain.Event:2"))
            self._write(Event(step=seen, session_log=SessionLog(status=SessionLog.START)))
            self._add(summary.text("settings", _as_code(settings(self.run_folder))), seen)
            for line in [] if begun else read_lines(self.run_folder / "metrics.jsonl"):
                if line["seen"] < seen:
                    self._figures(line)
        self._last = seen

    def _figures(self, line: dict[str, Any]) -> None:
        course = {k: v for k, v in numbers(line).items() if k in COURSE}
        for group, figures in {"scores": scores(line), "losses": losses(line), "course": course}.items():
            for name, value in figures.items():
                self._add(summary.scalar(f"{group}/{_tag(name)}", value), line["seen"])

    def _add(self, value: Any, seen: int) -> None:
        self._write(Event(step=seen, summary=value))

    def _write(self, event: Any) -> None:
        assert self._records is not None
        event.wall_time = time.time()
        self._records.add(event.SerializeToString())


def _tag(name: str) -> str:
    return name.replace(" ", "_")


def _as_code(values: dict[str, Any]) -> str:
    """JSON in Markdown, which TensorBoard shows as it is."""
    return "\n".join(f"    {line}" for line in json.dumps(values, indent=2).splitlines())
