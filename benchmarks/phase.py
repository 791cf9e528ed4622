"""Phase reconstruction against pghipy, tifresi and librosa: `python -m benchmarks.phase DATA [--clips 20]`.

DATA holds `hits_scratches` and `environmental`, each with a `metadata.csv` (columns file, class, split). Clips of the
split "valid" are taken evenly over all categories; the STFT is the codec's (Gaussian, 512; hop 128 and hop 256) and
the same for all. Times are CPU time of one thread (every library is held to one), so that other work on the machine
does not count; the peers are called clip by clip in turn. PGHI is timed from magnitude to phase, the iterative methods
from magnitude to samples, after one warm-up call. A peer that is not installed is left out and named.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"  # before any library reads it, hence the imports below it

import argparse
import csv
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import librosa
import numpy as np
import torch

from synth.audio.codecs import GaussianLogSTFT
from synth.audio.pghi import integrate_phase
from synth.audio.phase import reconstruct, spectral_convergence
from synth.audio.stft import STFT
from synth.sound.sound import Sound

SETS = {"hits_scratches": 128, "environmental": 256}
DEFAULT, OURS, LIBROSA = "pghi+gl (default)", "pghi", "librosa griffinlim 256"

Method = Callable[[np.ndarray, STFT], np.ndarray]  # magnitude (T, F) -> phase (T, F), or samples (n,)


def our_pghi(magnitude: np.ndarray, stft: STFT) -> np.ndarray:
    return integrate_phase(magnitude, stft, np.random.default_rng(0))


def our_default(magnitude: np.ndarray, stft: STFT) -> np.ndarray:
    return reconstruct(magnitude.T, stft)


def our_griffin_lim(magnitude: np.ndarray, stft: STFT) -> np.ndarray:
    return reconstruct(magnitude.T, stft, "griffin-lim")


def librosa_griffin_lim(iterations: int) -> Method:
    def run(magnitude: np.ndarray, stft: STFT) -> np.ndarray:
        # librosa makes one frame more of n samples than the codec, and the same number of one sample less.
        n = magnitude.shape[0] * stft.hop - 1
        samples = librosa.griffinlim(
            magnitude.T, n_iter=iterations, hop_length=stft.hop, win_length=stft.length, n_fft=stft.length,
            window=stft.taps().numpy(), pad_mode="constant", length=n, random_state=0,
        )  # fmt: skip
        return np.pad(samples, (0, 1))

    return run


def peer_methods() -> tuple[dict[str, Method], list[str]]:
    """The PGHI peers that are installed, and a line for each that is not."""
    found: dict[str, Method] = {}
    missing = []
    for name, load in (("pghipy", load_pghipy), ("tifresi", load_tifresi)):
        try:
            found[name] = load()
        except ImportError as error:
            missing.append(f"{name} is not installed ({error})")
    return found, missing


def load_pghipy() -> Method:
    import pghipy

    return lambda magnitude, stft: pghipy.pghi(magnitude, stft.length, stft.hop, stft.gamma)


def load_tifresi() -> Method:
    from tifresi.phase.modGabPhaseGrad import modgabphasegrad
    from tifresi.phase.pghi import pghi

    def run(magnitude: np.ndarray, stft: STFT) -> np.ndarray:
        n = magnitude.shape[0] * stft.hop
        spectrogram = np.ascontiguousarray(magnitude.T / magnitude.max(), np.float64)  # it expects a peak of 1
        window = {"name": "gauss", "tfr": stft.gamma / n}
        over_time, over_bins = modgabphasegrad("abs", spectrogram, window, stft.hop, stft.length)
        phase = pghi(spectrogram, over_time, over_bins, stft.hop, stft.length, n).T
        # Its phase refers to the start of the sound, ours to the start of each frame.
        starts = np.arange(magnitude.shape[0])[:, None] * stft.hop - stft.length // 2
        found: np.ndarray = phase + 2.0 * np.pi / stft.length * (starts * np.arange(stft.bins) % stft.length)
        return found

    return run


def clips(data: Path, count: int) -> Iterator[tuple[str, STFT, np.ndarray]]:
    """Set, transform and magnitude (T, F) of `count` clips of each set."""
    for name, hop in SETS.items():
        codec = GaussianLogSTFT(hop=hop)
        with (data / name / "metadata.csv").open(newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["split"] == "valid"]
        rows.sort(key=lambda row: (row["class"], row["file"]))
        for i in range(count):
            sound = Sound.load(data / name / rows[i * len(rows) // count]["file"]).resampled(codec.sample_rate).mono()
            samples = np.zeros(codec.samples, np.float32)
            n = min(codec.samples, sound.samples.shape[1])
            samples[:n] = sound.samples[0, :n]
            bins = codec.stft.forward(torch.from_numpy(samples))
            yield name, codec.stft, np.ascontiguousarray(bins.abs().T.numpy())


def samples_of(result: np.ndarray, magnitude: np.ndarray, stft: STFT) -> np.ndarray:
    """A method's phase or samples as samples."""
    if result.ndim == 1:
        return result
    return stft.inverse(torch.from_numpy((magnitude * np.exp(1j * result)).T.astype(np.complex64))).numpy()


