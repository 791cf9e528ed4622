"""Where a sound begins and where it ends, by its level."""

from __future__ import annotations

import numpy as np

ONSET_DB = -40.0  # of the loudest millisecond: where a sound has begun
END_DB = -60.0  # of the loudest moment: where it has ended
LEAD_SECONDS = 0.002
FADE_SECONDS = 0.005
_ONSET_BLOCK, _END_BLOCK = 0.001, 0.01  # s


def onset(samples: np.ndarray, rate: int) -> int:
    """The first sample of the first millisecond within ONSET_DB of the loudest one; 0 for silence."""
    block = max(1, round(_ONSET_BLOCK * rate))
    level = _level(samples, block)
    return int(np.argmax(level >= level.max() * 10.0 ** (ONSET_DB / 20.0))) * block


def end(samples: np.ndarray, rate: int) -> int:
    """The sample after the last moment within END_DB of the loudest one, at least one."""
    block = max(1, round(_END_BLOCK * rate))
    level = _level(samples, block)
    loud = np.flatnonzero(level > level.max() * 10.0 ** (END_DB / 20.0))
    return min((int(loud[-1]) + 1) * block, samples.size) if loud.size else samples.size


def _level(samples: np.ndarray, block: int) -> np.ndarray:
    """Loudest sample of each block, (blocks,)."""
    padded = np.abs(np.pad(samples, (0, -samples.size % block)))
    level: np.ndarray = padded.reshape(-1, block).max(axis=1)
    return level
