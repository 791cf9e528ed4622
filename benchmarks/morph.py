"""How even morphs are: `python -m benchmarks.morph [MODEL ...] [--pairs 24] [--places 17]`.

Along a path between two seeds, LPIPS is measured from each place to the next, the noise being that of A all along. Its
largest over its mean is near 1 where a path is free of jumps. Pairs are of one category, all categories in turn, and a
third row joins seeds of two categories. Prints a Markdown table, medians with the 10th and 90th percentile.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
import torch

from synth.checkpoint import catalogue
from synth.instrument import Instrument, one_thread
from synth.models.perceptual import Perceptual
from synth.morph import Morph, Way
from synth.patch import Patch

HEADS = ("model", "path", "largest / mean step", "paths above 2", "above 4", "mean step", "A to B", "pairs")
SHIFT = 1000  # between the seeds of A and of B


def pairs(instrument: Instrument, count: int, apart: int) -> Iterator[tuple[Patch, Patch]]:
    """Seeds of a category, and of the one `apart` places after it."""
    model, names = instrument.card.id, instrument.card.categories
    for i in range(count):
        a, b = names[i % len(names)], names[(i + apart) % len(names)]
        yield Patch(model, a, i), Patch(model, b, i + SHIFT)


@torch.inference_mode()
def lpips_steps(instrument: Instrument, look: Perceptual, morph: Morph, places: int) -> tuple[np.ndarray, float]:
    """LPIPS (places - 1,) from place to place, and from the first to the last."""
    tensors = torch.cat([instrument.synthesise(instrument.morphed(p)) for p in Way(morph).steps(places)])
    with one_thread():
        return look.distance(tensors[:-1], tensors[1:]).numpy(), float(look.distance(tensors[:1], tensors[-1:]))


def row(instrument: Instrument, look: Perceptual, path: str, apart: int, count: int, places: int) -> list[str]:
    measured = [
        lpips_steps(instrument, look, Morph(corners, path=path), places) for corners in pairs(instrument, count, apart)
    ]
    ratios = np.array([steps.max() / steps.mean() for steps, _ in measured])
    name = f"{path}, {'two categories' if apart else 'one category'}"
    return [
        instrument.card.id,
        name,
        "{1:.2f} ({0:.2f} to {2:.2f})".format(*np.percentile(ratios, (10, 50, 90))),
        f"{np.mean(ratios > 2):.0%}",
        f"{np.mean(ratios > 4):.0%}",
        f"{np.median([steps.mean() for steps, _ in measured]):.3f}",
        f"{np.median([whole for _, whole in measured]):.3f}",
        str(count),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", help="ids; default all that are installed")
    parser.add_argument("--pairs", type=int, default=24)
    parser.add_argument("--places", type=int, default=17)
    options = parser.parse_args()
    look = Perceptual.load()
    print(f"| {' | '.join(HEADS)} |\n|{'---|' * len(HEADS)}")
    for model in options.models or catalogue():
        instrument = Instrument.load(model)
        for path, apart in (("z", 0), ("w", 0), ("w", 1)):
            print(f"| {' | '.join(row(instrument, look, path, apart, options.pairs, options.places))} |", flush=True)


if __name__ == "__main__":
    main()
