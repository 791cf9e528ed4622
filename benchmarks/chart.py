"""Ways to lay a model's W out in the plane: `python -m benchmarks.chart MODEL=DATA ... [--points 2500] [--journeys N]`.

For each layout of synth/publishing/layouts.py, of training clips and drawn sounds of all categories:
- trustworthiness (Venna & Kaski 2001): 1 where the 12 nearest in the plane are near in W too;
- how far neighbours sound alike: the mean distance in aiSFX's space (of unit mean embeddings) to the 6 nearest in the
  plane, as a share of that to any other point; beside it that of the 6 nearest in W, which no layout can be held to
  beat, as it throws dimensions away;
- the share of these 6 that are of the same category; seconds to fit.

--journeys: instead, of the map that the model has: N straight lines between two of its points each become a sound of 12
s. "follows" is the correlation, over 24 pieces of half a second, of what a descriptor measures of that sound with what
it measures of the sounds at the places that the line has reached then; "evenness" how much steps of equal time differ
by ear (standard deviation over mean of the root of LPIPS, 24 steps), beside steps of equal length on the map.
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

from synth.audio.descriptors import describe
from synth.instruments.charted import Track, along
from synth.instruments.style import StyleInstrument
from synth.latents.glide import beginnings
from synth.latents.match import perceptual
from synth.patch.patch import Patch
from synth.patch.place import Place
from synth.publishing.charting import chart
from synth.publishing.layouts import LAYOUTS
from synth.scoring.embedders import load_embedders
from synth.sound.sound import Sound

TRUSTED, NEAR = 12, 6
BATCH = 32
FOLLOWED, SECONDS, PIECES = ("brightness", "noisiness"), 12.0, 24


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL=DATA")
    parser.add_argument("--points", type=int, default=2500)
    parser.add_argument("--journeys", type=int, default=0, metavar="N")
    options = parser.parse_args()
    if options.journeys:
        print("| model | brightness follows | noisiness follows | evenness | by length |\n|---|---|---|---|---|")
        for text in options.models:
            travel(StyleInstrument.load(text.partition("=")[0], "cpu"), options.journeys)
        return
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


# -- journeys ------------------------------------------------------------------------------------------------------


def travel(instrument: StyleInstrument, count: int) -> None:
    rng = np.random.default_rng(0)
    found = []
    for _ in range(count):
        ends = instrument.chart.points[rng.choice(len(instrument.chart.points), 2, replace=False)]
        (x0, y0), (x1, y1) = ends.tolist()
        track: Track = ((x0, y0), (x1, y1))
        found.append(
            [*follows(instrument, track), evenness(instrument, track, True), evenness(instrument, track, False)]
        )
    told = " | ".join(f"{figure:.2f}" for figure in np.median(found, axis=0))
    print(f"| {instrument.card.id} | {told} |", flush=True)


def follows(instrument: StyleInstrument, track: Track) -> list[float]:
    """Correlations of FOLLOWED over the pieces of a journey."""
    *_, whole = instrument.travelled(track, SECONDS)
    sound, rate = (
        instrument.sounded(whole, Patch(instrument.card.id, lufs=None)).samples[0],
        instrument.codec.sample_rate,
    )
    pace, pieces = instrument._even_journey(track), np.array_split(sound, PIECES)
    # The way is at its end where the last of the overlapping passes begins (synth/latents/glide.py).
    length = round(SECONDS * rate / instrument.codec.hop)
    arrival = beginnings(instrument.codec.frames, length)[-1] / length
    told, asked = [], []
    for i, piece in enumerate(pieces):
        share = min((i + 0.5) / PIECES / arrival, 1.0)
        there = instrument.render(instrument.placed(Place(instrument.card.id, *along(track, pace(share)))))
        told.append(list(describe(piece, rate, FOLLOWED).values()))
        asked.append(list(describe(there.samples, rate, FOLLOWED).values()))
    return [float(np.corrcoef(x, y)[0, 1]) for x, y in zip(np.transpose(told), np.transpose(asked), strict=True)]


@torch.inference_mode()
def evenness(instrument: StyleInstrument, track: Track, paced: bool) -> float:
    """How much the steps of a line differ by ear."""
    pace = instrument._even_journey(track) if paced else float
    shares = [along(track, pace(i / PIECES)) for i in range(PIECES + 1)]
    ws = torch.stack([torch.tensor(instrument.placed(Place(instrument.card.id, *at)).latent) for at in shares])
    look = perceptual()
    features = look.seen(instrument.generator(instrument.generator.broadcast(ws), instrument._texture(0)))
    steps = [
        float(
            look.apart([of[i : i + 1] for of in features], [of[i + 1 : i + 2] for of in features]).clamp_min(0).sqrt()
        )
        for i in range(PIECES)
    ]
    return float(np.std(steps) / np.mean(steps))


if __name__ == "__main__":
    main()
