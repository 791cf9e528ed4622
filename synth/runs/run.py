"""A run on disk: `runs/NAME/` with config.json, metrics.jsonl, samples/, state/ and best/."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from synth.checkpoint.store import Card
from synth.errors import DataError, RunError
from synth.recipes.presets import Config, config_from, override
from synth.recordings.dataset import category_names, load_clips, scan
from synth.recordings.listing import digest
from synth.runs.state import has_state
from synth.storage import read_lines, write_json, write_text


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
        codec = config.codec
        entries = scan(data, codec.sample_rate)
        categories, clips = category_names(entries), sum(e.split == "train" for e in entries)
        config = config.for_data(
            len(categories), clips, lambda: load_clips(data, "train", codec.sample_rate, codec.samples).waveforms()
        )
        run.samples.mkdir(parents=True, exist_ok=True)
        run._write(config, data, categories, digest(Path(data), entries))
        return run

    @classmethod
    def open(cls, folder: Path) -> Run:
        """An existing run; raises RunError if there is none."""
        run = cls(folder)
        if not run.config_path.exists():
            raise RunError(f"{folder} holds no run: start one without --resume")
        run.samples.mkdir(parents=True, exist_ok=True)
        return run

    def change(self, pairs: Sequence[str], data: Path | None = None) -> None:
        """Rewrites config.json with NAME=VALUE settings changed, for a resume that goes on under other settings.

        data: where the recordings are now, if they or the run have moved; raises DataError where these are others.
        """
        config, before, categories = self.settings()
        known = self._saved().get("digest")
        if data is not None:
            self._check_moved(Path(data), config, categories, known)
        self._write(override(config, pairs), data or before, categories, known)

    def _check_moved(self, data: Path, config: Config, categories: tuple[str, ...], known: str | None) -> None:
        """Held to what is known of the recordings: in runs of older versions categories and how many there are."""
        entries = scan(data, config.codec.sample_rate)
        if known is not None:
            same = digest(data, entries) == known
        else:
            train = sum(e.split == "train" for e in entries)
            same = category_names(entries) == categories and train == config.clips
        if not same:
            raise DataError(f"{data} does not hold the recordings of {self.folder}: name the folder that does")

    def _write(self, config: Config, data: Path, categories: tuple[str, ...], known: str | None) -> None:
        saved = {"config": config.to_dict(), "data": str(Path(data).resolve()), "categories": categories}
        write_json(self.config_path, saved | ({"digest": known} if known else {}))

    def _saved(self) -> dict[str, Any]:
        """What config.json holds; raises RunError."""
        try:
            saved = json.loads(self.config_path.read_text(encoding="utf-8"))
            if isinstance(saved, dict):
                return saved
            raise ValueError("no object")
        except (OSError, ValueError) as error:
            raise RunError(f"{self.config_path} is damaged: start the run anew under another name") from error

    def settings(self) -> tuple[Config, Path, tuple[str, ...]]:
        """The configuration, the data folder and the category names of this run."""
        saved = self._saved()
        try:
            return config_from(saved["config"]), Path(saved["data"]), tuple(saved["categories"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RunError(f"{self.config_path} is damaged: start the run anew under another name") from error

    def found(self) -> tuple[Config, Path, tuple[str, ...]]:
        """The same, once the data folder is where it was; raises RunError that says how to tell where it is now."""
        config, data, categories = self.settings()
        if not data.is_dir():
            raise RunError(
                f"{data}, where the recordings of {self.folder} were, is gone: add --data DIR to say where they are now"
            )
        return config, data, categories

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
