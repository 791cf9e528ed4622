"""A chart in its checkpoint: `map.safetensors`, whose sha256 the card has, of the weights that it was made of."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from synth.chart.chart import Chart, Credit
from synth.checkpoint.card import GENERATOR, Card
from synth.errors import CheckpointError

FILE = "map.safetensors"
MAX_BYTES, MAX_POINTS = 16 << 20, 50_000
_ARRAYS: dict[str, tuple[type, int]] = {  # of which kind, and how many dimensions
    "points": (np.float32, 2),
    "categories": (np.int32, 1),
    "clips": (np.int32, 1),
    "seeds": (np.int64, 1),
    "credited": (np.int32, 1),
    "measured": (np.float16, 2),
}


def write(path: Path, chart: Chart, generator: str) -> None:
    """generator: sha256 of the weights that the chart is of. Raises OSError."""
    kinds = {name: kind for name, (kind, _) in _ARRAYS.items()}
    arrays: dict[str, Any] = {name: np.ascontiguousarray(getattr(chart, name), kind) for name, kind in kinds.items()}
    said = {
        "generator": generator,
        "method": chart.method,
        "descriptors": json.dumps(chart.descriptors),
        "credits": json.dumps([[c.author, c.licence, c.url] for c in chart.credits]),
    }
    save_file(arrays, path, said)


def read(folder: Path, card: Card) -> Chart:
    """The chart of a checkpoint; raises CheckpointError where it has none, and for one that is damaged or of other
    weights."""
    path = folder / FILE
    if not path.is_file():
        raise CheckpointError(f"{card.id} has no map: make one with map --model {card.id} --data DATA --update-card")
    try:
        arrays, said = _contents(path)
        if said["generator"] != card.files.get(GENERATOR):
            raise CheckpointError(
                f"the map of {card.id} is of other weights: make it anew with "
                f"map --model {card.id} --data DATA --update-card"
            )
        chart = Chart(
            **arrays,
            credits=tuple(Credit(*map(str, one)) for one in json.loads(said["credits"])),
            descriptors=tuple(map(str, json.loads(said["descriptors"]))),
            method=said["method"],
        )
        _check(chart, len(card.categories), int(card.network.get("clips", 0)))
    except (KeyError, TypeError, ValueError, OSError, SafetensorError, RecursionError) as error:
        raise CheckpointError(f"{path} is damaged: restore the checkpoint folder") from error
    return chart


def _contents(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Arrays and what is said of them; raises ValueError for other ones than there must be."""
    if path.stat().st_size > MAX_BYTES:
        raise ValueError("too large")
    with safe_open(path, "numpy") as file:
        arrays = {name: file.get_tensor(name) for name in _ARRAYS}
        said = dict(file.metadata() or {})
    for name, (kind, dimensions) in _ARRAYS.items():
        if arrays[name].dtype != kind or arrays[name].ndim != dimensions:
            raise ValueError(name)
    arrays["measured"] = arrays["measured"].astype(np.float32)
    return arrays, said


def _check(chart: Chart, categories: int, codes: int) -> None:
    """Raises ValueError for a chart whose parts do not fit one another or the model."""
    count = len(chart.points)
    must: list[Callable[[], bool]] = [
        lambda: 0 < count <= MAX_POINTS and chart.points.shape[1] == 2,
        lambda: bool((np.abs(chart.points) <= 1.0).all()),  # NaN is in no range
        lambda: len(chart.categories) == count == len(chart.clips) + len(chart.seeds),
        lambda: len(chart.credited) == len(chart.clips),
        lambda: chart.measured.shape == (count, len(chart.descriptors)) and bool(np.isfinite(chart.measured).all()),
        lambda: _among(chart.categories, categories) and _among(chart.clips, codes),
        lambda: _among(chart.credited, len(chart.credits)) and _among(chart.seeds, 2**32),
    ]
    if not all(holds() for holds in must):
        raise ValueError("parts do not fit")


def _among(numbers: np.ndarray, count: int) -> bool:
    return bool(((numbers >= 0) & (numbers < count)).all())
