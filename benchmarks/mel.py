"""Ways from mel bands to a linear spectrum: `python -m benchmarks.mel DATA [--clips 12]`.

DATA holds `hits_scratches` and `environmental`, each with a `metadata.csv` (columns file, class, split); clips of the
split "valid" are taken evenly over all categories. Each is analysed by a codec's window and bands, without its floor or
its rounding, and brought back: by the pseudo-inverse with negative values set to zero, by multiplicative updates from
the bands spread over their bins (0 steps: the spread itself), and by the L-BFGS-B of librosa. Errors are spectral
convergence, || found - wanted || / || wanted || in dB, of the bands and of the linear magnitude, the latter also after
the square root where the bands are of power. Times are CPU time of one thread, median over clips. Prints Markdown.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"  # before any library reads it, hence the imports below it

import argparse
import csv
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import librosa
import numpy as np
import torch
from torch import Tensor

from synth.audio.codec import fit_length
from synth.audio.codecs import LogMel, MelDecibels
from synth.audio.mel import nonnegative_inverse
from synth.sound.sound import Sound

# Data set and codec, as the presets have them.
SETTINGS: dict[str, tuple[str, LogMel | MelDecibels]] = {
    "magnitude, 128 bands, window 1024": ("hits_scratches", LogMel(frames=172)),
    "power, 256 bands, window 2048": ("environmental", MelDecibels(frames=204)),
    "power, 128 bands, window 2048": ("environmental", MelDecibels(hop=512, frames=172, mels=128)),
}
Inverse = Callable[[Tensor, Tensor], Tensor]  # bands (mels, F), mel (mels, T) -> (F, T)


def pseudo_inverse(bands: Tensor, mel: Tensor) -> Tensor:
    found: Tensor = (torch.linalg.pinv(bands) @ mel).clamp_min(0.0)
    return found


def updates(steps: int) -> Inverse:
    return lambda bands, mel: nonnegative_inverse(bands, mel, steps)


def lbfgs(bands: Tensor, mel: Tensor) -> Tensor:
    found: np.ndarray = librosa.util.nnls(bands.numpy(), mel.numpy())
    return torch.from_numpy(found)


METHODS: dict[str, Inverse] = {
    "spread": updates(0),
    "pseudo-inverse": pseudo_inverse,
    "updates, 10 steps": updates(10),
    "updates, 30 steps": updates(30),
    "updates, 60 steps": updates(60),
    "updates, 200 steps": updates(200),
    "librosa nnls": lbfgs,
}


def spectra(data: Path, codec: LogMel | MelDecibels, count: int) -> Iterator[Tensor]:
    """What the bands are of, magnitude or power (F, T), of `count` clips."""
    with (data / "metadata.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "valid"]
    rows.sort(key=lambda row: (row["class"], row["file"]))
    for i in range(count):
        sound = Sound.load(data / rows[i * len(rows) // count]["file"]).resampled(codec.sample_rate).mono()
        magnitude = codec.stft.forward(fit_length(torch.from_numpy(sound.samples[0]), codec.samples)).abs()
        magnitude = magnitude / magnitude.max()
        yield magnitude.square() if isinstance(codec, MelDecibels) else magnitude


def convergence(found: Tensor, wanted: Tensor) -> float:
    return 20.0 * math.log10(float((found - wanted).norm() / wanted.norm()) + 1e-10)


def measure(method: Inverse, codec: LogMel | MelDecibels, spectrum: Tensor) -> tuple[float, float, float]:
    """(dB of the bands, dB of the magnitude, milliseconds)."""
    root = torch.sqrt if isinstance(codec, MelDecibels) else lambda x: x
    mel = codec.bands @ spectrum
    start = time.process_time()
    found = method(codec.bands, mel)
    spent = time.process_time() - start
    return convergence(codec.bands @ found, mel), convergence(root(found), root(spectrum)), 1e3 * spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--clips", type=int, default=12)
    args = parser.parse_args()
    torch.set_num_threads(1)
    for title, (folder, codec) in SETTINGS.items():
        clips = list(spectra(args.data / folder, codec, args.clips))
        seconds = codec.samples / codec.sample_rate
        print(f"\n{title}: {len(clips)} clips of {seconds:.1f} s\n\n| method | bands, dB | magnitude, dB | ms |")
        print("|---|---|---|---|")
        for name, method in METHODS.items():
            figures = np.array([measure(method, codec, spectrum) for spectrum in clips])
            bands, magnitude = figures[:, :2].mean(0)
            print(f"| {name} | {bands:.1f} | {magnitude:.1f} | {np.median(figures[:, 2]):.0f} |", flush=True)


if __name__ == "__main__":
    main()
