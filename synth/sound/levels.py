"""Levels of a sound by frequency and time, and the picture of them."""

from __future__ import annotations

import math

import numpy as np
from scipy.fft import rfft


def column_peaks(samples: np.ndarray, window: int, frames: int) -> np.ndarray:
    """Largest power of the windows inside each column, (frames, window / 2)."""
    step = samples.size / frames
    padded = np.pad(samples, window // 2)
    taps = np.hanning(window + 1)[:-1].astype(np.float32)
    peaks = np.zeros((frames, window // 2), np.float32)
    windows = max(1, math.ceil(step / (window // 2)))
    for part in range(windows):
        starts = ((np.arange(frames) + (part + 0.5) / windows) * step).astype(np.int64)
        framed = padded[starts[:, None] + np.arange(window)] * taps
        bins = rfft(framed)[:, :-1]  # SciPy's stays in single precision
        np.maximum(peaks, bins.real**2 + bins.imag**2, out=peaks)
    return peaks


def picture(levels: np.ndarray, floor_db: float) -> np.ndarray:
    """uint8 (bins, frames) of powers of that shape: 255 is the loudest, 0 is `floor_db` below it or less."""
    peak = levels.max()
    if peak <= 0.0:
        return np.zeros(levels.shape, np.uint8)
    db = 10.0 * np.log10(np.maximum(levels / peak, 10.0 ** (floor_db / 10.0)))
    found: np.ndarray = np.rint(255.0 * (1.0 - db / floor_db)).astype(np.uint8)
    return found
