"""A run on disk: `runs/NAME/` with config.json, metrics.jsonl, samples/, state/ and best/."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from synth.checkpoint import Card
from synth.errors import RunError
from synth.files import read_lines, write_json, write_text
from synth.training.dataset import category_names, load_clips, scan
from synth.training.presets import Config, config_from, override
from synth.training.state import has_state


class Run:
    """Paths and small files of one training run."""

    def __init__(self, folder: Path):
        self.folder = Path(folder)
        self.config_path = self.folder / "config.json"
        self.metrics_path = self.folder / "metrics.jsonl"
        self.start_path = self.folder / "start.json"
        self.samples = self.folder / "samples"
        self.state = self.folder / "state"
        self.best = self.folder / "best"

    @classmethod
    def create(cls, folder: Path, config: Config, data: Path) -> Run:
        """A new run on the categories of `data`; raises RunError if the folder holds one already."""
        run = cls(folder)
        if has_state(run.state):
            raise RunError(f"{folder} already holds a run: add --resume to go on with it, or name another folder")
        entries, codec = scan(data), config.codec
        categories, clips = category_names(entries), sum(e.split == "train" for e in entries)
        config = config.for_data(
            len(categories), clips, lambda: load_clips(data, "train", codec.sample_rate, codec.samples).waveforms()
        )
        run.samples.mkdir(parents=True, exist_ok=True)
        run._write(config, data, categories)
        return run

    @classmethod
    def open(cls, folder: Path) -> Run:
        """An existing run; raises RunError if there is none."""
        run = cls(folder)
        if not run.config_path.exists():
            raise RunError(f"{folder} holds no run: start one without --resume")
        run.samples.mkdir(parents=True, exist_ok=True)
        return run

    def change(self, pairs: Sequence[str]) -> None:
        """Rewrites config.json with NAME=VALUE settings changed, for a resume that goes on under other settings."""
        config, data, categories = self.settings()
        self._write(override(config, pairs), data, categories)

    def _write(self, config: Config, data: Path, categories: tuple[str, ...]) -> None:
        saved = {"config": config.to_dict(), "data": str(Path(data).resolve()), "categories": categories}
        write_json(self.config_path, saved)

    def settings(self) -> tuple[Config, Path, tuple[str, ...]]:
        """The configuration, the data folder and the category names of this run."""
        try:
            saved = json.loads(self.config_path.read_text(encoding="utf-8"))
            return config_from(saved["config"]), Path(saved["data"]), tuple(saved["categories"])
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise RunError(f"{self.config_path} is damaged: start the run anew under another name") from error

    def began_with(self, card: Card, seen: int) -> None:
        """Remembers the model whose weights this run began with, for the card of what comes of it.

        seen: where this run's own count of images begins, which is a place in its schedule; `images_seen` is what the
        model had seen by then, and `wall_minutes` what it had taken, all that it began with included.
        """
        images = card.training.get("images_seen", 0)
        known = {"id": card.id, "images_seen": images, "wall_minutes": card.minutes, "count_begins": seen}
        write_json(self.start_path, known)

    @property
    def start(self) -> dict[str, Any] | None:
        """What began_with remembered; None where training began from nothing."""
        return json.loads(self.start_path.read_text(encoding="utf-8")) if self.start_path.exists() else None

    def log(self, line: dict[str, Any]) -> None:
        with self.metrics_path.open("a", encoding="utf-8") as f:
            f.write(json.dumps(line) + "\n")

    def metrics(self) -> list[dict[str, Any]]:
        """All ticks so far; a line cut short by a kill is left out."""
        return read_lines(self.metrics_path)

    def forget_after(self, seen: int) -> None:
        """Drops ticks of images that a resumed run will see again."""
        kept = [line for line in self.metrics() if line["seen"] <= seen]
        if self.metrics_path.exists():
            write_text(self.metrics_path, "".join(json.dumps(line) + "\n" for line in kept))

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Held while a trainer works on this run; raises RunError if another one does."""
        with (self.folder / "lock").open("w") as f:
            try:
                fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise RunError(f"another trainer works on {self.folder}: stop it first") from error
            yield
