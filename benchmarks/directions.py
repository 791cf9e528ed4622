"""Directions from examples, and transfer: `python -m benchmarks.directions MODEL=DATA ... [--seeds 24] [--ways]`.

Ten directions a model, each of 5 + 5 real clips of the valid split, which neither the generator nor the encoder heard:
five of extremes (the brightest against the dullest, and so on, every clip of another category), five of pairs of
categories, drawn. Prints Markdown: each direction's linearity against the descriptor that its groups differ in most,
and its largest leak; then how much of the gap between a drawn sound and a real clip a transfer closes, attribute by
attribute. `--ways` prints the means of the ten for other ways from group to group instead.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.quality import pair
from synth.directions import examples
from synth.directions.attribute import Attribute, Search, attributes, give
from synth.directions.examples import Contrast, Example, Trial
from synth.directions.linearity import Line, curves, lines
from synth.directions.listening import Listener
from synth.directions.prototypes import centre_of_group
from synth.directions.sefa import spread_root
from synth.instruments.style import StyleInstrument
from synth.patch.patch import Patch
from synth.publishing.tables import table
from synth.recordings.dataset import Clips, load_clips
from synth.sound.sound import Sound

GROUP = 5
EXTREMES = {
    "brightness": "bright / dull",
    "rate": "dense / sparse",
    "noisiness": "noisy / tonal",
    "decay": "long / short decay",
    "sustain": "filled / empty",
}

Groups = tuple[list[Example], list[Example]]


@dataclass(frozen=True)
class Real:
    """The valid clips of a model's data: sounds, their categories and descriptors."""

    sounds: list[Example]
    categories: list[str]
    measured: list[dict[str, float]]

    @classmethod
    def of(cls, instrument: StyleInstrument, folder: Path) -> Real:
        codec = instrument.codec
        clips: Clips = load_clips(folder, "valid", codec.sample_rate, codec.samples)
        named = zip(clips.entries, clips.waveforms().numpy(), strict=True)
        sounds = [Example(entry.file, Sound(samples, codec.sample_rate)) for entry, samples in named]
        return cls(sounds, [e.category for e in clips.entries], [instrument.describe(s.sound) for s in sounds])

    def extremes(self, descriptor: str) -> Groups:
        """The highest and the lowest, every one of a group of another category."""
        rising = sorted(range(len(self.sounds)), key=lambda i: self.measured[i][descriptor])
        return self._apart(rising[::-1]), self._apart(rising)

    def _apart(self, order: list[int]) -> list[Example]:
        seen: dict[str, int] = {}
        for i in order:
            seen.setdefault(self.categories[i], i)
        return [self.sounds[i] for i in list(seen.values())[:GROUP]]

    def drawn(self, count: int, rng: np.random.Generator) -> Iterator[tuple[str, Groups]]:
        """Pairs of categories, of which each is in one."""
        names = [n for n in sorted(set(self.categories)) if self.categories.count(n) >= GROUP]
        shuffled = [names[i] for i in rng.permutation(len(names))]
        for more, less in list(zip(shuffled[::2], shuffled[1::2], strict=False))[:count]:
            yield f"{more} / {less}", (self._some(more, rng), self._some(less, rng))

    def _some(self, category: str, rng: np.random.Generator) -> list[Example]:
        members = [i for i, name in enumerate(self.categories) if name == category]
        return [self.sounds[i] for i in rng.choice(members, GROUP, replace=False)]


# -- directions ----------------------------------------------------------------------------------------------------


def ways(root: Tensor, origin: Tensor) -> dict[str, Callable[[Tensor, Tensor], Tensor]]:
    """Ways from the second group to the first, of w (n, w_dim) of each: the one in use, and others."""

    def mean(more: Tensor, less: Tensor) -> Tensor:
        return more.mean(0) - less.mean(0)

    def prototypes(more: Tensor, less: Tensor) -> Tensor:
        return centre_of_group(more, origin) - centre_of_group(less, origin)

    def discriminant(more: Tensor, less: Tensor) -> Tensor:
        covariance = root @ root
        ridge = 3.0 * covariance.diagonal().mean() * torch.eye(len(covariance))
        found: Tensor = torch.linalg.solve(covariance + ridge, mean(more, less))
        return found

    return {
        "difference of means, shrunk": lambda more, less: examples.shrunk(mean(more, less), root),
        "difference of means": mean,
        "prototypes of the groups": prototypes,
        "linear discriminant": discriminant,
    }


def linearity(lines: Mapping[str, Line], contrast: Contrast) -> tuple[float, float, str, float]:
    """r with the descriptor, positive where it goes the way the groups do; largest |r| of others, which; the change of
    the descriptor from end to end. Distance, which has brightness in it by its nature, is no leak."""
    sign = np.sign(contrast.apart)
    others = {name: lines[name].r for name in examples.NAMED if name != contrast.descriptor}
    worst = max(others, key=lambda name: abs(others[name]))
    own = lines[contrast.descriptor]
    return sign * own.r, abs(others[worst]), worst, sign * own.slope * 10.0


def groups_of(real: Real) -> list[tuple[str, Groups]]:
    drawn = real.drawn(5, np.random.default_rng(0))
    return [*((title, real.extremes(name)) for name, title in EXTREMES.items()), *drawn]


