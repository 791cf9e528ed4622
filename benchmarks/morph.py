"""How even morphs are: `python -m benchmarks.morph [MODEL ...] [--pairs 24] [--places 17]`.

Along a path between two seeds, LPIPS is measured from each place to the next, the noise being that of A all along. Its
largest over its mean is near 1 where a path is free of jumps. The even pace is made by LPIPS, so the same is also told
of a distance that it does not know: levels in dB, as means over cells of 4 by 4, root mean square. Pairs are of one
category, all categories in turn; other rows join seeds of two categories. Seconds are those of one processor, for the
first place of a path at all. Prints a Markdown table, medians with the 10th and 90th percentile.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch.nn.functional import avg_pool2d

from synth.checkpoint.families import SPACE, can
from synth.checkpoint.store import catalogue
from synth.instruments.instrument import one_thread
from synth.instruments.style import StyleInstrument
from synth.latents.match import perceptual
from synth.models.perceptual import Perceptual
from synth.patch.morph import PACES, Morph, Way
from synth.patch.patch import Patch

HEADS = (
    "model",
    "path",
    "pace",
    "largest / mean step",
    "of levels",
    "paths above 2",
    "above 4",
    "mean step",
    "A to B",
    "seconds",
    "pairs",
)
CELL = 4
SHIFT = 1000  # between the seeds of A and of B


def pairs(instrument: StyleInstrument, count: int, apart: int) -> Iterator[tuple[Patch, Patch]]:
    """Seeds of a category, and of the one `apart` places after it."""
    model, names = instrument.card.id, instrument.card.categories
    for i in range(count):
        a, b = names[i % len(names)], names[(i + apart) % len(names)]
        yield Patch(model, a, i), Patch(model, b, i + SHIFT)


@dataclass(frozen=True)
class Walk:
    """LPIPS (n,) from place to place and from the first to the last; levels (n,) from place to place; seconds (CPU)."""

    steps: np.ndarray
    whole: float
    levels: np.ndarray
    seconds: float


@torch.inference_mode()
def walk(instrument: StyleInstrument, look: Perceptual, morph: Morph, places: int) -> Walk:
    begun = time.process_time()
    instrument.morphed(replace(morph, x=0.5))
    seconds = time.process_time() - begun
    tensors = torch.cat([instrument.synthesise(instrument.morphed(p)) for p in Way(morph).steps(places)])
    with one_thread():
        seen, cells = look.seen(tensors), avg_pool2d(tensors, CELL)
        steps = look.apart([of[:-1] for of in seen], [of[1:] for of in seen])
        whole = look.apart([of[:1] for of in seen], [of[-1:] for of in seen])
        levels = (cells[1:] - cells[:-1]).square().mean((1, 2, 3)).sqrt()
    return Walk(steps.numpy(), float(whole), levels.numpy(), seconds)


def row(instrument: StyleInstrument, name: str, pace: str, walks: list[Walk]) -> list[str]:
    ratios = np.array([walked.steps.max() / walked.steps.mean() for walked in walks])
    levels = np.array([walked.levels.max() / walked.levels.mean() for walked in walks])
    spread = "{1:.2f} ({0:.2f} to {2:.2f})"
    return [
        instrument.card.id,
        name,
        pace,
        spread.format(*np.percentile(ratios, (10, 50, 90))),
        spread.format(*np.percentile(levels, (10, 50, 90))),
        f"{np.mean(ratios > 2):.0%}",
        f"{np.mean(ratios > 4):.0%}",
        f"{np.median([walked.steps.mean() for walked in walks]):.3f}",
        f"{np.median([walked.whole for walked in walks]):.3f}",
        f"{np.median([walked.seconds for walked in walks]):.2f}",
        str(len(walks)),
    ]


def rows(instrument: StyleInstrument, path: str, apart: int, count: int, places: int) -> Iterator[list[str]]:
    """One a pace."""
    look = perceptual()
    name = f"{path}, {'two categories' if apart else 'one category'}"
    for pace in reversed(PACES):
        morphs = [Morph(corners, path=path, pace=pace) for corners in pairs(instrument, count, apart)]
        yield row(instrument, name, pace, [walk(instrument, look, morph, places) for morph in morphs])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", help="ids; default all that are installed")
    parser.add_argument("--pairs", type=int, default=24)
    parser.add_argument("--places", type=int, default=17)
    options = parser.parse_args()
    print(f"| {' | '.join(HEADS)} |\n|{'---|' * len(HEADS)}")
    for model in options.models or [card.id for card in catalogue().values() if can(card.family, SPACE)]:
        instrument = StyleInstrument.load(model)
        for path, apart in (("z", 0), ("w", 0), ("w", 1)):
            for cells in rows(instrument, path, apart, options.pairs, options.places):
                print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
