"""The newest sounds of a training run: a strip of spectrograms and a WAV for every category. No Streamlit."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

ROWS = 4  # of the grid of a run that tells no categories apart


@dataclass(frozen=True)
class Sample:
    """What a run makes of one category: a row of its grid as PNG, and the first cell of that row as WAV.

    category: of a run that tells none apart, the number of the row.
    """

    category: str
    strip: bytes
    wav: bytes


@dataclass(frozen=True)
class Snapshot:
    """All categories at so many thousand images."""

    kimg: int
    samples: tuple[Sample, ...]


def stamp(folder: Path) -> tuple[str, int]:
    """Changes with every file of a run's newest snapshot, grid first, sounds after; ("", 0) where it has none."""
    grids = sorted((folder / "samples").glob("kimg-*.png"))
    if not grids:
        return "", 0
    return grids[-1].stem, sum(path.stat().st_mtime_ns for path in grids[-1].parent.glob(f"{grids[-1].stem}*"))


def newest(folder: Path, categories: Sequence[str]) -> Snapshot | None:
    """The newest snapshot that is whole; one that is being written gives way to the one before it."""
    names = categories or [f"sounds {i + 1}" for i in range(ROWS)]
    for grid in sorted((folder / "samples").glob("kimg-*.png"), reverse=True):
        wavs = [grid.with_name(f"{grid.stem}-{i:02d}.wav") for i in range(len(names))]
        try:
            strips = _rows(grid, len(names))
            sounds = [_whole(path) for path in wavs]
        except (OSError, ValueError, SyntaxError, UnidentifiedImageError):  # what PIL raises for half a PNG
            continue
        found = [Sample(*one) for one in zip(names, strips, sounds, strict=True)]
        return Snapshot(int(grid.stem.removeprefix("kimg-")), tuple(found))
    return None


def _rows(grid: Path, count: int) -> list[bytes]:
    """The rows of a grid, one a category."""
    with Image.open(grid) as image:
        image.load()
        height = image.height // max(count, 1)
        rows = [image.crop((0, i * height, image.width, (i + 1) * height)) for i in range(count)]
    return [_png(row) for row in rows]


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _whole(path: Path) -> bytes:
    """A WAV file; raises ValueError while it is being written."""
    data = path.read_bytes()
    if len(data) < 44 or int.from_bytes(data[4:8], "little") + 8 > len(data):
        raise ValueError(f"{path.name} is not whole yet")
    return data