def measure(method: Method, magnitude: np.ndarray, stft: STFT, repeats: int) -> tuple[float, float]:
    """(milliseconds of CPU, spectral convergence in dB)."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        result = method(magnitude, stft)
        times.append(time.process_time() - start)
    return 1e3 * float(np.median(times)), spectral_convergence(samples_of(result, magnitude, stft), magnitude.T, stft)


Results = dict[str, dict[str, np.ndarray]]  # set -> method -> (clips, 2)


def run_all(methods: dict[str, Method], data: Path, count: int) -> Results:
    found: dict[str, dict[str, list[tuple[float, float]]]] = {name: {key: [] for key in methods} for name in SETS}
    warm: set[tuple[str, str]] = set()
    for name, stft, magnitude in clips(data, count):
        for key, method in methods.items():
            repeats = 1 if key.startswith("librosa") else 5
            if (name, key) not in warm:
                measure(method, magnitude, stft, 1)
                warm.add((name, key))
            found[name][key].append(measure(method, magnitude, stft, repeats))
    results = {name: {key: np.array(rows) for key, rows in table.items()} for name, table in found.items()}
    results["both"] = {key: np.concatenate([results[name][key] for name in SETS]) for key in methods}
    return results


def print_table(results: Results) -> None:
    print(f"\n{'':26}" + "".join(f"{name:>24}" for name in results))
    print(f"{'':26}" + f"{'ms':>14}{'dB':>10}" * len(results))
    for key in results["both"]:
        cells = (np.median(table[key], axis=0) for table in results.values())
        print(f"{key:26}" + "".join(f"{ms:14.2f}{db:10.2f}" for ms, db in cells))


def print_verdicts(results: Results) -> None:
    goals = [(OURS, peer, ratio) for peer, ratio in (("pghipy", 2.0), ("tifresi", 4.0)) if peer in results["both"]]
    print(f"\n{'goal':68}" + "".join(f"{name:>32}" for name in results))
    for ours, peer, ratio in [*goals, (DEFAULT, LIBROSA, 20.0)]:
        cells = []
        for table in results.values():
            (ms, db), (peer_ms, peer_db) = np.median(table[ours], axis=0), np.median(table[peer], axis=0)
            verdict = "met" if peer_ms >= ratio * ms and db <= peer_db else "MISSED"
            cells.append(f"{peer_ms / ms:5.1f}x {db - peer_db:+6.2f} dB {verdict:>7}")
        print(f"{f'{ours}: {ratio:g}x faster than {peer}, no worse':68}" + "".join(f"{cell:>32}" for cell in cells))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with both sets")
    parser.add_argument("--clips", type=int, default=20, help="clips of each set")
    options = parser.parse_args()
    torch.set_num_threads(1)
    peers, missing = peer_methods()
    methods: dict[str, Method] = {OURS: our_pghi, **peers}
    methods |= {DEFAULT: our_default, "griffin-lim": our_griffin_lim}
    methods |= {f"librosa griffinlim {iterations}": librosa_griffin_lim(iterations) for iterations in (32, 256)}
    results = run_all(methods, options.data, options.clips)
    print(f"{2 * options.clips} clips, one thread, medians of CPU time and spectral convergence (lower is better)")
    for line in missing:
        print(line)
    print_table(results)
    print_verdicts(results)


if __name__ == "__main__":
    main()