def directions(instrument: StyleInstrument, real: Real, count: int) -> None:
    rows: list[list[str]] = []
    figures: list[tuple[float, float]] = []
    for title, (more, less) in groups_of(real):
        made = instrument.tell_apart(title, more, less)
        assert made.contrast is not None
        trial = Trial(made.direction, made.contrast, range(examples.FIRST_SEED, examples.FIRST_SEED + count))
        for seed, position in trial.left():
            trial.note(seed, position, instrument.hear(trial.direction, seed, position))
        r, leak, onto, span = linearity(trial.lines(), made.contrast)
        apart = f"{made.contrast.descriptor} {made.contrast.apart:+.1f} ({abs(made.contrast.deviations):.1f} sd)"
        rows.append([title, apart, f"{r:.2f}", f"{leak:.2f} {onto}", f"{span:+.1f}"])
        figures.append((r, leak))
        print(f"{instrument.card.id}: {' · '.join(rows[-1])}", flush=True)
    r, leak = np.mean(figures, axis=0)
    rows.append(["**mean**", "", f"**{r:.2f}**", f"**{leak:.2f}**", ""])
    print(f"\n### {instrument.card.title}: directions of {GROUP} + {GROUP} clips, {count} sounds\n")
    print("\n".join(table(["more / less", "differ most in", "r", "largest leak", "from -5 to 5"], rows)))


def compare(instrument: StyleInstrument, real: Real, count: int) -> None:
    """r and leak of all ways between the same groups, of magnitudes alone."""
    listener = Listener(instrument.generator, instrument.codec)
    g = instrument.generator.config
    root, origin = spread_root(instrument.generator), instrument.generator.w_avg.mean(0)
    seeds = range(examples.FIRST_SEED, examples.FIRST_SEED + count)
    found: dict[str, list[tuple[float, float]]] = {}
    for title, groups in groups_of(real):
        contrast = examples.contrast(*([instrument.describe(e.sound) for e in group] for group in groups))
        latents = ([instrument.encode(e.sound) for e in group] for group in groups)
        more, less = (torch.tensor(group).view(-1, g.num_ws, g.w_dim).mean(1) for group in latents)
        for name, way in ways(root, origin).items():
            direction = examples.slider(title, way(more, less), root, g.num_ws)
            heard = curves(listener, direction, seeds, examples.POSITIONS, phase=False)
            figures = linearity(lines(heard, examples.POSITIONS), contrast)[:2]
            found.setdefault(name, []).append(figures)
            print(f"{instrument.card.id}: {title} · {name} · {figures[0]:.2f} · {figures[1]:.2f}", flush=True)
    rows = [[name, *(f"{mean:.2f}" for mean in np.mean(figures, axis=0))] for name, figures in found.items()]
    print(f"\n### {instrument.card.title}: ways from group to group, {count} sounds\n")
    print("\n".join(table(["way", "r", "leak"], rows)))


# -- transfer ------------------------------------------------------------------------------------------------------


def searched(instrument: StyleInstrument, patch: Patch, attribute: Attribute, other: Sound) -> Search:
    *_, last = give(instrument.render, instrument.describe, patch, attribute, other)
    return last


def transfer(instrument: StyleInstrument, real: Real, count: int) -> None:
    rng = np.random.default_rng(1)
    categories = instrument.card.categories
    pairs = [
        (Patch(instrument.card.id, categories[int(rng.integers(len(categories)))], 40_000 + i), int(at))
        for i, at in enumerate(rng.choice(len(real.sounds), count, replace=False))
    ]
    rows = []
    for attribute in attributes(instrument.card.metrics.get("semantic"), instrument.card.directions):
        found = [searched(instrument, patch, attribute, real.sounds[at].sound) for patch, at in pairs]
        closed = np.array([search.closed for search in found])
        rows.append(
            [
                f"{attribute.descriptor} by {attribute.slider}",
                f"{np.mean([abs(s.goal - s.before) for s in found]):.2f}",
                f"{np.mean([abs(s.goal - s.after) for s in found]):.2f}",
                f"{np.median(closed):.0%}",
                f"{closed.mean():.0%}",
                f"{sum(s.met for s in found)} of {count}",
                f"{sum(s.ended for s in found)} of {count}",
                f"{np.mean([len(s.heard) for s in found]):.1f}",
            ]
        )
        print(f"{instrument.card.id}: {' · '.join(rows[-1])}", flush=True)
    heads = ["attribute", "gap", "left", "closed, median", "mean", "met", "slider ended", "sounds heard"]
    print(f"\n### {instrument.card.title}: transfer from {count} real clips\n")
    print("\n".join(table(heads, rows)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=pair, nargs="+", metavar="MODEL=DATA", help="a model and what it learnt from")
    parser.add_argument("--seeds", type=int, default=24, help="sounds that each direction is measured on")
    parser.add_argument("--transfers", type=int, default=20, help="pairs of a drawn sound and a real clip")
    parser.add_argument("--ways", action="store_true", help="other ways from group to group instead")
    options = parser.parse_args()
    for model, folder in options.pairs:
        instrument = StyleInstrument.load(model, "cpu")
        real = Real.of(instrument, folder)
        if options.ways:
            compare(instrument, real, options.seeds)
        else:
            directions(instrument, real, options.seeds)
            transfer(instrument, real, options.transfers)


if __name__ == "__main__":
    main()
