"""The state folder of a run: written atomically, the last good state always kept.

`latest.pt` is the newest state, `previous.pt` the one before it. A state is written beside them under a temporary name,
flushed to the disk, and renamed only when it is whole, so a kill or a full disk at any moment leaves a readable one.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

from synth.errors import RunError

LATEST, PREVIOUS = "latest.pt", "previous.pt"


def save_state(folder: Path, state: dict[str, Any]) -> None:
    """Writes `state` as the latest; raises RunError when the disk is full, with the last good state untouched."""
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / "new.tmp"
    try:
        with fresh.open("wb") as f:
            torch.save(state, f)
            f.flush()
            os.fsync(f.fileno())
    except (OSError, RuntimeError) as error:  # torch reports a short write as a RuntimeError
        fresh.unlink(missing_ok=True)
        raise RunError(
            f"the state could not be written to {folder} ({error}): free some disk space and resume; "
            "the last good state is kept"
        ) from error
    if (folder / LATEST).exists():
        os.replace(folder / LATEST, folder / PREVIOUS)
    os.replace(fresh, folder / LATEST)


def has_state(folder: Path) -> bool:
    return any((folder / name).exists() for name in (LATEST, PREVIOUS))


def load_state(folder: Path, device: torch.device) -> dict[str, Any] | None:
    """The newest readable state, or None where there is none yet; raises RunError if none can be read."""
    kept = [p for p in (folder / LATEST, folder / PREVIOUS) if p.exists()]
    for path in kept:
        try:
            # weights_only: tensors and plain values, no code is ever unpickled.
            state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
            return state
        except Exception:  # whatever a damaged file raises, the one before it may be whole
            continue
    if kept:
        raise RunError(f"no state in {folder} can be read: start the run anew under another name")
    return None
