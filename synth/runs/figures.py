"""What the folder of a training run tells of it: its figures, and the sounds that it has shown. No torch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from synth.checkpoint.families import CATEGORY, can

# Figures of a line of metrics.jsonl that say how far and how fast, not how well.
COURSE = ("step", "seen", "images_per_second", "wall_minutes", "augment", "sounds")

Line = Mapping[str, Any]


def numbers(line: Line) -> dict[str, float]:
    """All figures of a line."""
    return {k: v for k, v in line.items() if isinstance(v, (int, float)) and not isinstance(v, bool)}


def is_scored(line: Line) -> bool:
    """Whether a line tells how a snapshot scored, in the space of some network; else it is a tick."""
    return "space" in line


def losses(line: Line) -> dict[str, float]:
    """What both players measured since the tick before; nothing for a line of scores."""
    return {} if is_scored(line) else _beside_course(line)


def scores(line: Line) -> dict[str, float]:
    """Distances and rates of a snapshot; nothing for a tick."""
    return _beside_course(line) if is_scored(line) else {}


def timed(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """Every line with its minute of training: a line of scores has the minute of the tick before it."""
    found, minute = [], 0.0
    for line in lines:
        minute = line.get("wall_minutes", minute)
        found.append({**line, "wall_minutes": minute})
    return found


def _beside_course(line: Line) -> dict[str, float]:
    return {k: v for k, v in numbers(line).items() if k not in COURSE}


@dataclass(frozen=True)
class Snapshot:
    """What a run showed at so many thousand images: a grid of spectrograms, and a sound for the first of each row."""

    kimg: int
    grid: Path
    sounds: tuple[Path, ...]

    def rows(self, width: int) -> list[Image.Image]:
        """The grid, cut into its rows, `width` pixels wide at most; raises ValueError while it is being written."""
        try:
            with Image.open(self.grid) as image:
                whole = image.convert("RGB")
        except (OSError, SyntaxError, UnidentifiedImageError) as error:  # what PIL raises for half a PNG
            raise ValueError(f"{self.grid.name} is not whole") from error
        height = whole.height // max(len(self.sounds), 1)
        rows = [whole.crop((0, i * height, whole.width, (i + 1) * height)) for i in range(len(self.sounds))]
        for row in rows:
            row.thumbnail((width, whole.height))
        return rows


def snapshots(folder: Path) -> list[Snapshot]:
    """Those of a run that have sounds, the earliest first."""
    return [
        Snapshot(int(grid.stem.removeprefix("kimg-")), grid, sounds)
        for grid in sorted((folder / "samples").glob("kimg-*.png"))
        if (sounds := tuple(sorted(grid.parent.glob(f"{grid.stem}-*.wav"))))
    ]


def settings(folder: Path) -> dict[str, Any]:
    """What config.json holds: `config`, `data`, `categories`; empty where there is none, or one that is damaged."""
    try:
        found = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def row_names(settings: Mapping[str, Any], rows: int) -> Sequence[str]:
    """What the rows of a grid show: a category each, or just sounds."""
    family = settings.get("config", {}).get("family", "stylegan2")
    categories = [str(name).replace("_", " ") for name in settings.get("categories", [])]
    if can(family, CATEGORY) and len(categories) == rows:
        return categories
    return [f"sound {i + 1}" for i in range(rows)]
