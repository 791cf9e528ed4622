"""How the top of the spectrum falls: what a model at 44.1 kHz must get right and one at 16 kHz does not have."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from synth.audio.stft import STFT

LOW, HIGH = 8000.0, 20000.0  # Hz
_CHUNK = 32


def has_top(sample_rate: int) -> bool:
    """Whether sounds of this rate reach far enough above LOW for a slope."""
    return sample_rate / 2.0 >= 2.0 * LOW


def slopes(sounds: np.ndarray, sample_rate: int) -> np.ndarray:
    """Samples (N, n) -> (N,) dB per octave of the long-term spectrum from 8 to 20 kHz, by a straight line over octaves.

    Each bin of the spectrum counts by its width in octaves.
    """
    spectra, hertz = _spectra(sounds, sample_rate)
    within = (hertz >= LOW) & (hertz <= min(HIGH, 0.95 * sample_rate / 2.0))
    octaves, weights = np.log2(hertz[within]), 1.0 / hertz[within]
    weights = weights / weights.sum()
    at = octaves - (weights * octaves).sum()
    levels = 10.0 * np.log10(np.maximum(spectra[:, within], 1e-20))
    return np.asarray((levels * weights * at).sum(1) / (weights * at * at).sum())


def shares(sounds: np.ndarray, sample_rate: int) -> np.ndarray:
    """Samples (N, n) -> (N,) dB of the power above 8 kHz relative to all of it, -100 at the least."""
    spectra, hertz = _spectra(sounds, sample_rate)
    share = spectra[:, hertz >= LOW].sum(1) / np.maximum(spectra.sum(1), 1e-20)
    return np.asarray(10.0 * np.log10(np.maximum(share, 1e-10)))


def top(made: np.ndarray, real: np.ndarray, sample_rate: int) -> dict[str, Any]:
    """Medians over sounds and over recordings."""
    sets = {"model": made, "valid": real}
    return {
        name: {
            "slope_db_per_octave": float(np.median(slopes(sounds, sample_rate))),
            "power_above_8_khz_db": float(np.median(shares(sounds, sample_rate))),
        }
        for name, sounds in sets.items()
    }


def _spectra(sounds: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean power over time (N, F), float64, and the bins' frequencies (F,).

    Of frames that lie within the sound: half a frame of silence is an edge, which has a spectrum of its own.
    """
    stft = STFT("hann", 2048, 512)
    parts = torch.from_numpy(np.asarray(sounds, np.float32)).split(_CHUNK)
    power = torch.cat([stft.forward(part)[..., 2:-2].abs().square().mean(2) for part in parts]).double().numpy()
    return power, np.fft.rfftfreq(stft.length, 1.0 / sample_rate)
