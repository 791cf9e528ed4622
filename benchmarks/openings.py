"""Seeds to begin with: `python -m benchmarks.openings MODEL --data DIR [--yamnet FILE] [--seeds 32]`.

For each category that a model opens with, the seeds whose sounds are surest to be of it: by the margin, in every space
at hand, between the mean likeness to the five nearest training clips of the category and that to the five nearest of
any other. Printed are the best three, with the smallest of their margins, in standard deviations of all likenesses.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from synth.checkpoint.starting_points import CHOSEN, CHOSEN_PSI
from synth.instruments.loading import load
from synth.patch.patch import Patch
from synth.recordings.dataset import load_clips
from synth.scoring.embedders import load_embedders
from synth.scoring.metrics import Yardstick


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--yamnet", type=Path)
    parser.add_argument("--seeds", type=int, default=32)
    options = parser.parse_args()
    instrument = load(options.model, "cpu")
    rate, n = instrument.card.sample_rate, round(instrument.card.duration * instrument.card.sample_rate)
    train, valid = (load_clips(options.data, split, rate, n) for split in ("train", "valid"))
    yardsticks = [Yardstick.of(e, train, valid, rate) for e in load_embedders(options.yamnet, rate)]
    for name, category, _ in CHOSEN[options.model]:
        patch = Patch(options.model, category, psi=CHOSEN_PSI, start=False, lufs=None)
        heard = [instrument.render(replace(patch, seed=seed)).samples[0, :n] for seed in range(options.seeds)]
        sounds = np.stack([np.pad(x, (0, n - len(x))) for x in heard])
        asked = np.full(len(sounds), train.categories.index(category))
        least = np.min([y.margins(y.embed(sounds), asked) for y in yardsticks], axis=0)
        best = np.argsort(least)[::-1][:3]
        print(f"{name} ({category}): " + ", ".join(f"{seed} ({least[seed]:.2f})" for seed in best), flush=True)


if __name__ == "__main__":
    main()
