"""Ways from maps to samples, side by side: `python -m benchmarks.decoder --data DIR --before WORKTREE [--yamnet FILE]`.

DIR holds the two data folders, WORKTREE a build whose `pghi+gl` on the network's own grid is what "before" means
(b20b362). Each model draws the same sounds for every way, categories as frequent as in the valid split. Per way: FAD
and hit rate in each space, the rise of the steepest attack (dB in 4 ms, median), the residual (how far magnitudes of
the samples are from those wanted, dB), and CPU milliseconds for what comes after the network, medians over sounds by
which all ways take turns, so that ratios hold on a busy machine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from synth.audio import decoder
from synth.audio.codecs import GaussianLogSTFT, settings
from synth.audio.maps import Maps
from synth.audio.phase import spectral_convergence
from synth.audio.texture import noise_field
from synth.instruments.instrument import one_thread
from synth.instruments.style import StyleInstrument
from synth.recordings.dataset import load_clips
from synth.scoring.embedders import load_embedders
from synth.scoring.metrics import Yardstick
from synth.training.snapshot import as_frequent

SEED = 20260
MODELS = ("hits_scratches", "environmental")
OTHER_BUILD = """
import sys, time, numpy as np, torch
from synth.audio.codecs import from_settings
import json
torch.set_num_threads(1)
codec = from_settings(json.loads(sys.argv[1]))
tensors = np.load(sys.argv[2])
codec.decode(torch.from_numpy(tensors[0]), "pghi+gl", 0)
print("ready", flush=True)
for line in sys.stdin:
    i = int(line)
    begun = time.process_time()
    samples = codec.decode(torch.from_numpy(tensors[i]), "pghi+gl", i)
    spent = time.process_time() - begun
    np.save(sys.argv[3], samples)
    print(spent, flush=True)
"""

Way = Callable[[int], np.ndarray]


class OtherBuild:
    """`pghi+gl` of another build, in a process of its own."""

    def __init__(self, worktree: Path, codec: GaussianLogSTFT, tensors: np.ndarray, folder: Path):
        np.save(folder / "tensors.npy", tensors)
        self.answer = folder / "samples.npy"
        command = [sys.executable, "-c", OTHER_BUILD, json.dumps(settings(codec)), folder / "tensors.npy", self.answer]
        own = os.environ | {"PYTHONPATH": str(worktree), "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [str(c) for c in command], cwd=worktree, env=own, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._told()

    def __call__(self, i: int) -> tuple[np.ndarray, float]:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{i}\n")
        self.process.stdin.flush()
        spent = float(self._told())
        return np.load(self.answer), spent

    def _told(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("the other build has ended: is WORKTREE a build with the same requirements?")
        return line

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def drawn(instrument: StyleInstrument, labels: torch.Tensor) -> tuple[list[Maps], np.ndarray]:
    """Maps of each sound, and the tensors (N, 1, F, T) that the network's own grid makes of them."""
    g, rng = instrument.generator, torch.Generator().manual_seed(SEED)
    maps: list[Maps] = []
    tensors = []
    with torch.inference_mode():
        for part in labels.split(16):
            z = torch.randn(len(part), g.config.z_dim, generator=rng)
            mean, gate = g.synthesis(g.mapping(z, part)[:, None])
            texture = noise_field(instrument.codec.stft, len(part), mean.shape[-1], rng)
            tensors.append(g.compose(mean, gate, texture).numpy())
            maps += [Maps.of(instrument.codec, *pair) for pair in zip(mean, gate, strict=True)]
    return maps, np.concatenate(tensors)


def ways(maps: list[Maps]) -> dict[str, Way]:
    def settled(steps: int, sharp: bool = True) -> Way:
        def way(i: int) -> np.ndarray:
            kept = decoder.SETTLE, decoder.sharpen
            decoder.SETTLE = steps
            if not sharp:
                decoder.sharpen = lambda samples, *_: samples
            try:
                return decoder.decode(maps[i], i)
            finally:
                decoder.SETTLE, decoder.sharpen = kept

        return way

    return {
        "pghi": lambda i: decoder.decode(maps[i], i, "pghi"),
        "pghi+gl": lambda i: decoder.decode(maps[i], i, "pghi+gl"),
        "texture, no step": settled(0),
        "texture, 2 steps": settled(2),
        f"texture, {decoder.SETTLE} steps (default)": settled(decoder.SETTLE),
        f"texture, {decoder.SETTLE} steps, attacks as decoded": settled(decoder.SETTLE, sharp=False),
        "texture, 8 steps": settled(8),
    }


