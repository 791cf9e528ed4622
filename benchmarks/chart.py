"""Ways to lay a model's W out in the plane: `python -m benchmarks.chart MODEL=DATA ... [--points 2500]`.

For each layout of synth/publishing/layouts.py, of training clips and drawn sounds of all categories:
- trustworthiness (Venna & Kaski 2001): 1 where the 12 nearest in the plane are near in W too;
- how far neighbours sound alike: the mean distance in aiSFX's space (of unit mean embeddings) to the 6 nearest in the
  plane, as a share of that to any other point; beside it that of the 6 nearest in W, which no layout can be held to
  beat, as it throws dimensions away;
- the share of these 6 that are of the same category; seconds to fit.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import soxr
import torch
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors

from synth.instruments.style import StyleInstrument
from synth.patch.patch import Patch
from synth.publishing.charting import chart
from synth.publishing.layouts import LAYOUTS
from synth.scoring.embedders import load_embedders
from synth.sound.sound import Sound

TRUSTED, NEAR = 12, 6
BATCH = 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL=DATA")
    parser.add_argument("--points", type=int, default=2500)
    options = parser.parse_args()
    print("| model | layout | trustworthiness | neighbours' distance | same category | s |\n|---|---|---|---|---|---|")
    for text in options.models:
        model, _, data = text.partition("=")
        compare(model, Path(data), options.points)


def compare(model: str, data: Path, points: int) -> None:
    instrument = StyleInstrument.load(model, "cpu")
    vars(instrument)["chart"] = made = chart(model, data, points)
    w, labels = instrument.charted.numpy(), made.categories
    heard = embedded(instrument, w)
    report(model, "W itself", w, w, labels, heard, 0.0)
    for name, layout in LAYOUTS.items():
        begun = time.perf_counter()
        placed = layout(w, labels)
        report(model, name, placed, w, labels, heard, time.perf_counter() - begun)


def embedded(instrument: StyleInstrument, w: np.ndarray) -> np.ndarray:
    """Unit embeddings (n, D) of the sounds at w (n, w_dim)."""
    (embedder,) = (e for e in load_embedders(None, instrument.card.sample_rate) if e.name == "aiSFX")
    patches = (Patch(instrument.card.id, latent=tuple(row), start=False) for row in w.tolist())
    found = []
    for batch in batched(instrument.renders(patches), BATCH):
        with torch.inference_mode():
            seen = embedder(torch.from_numpy(np.stack([levelled(sound, embedder.sample_rate) for sound in batch])))
        found.append(torch.nn.functional.normalize(seen.mean(1), dim=1).numpy())
    return np.concatenate(found)


def levelled(sound: Sound, rate: int) -> np.ndarray:
    """Its samples (n,) at a rate, of peak 1."""
    samples = (
        soxr.resample(sound.samples[0], sound.sample_rate, rate) if sound.sample_rate != rate else sound.samples[0]
    )
    return np.asarray(samples / max(np.abs(samples).max(), 1e-9), np.float32)


def batched(sounds: Iterator[Sound], count: int) -> Iterator[list[Sound]]:
    while batch := list(islice(sounds, count)):
        yield batch


def report(
    model: str, name: str, placed: np.ndarray, w: np.ndarray, labels: np.ndarray, heard: np.ndarray, seconds: float
) -> None:
    near = NearestNeighbors(n_neighbors=NEAR + 1).fit(placed).kneighbors(placed, return_distance=False)[:, 1:]
    any_pair = 1.0 - float(np.square(heard.mean(0)).sum())  # of unit vectors, on average
    apart = 1.0 - np.einsum("nd,nkd->nk", heard, heard[near])
    trusted = trustworthiness(w, placed, n_neighbors=TRUSTED)
    same = float((labels[near] == labels[:, None]).mean())
    figures = f"{trusted:.3f} | {apart.mean() / any_pair:.2f} | {same:.2f} | {seconds:.1f}"
    print(f"| {model} | {name} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
