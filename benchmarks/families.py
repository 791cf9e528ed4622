"""Every family on the same clips: quality, size, speed and what training took.

    python -m benchmarks.families DATA ... [--models ID ...] [--count 256] [--yamnet FILE]
    python -m benchmarks.families DATA --subset OUT --categories A B C

Prints two Markdown tables. The first: Frechet audio distance of `count` sounds of each model to the valid clips of each
data folder, in the space of AlexNet and, where its weights are named, of YAMNet, beside the floor of as many training
clips; and the class hit rate of models that a category of the folder can be asked of, which are asked for those alone.
Sounds are brought to the length of the folder's clips: what is longer is cut, what is shorter ends in silence. Bold are
folders with categories that a model learnt from. The second: parameters, megabytes, milliseconds to a sound on one
thread of the CPU (network alone, and whole), images seen and minutes of training.

`--subset` makes a data folder of some categories of another, of links to its files, for models that know no categories.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import torch
from safetensors import safe_open

from synth.checkpoint.families import CATEGORY, FAMILIES, can
from synth.checkpoint.store import catalogue, find
from synth.errors import DataError
from synth.instruments.instrument import Instrument
from synth.instruments.loading import load
from synth.patch.patch import Patch
from synth.publishing.tables import cell, table
from synth.recordings.dataset import load_clips, scan
from synth.scoring.embedders import load_embedder
from synth.scoring.metrics import Yardstick

RATE = 16000
TIMED = 20


def subset(source: Path, folder: Path, categories: Sequence[str]) -> None:
    """A data folder of links to the clips of some categories; raises DataError for one that is not there."""
    rows = [entry.row for entry in scan(source) if entry.category in categories]
    if absent := set(categories) - {row["class"] for row in rows}:
        raise DataError(f"{source} has no category {', '.join(sorted(absent))}")
    for row in rows:
        link = folder / row["file"]
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to((source / row["file"]).resolve())
    with (folder / "metadata.csv").open("w", newline="", encoding="utf-8") as f:
        writer = csv.DictWriter(f, rows[0])
        writer.writeheader()
        writer.writerows(rows)


@dataclass(frozen=True)
class Ground:
    """A data folder in the spaces of the embedders: clips of `samples` samples at RATE."""

    name: str
    samples: int
    categories: tuple[str, ...]
    yardsticks: tuple[Yardstick, ...]

    @classmethod
    def of(cls, folder: Path, weights: Sequence[Path | None]) -> Ground:
        samples = round(soundfile.info(folder / scan(folder)[0].file).duration * RATE)
        train, valid = (load_clips(folder, split, RATE, samples) for split in ("train", "valid"))
        yardsticks = tuple(Yardstick.of(load_embedder(path), train, valid, RATE) for path in weights)
        return cls(folder.name, samples, train.categories, yardsticks)


def sounds(instrument: Instrument, ground: Ground, count: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Samples (count, n) of consecutive seeds, categories in turn, and their labels where the ground has them all."""
    card = instrument.card
    shared = [name for name in card.categories if name in ground.categories]
    names: Sequence[str | None] = shared or card.categories or (None,)
    asked = [names[seed % len(names)] for seed in range(count)]
    made = np.zeros((count, ground.samples), np.float32)
    for seed, category in enumerate(asked):
        patch = Patch(card.id, category, seed, phase="pghi", lufs=None)
        sound = instrument.render(patch).resampled(RATE).samples[0, : ground.samples]
        made[seed, : len(sound)] = sound
    if not (can(card.family, CATEGORY) and shared):
        return made, None
    return made, np.array([ground.categories.index(str(category)) for category in asked])


def quality(instrument: Instrument, ground: Ground, count: int) -> list[str]:
    """FAD beside its floor in every space, then the hit rate in each where there is one."""
    made, labels = sounds(instrument, ground, count)
    learnt = not set(instrument.card.data.get("clips_per_category", ())).isdisjoint(ground.categories)
    fads, hits = [], []
    for yardstick in ground.yardsticks:
        embedded = yardstick.embed(made)
        text = f"{cell(yardstick.closeness(embedded).fad)} / {cell(yardstick.floor(count).fad)}"
        fads.append(f"**{text}**" if learnt else text)
        found = None if labels is None else yardstick.per_category(embedded, labels).values()
        hits.append(cell(found and sum(c.hits for c in found) / sum(c.n for c in found)))
    return [*fads, *hits]


def milliseconds(call: Callable[[int], object]) -> float:
    call(0)
    spent = []
    for seed in range(1, TIMED + 1):
        begun = time.perf_counter()
        call(seed)
        spent.append(1000.0 * (time.perf_counter() - begun))
    return statistics.median(spent)


def cost(instrument: Instrument) -> list[str]:
    """Size, speed and training of a model."""
    card, folder = instrument.card, find(instrument.card.id)
    patches = [Patch(card.id, next(iter(card.categories), None), seed) for seed in range(TIMED + 1)]
    network = milliseconds(lambda seed: instrument.synthesise(patches[seed]))
    whole = milliseconds(lambda seed: instrument.render(patches[seed]))
    size = (folder / "generator.safetensors").stat().st_size / 2**20
    return [
        f"{_parameters(folder) / 1e6:.1f} M",
        f"{size:.1f}",
        f"{card.duration:.2f}",
        f"{network:.0f}",
        f"{whole:.0f}",
        f"{card.training['images_seen'] / 1000:.0f} k",
        f"{card.minutes:.0f}",
        str(card.training["device"]),
    ]


def _parameters(folder: Path) -> int:
    with safe_open(folder / "generator.safetensors", "np") as f:
        return sum(int(np.prod(f.get_slice(name).get_shape())) for name in f.keys())  # noqa: SIM118, its own method


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="+", help="folders of recordings with a metadata.csv")
    parser.add_argument("--models", nargs="+", help="ids; default all that are installed")
    parser.add_argument("--count", type=int, default=256, help="sounds of each model")
    parser.add_argument("--yamnet", type=Path, help="YAMNet weights (safetensors)")
    parser.add_argument("--subset", type=Path, help="a data folder to make")
    parser.add_argument("--categories", nargs="+", help="those of the subset")
    options = parser.parse_args()
    if options.subset:
        subset(options.data[0], options.subset, options.categories or ())
        return
    torch.set_num_threads(1)
    instruments = [load(model, "cpu") for model in options.models or catalogue()]
    grounds = [Ground.of(folder, tuple(dict.fromkeys((None, options.yamnet)))) for folder in options.data]
    spaces = [yardstick.embedder.name for yardstick in grounds[0].yardsticks]
    heads = [f"FAD-{space} / floor" for space in spaces] + [f"hits, {space}" for space in spaces]
    rows = [
        [g.name, i.card.id, FAMILIES[i.card.family].title, *quality(i, g, options.count)]
        for g in grounds
        for i in instruments
    ]
    print("\n".join(table(["clips", "model", "family", *heads], rows)))
    costs = ["weights", "MB", "seconds", "network, ms", "sound, ms", "images seen", "minutes", "trained on"]
    print("\n" + "\n".join(table(["model", *costs], [[i.card.id, *cost(i)] for i in instruments])))


if __name__ == "__main__":
    main()