def rise(samples: np.ndarray, rate: int) -> float:
    """dB by which the level rises within 4 ms, at the steepest place that ends within 10 dB of the loudest one."""
    block = rate // 1000
    power = np.convolve(samples.astype(np.float64) ** 2, np.ones(block) / block, "same")
    level = 10.0 * np.log10(power + power.max() * 1e-8 + 1e-30)
    risen = level[4 * block :] - level[: -4 * block]
    return float(risen[level[4 * block :] > level.max() - 10.0].max(initial=0.0))


def residual(samples: np.ndarray, maps: Maps, seed: int) -> float:
    """Spectral convergence towards the magnitudes that the decoder drew for a seed."""
    grid = decoder.Grid.of(maps)
    placed = maps.at(grid.places(maps))
    bins = decoder.white_bins(grid.stft, grid.frames, seed)
    magnitude, _ = decoder.dressed(placed, decoder._floats(bins))
    return spectral_convergence(samples, magnitude.T, grid.stft)


def table(model: str, options: argparse.Namespace, folder: Path) -> None:
    instrument = StyleInstrument.load(model, "cpu")
    codec, rate = instrument.codec, instrument.codec.sample_rate
    train, valid = (load_clips(options.data / model, s, rate, codec.samples) for s in ("train", "valid"))
    labels = as_frequent(valid.labels, options.count)
    maps, tensors = drawn(instrument, labels)
    made: dict[str, list[np.ndarray]] = {}
    spent: dict[str, list[float]] = {}
    other = OtherBuild(options.before, codec, tensors, folder)
    named = ways(maps)
    for way in named.values():
        way(0)
    for i in range(options.count):
        samples, seconds = other(i)
        made.setdefault("before: network's grid, pghi+gl", []).append(samples)
        spent.setdefault("before: network's grid, pghi+gl", []).append(seconds)
        for name, way in named.items():
            begun = time.process_time()
            samples = way(i)
            spent.setdefault(name, []).append(time.process_time() - begun)
            made.setdefault(name, []).append(samples)
    other.close()
    yardsticks = [
        Yardstick.of(e, train, valid, rate) for e in load_embedders(options.yamnet, rate) if _asked(e, options)
    ]
    heard = "".join(f" FAD-{y.embedder.name} | hits |" for y in yardsticks)
    recordings = [rise(x, rate) for x in valid.waveforms().numpy() if np.abs(x).max() > 0]
    print(f"\n{model}: {options.count} sounds; recordings rise by {statistics.median(recordings):.1f} dB\n")
    print(f"| way |{heard} rise, dB | residual, dB | CPU ms | before / this |")
    print("|---" * (5 + 2 * len(yardsticks)) + "|", flush=True)
    before = statistics.median(next(iter(spent.values())))
    for name, sounds in made.items():
        scores = [y.score(np.stack(sounds), labels.numpy()) for y in yardsticks]
        told = "".join(f" {s.fad:.2f} | {s.hit_rate:.3f} |" for s in scores)
        steep = statistics.median(rise(x, rate) for x in sounds)
        left = "" if name.startswith("before") else f"{_median_residual(sounds, maps):.1f}"
        ms = 1000.0 * statistics.median(spent[name])
        print(f"| {name} |{told} {steep:.1f} | {left} | {ms:.1f} | {1000.0 * before / ms:.1f} |", flush=True)


def _asked(embedder: object, options: argparse.Namespace) -> bool:
    return not options.spaces or getattr(embedder, "name", "") in options.spaces


def _median_residual(sounds: list[np.ndarray], maps: list[Maps]) -> float:
    some = range(0, len(sounds), 4)
    return statistics.median(residual(sounds[i], maps[i], i) for i in some)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--before", type=Path, required=True)
    parser.add_argument("--yamnet", type=Path)
    parser.add_argument("--count", type=int, default=160)
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--spaces", nargs="+", default=[])
    options = parser.parse_args()
    with one_thread(), tempfile.TemporaryDirectory() as folder:
        for model in options.models:
            table(model, options, Path(folder))


if __name__ == "__main__":
    main()
