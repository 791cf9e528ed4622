"""Latencies of this machine, stage by stage from patch to sound."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from synth.checkpoint.store import catalogue
from synth.errors import CheckpointError
from synth.instruments.loading import load
from synth.patch.patch import Patch


def latencies(model: str | None, count: int, device: str) -> dict[str, float]:
    """Medians in milliseconds: loading, the network alone, and whole renders by each way to a phase."""
    models = list(catalogue())
    if model is None and not models:
        raise CheckpointError("there is no model to time: publish one, or set SONOFORM_CHECKPOINTS")
    name = model or models[0]
    begun = time.perf_counter()
    instrument = load(name, device)
    report = {"load": round((time.perf_counter() - begun) * 1000.0, 1)}
    report["network"] = _median(count, lambda i: instrument.synthesise(Patch(model=name, seed=i)))
    for method in dict.fromkeys((instrument.quickest, "pghi", "pghi+gl", "griffin-lim")):
        patches = [Patch(model=name, seed=i, phase=method) for i in range(count)]
        report[f"render {method}"] = _median(count, lambda i, p=patches: instrument.render(p[i]))  # type: ignore[misc]
    return report


def _median(count: int, call: Callable[[int], object]) -> float:
    call(0)  # compiled and warm before the clock starts
    spent = []
    for i in range(count):
        begun = time.perf_counter()
        call(i)
        spent.append((time.perf_counter() - begun) * 1000.0)
    return round(statistics.median(spent), 1)
