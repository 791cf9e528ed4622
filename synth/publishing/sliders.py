"""Finds the semantic sliders of a published model, measures how straight they are, and writes them into its card."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from synth.audio.codecs import GaussianLogSTFT, from_settings
from synth.audio.descriptors import DESCRIPTORS
from synth.checkpoint.card import GENERATOR
from synth.checkpoint.store import CARD, Card, find, load_card, rewriting, sha256, verify
from synth.directions.calibration import SLIDER_END
from synth.directions.direction import Direction
from synth.directions.linearity import POSITIONS, Line, calibrated, curves, lines
from synth.directions.listening import Listener
from synth.directions.prototypes import (
    Prototype,
    along,
    category_prototypes,
    centre_of_group,
    orthogonalised,
    place,
)
from synth.directions.regression import direction
from synth.directions.sefa import spread_root
from synth.directions.semantic import MEANINGS, OWN, Meaning
from synth.errors import CheckpointError
from synth.models.encoder import Inverter
from synth.models.stylegan2 import Generator, GeneratorConfig
from synth.models.weights import Sized, read_weights
from synth.publishing.pictures import CURVES
from synth.publishing.readme import readme
from synth.recipes.recipe import sliders_of
from synth.storage import write_text

# Seeds of four kinds, so that what is measured was neither learnt from nor chosen by.
LEARNT = range(10_000, 10_256)
CHOSEN = range(20_000, 20_064)
FEW = 16  # seeds of a kind, where a person waits
MEASURED = 30_000
DEVIATIONS = 5.0  # of latents along a direction: how far a slider may go for a sound that hardly follows it
METHODS = {
    "regression": "regression of measured slopes",
    "prototypes": "prototypes of exemplars",
}


@dataclass(frozen=True)
class Semantics:
    """What was found: directions and prototypes for the card, and the report for its metrics."""

    directions: tuple[Direction, ...]
    prototypes: tuple[Prototype, ...]
    report: dict[str, Any]


def semantic_directions(
    model: str, count: int = 64, *, orthogonal: bool = False, update: bool = False
) -> dict[str, Any]:
    """The report of all methods on `count` seeds; `update` installs the best one of each slider in the card.

    `orthogonal`: the prototypes' directions of the model are put at right angles first. Raises CheckpointError when
    the model cannot be used.
    """
    folder = find(model)
    card = verify(folder)
    subject = _Subject.load(folder, card)
    found = subject.semantics(count, orthogonal)
    if update:
        _install(folder, card, found)
    return {"model": model} | found.report


def own_sliders(folder: Path) -> dict[str, Any]:
    """Gives a model of somebody's own sounds its Brightness, Rate and Sustain, by regression alone; returns the report.

    256 of its own sounds teach them, and few more measure them. Raises CheckpointError when it cannot be used.
    """
    card = verify(folder)
    subject = replace(_Subject.load(folder, card), meanings=OWN, chosen=CHOSEN[:FEW])
    found = subject.semantics(FEW, orthogonal=False, exemplars=False)
    _install(folder, card, found)
    return found.report


@dataclass(frozen=True)
class _Subject:
    """A model under study."""

    card: Card
    listener: Listener
    encoder: Inverter
    meanings: tuple[Meaning, ...]
    chosen: range  # seeds that calibrations are chosen by

    @classmethod
    def load(cls, folder: Path, card: Card) -> _Subject:
        try:
            codec = from_settings(card.codec)
            with Sized(folder / GENERATOR):
                generator = Generator(GeneratorConfig.from_dict(card.network)).eval().requires_grad_(False)
            generator.load_state_dict(read_weights(folder / "generator.safetensors"))
            weights = read_weights(folder / "encoder.safetensors")
            shape = (generator.config.bins, generator.config.frames)
            encoder = Inverter.build(weights, shape, generator.config.num_ws).eval().requires_grad_(False)
            if not isinstance(codec, GaussianLogSTFT):
                raise ValueError(f"{card.family} works on GaussianLogSTFT")
        except (KeyError, TypeError, ValueError, RuntimeError, OSError, SafetensorError) as error:
            raise CheckpointError(f"{folder} does not hold a generator and its encoder: restore it") from error
        return cls(card, Listener(generator, codec), encoder, MEANINGS[sliders_of(card.training["preset"])], CHOSEN)

    @property
    def codec(self) -> GaussianLogSTFT:
        return self.listener.codec

    @property
    def layers(self) -> tuple[int, int]:
        """All rows of w+: each draws a part of what is measured."""
        return 0, self.listener.generator.config.num_ws - 1

    def semantics(self, count: int, orthogonal: bool, exemplars: bool = True) -> Semantics:
        ends = self._ends() if exemplars else {}
        candidates = {"regression": self._by_regression()}
        if exemplars:
            candidates["prototypes"] = self._by_prototypes(ends, orthogonal)
        directions, sliders = [], {}
        for meaning in self.meanings:
            tried = {method: self._measured(meaning, candidates[method][meaning.name], count) for method in candidates}
            best = max(tried, key=lambda method: tried[method][1][meaning.descriptor].r)
            directions.append(tried[best][0])
            sliders[meaning.name] = _slider(meaning, best, tried)
        report = {"seeds": count, "positions": list(POSITIONS), "sliders": sliders}
        prototypes = category_prototypes(self.listener.generator, self.card.categories)
        return Semantics(tuple(directions), (*prototypes, *(p for pair in ends.values() for p in pair)), report)

    def _measured(self, meaning: Meaning, plain: Direction, count: int) -> tuple[Direction, dict[str, Line]]:
        """The direction, calibrated, and its lines over seeds that are new to it."""
        chosen = calibrated(self.listener, plain, meaning.descriptor, self.chosen)
        return chosen, lines(curves(self.listener, chosen, range(MEASURED, MEASURED + count)))

    def _reaching(self, direction: Direction) -> Direction:
        """The same with ends as far as DEVIATIONS."""
        return replace(direction, scale=float((self._root @ direction.vector).norm()) * DEVIATIONS / SLIDER_END)

    @cached_property
    def _descriptors(self) -> list[str]:
        """All that the sliders move or let be."""
        return sorted({name for m in self.meanings for name in (m.descriptor, *m.against)})

    @cached_property
    def _root(self) -> Tensor:
        return spread_root(self.listener.generator)

    def _by_regression(self) -> dict[str, Direction]:
        names = self._descriptors
        ws = self.listener.generator.broadcast(self.listener.draw(LEARNT))
        slopes = self.listener.slopes(ws, LEARNT, names)
        found = {}
        for m in self.meanings:
            own = slopes[:, [names.index(name) for name in (m.descriptor, *m.against)]]
            found[m.name] = direction(m.name, own, self._root, self.layers, DEVIATIONS, METHODS["regression"])
        return found

    def _by_prototypes(self, ends: dict[str, tuple[Prototype, Prototype]], orthogonal: bool) -> dict[str, Direction]:
        ways = {name: high.vector - low.vector for name, (low, high) in ends.items()}
        vectors = torch.stack(list(ways.values()))
        if orthogonal:
            try:
                vectors = orthogonalised(vectors) * vectors.norm(dim=1, keepdim=True)
            except ValueError as error:
                raise CheckpointError(
                    f"{self.card.id} tells too few exemplars apart: leave out --orthogonal"
                ) from error
        return {
            name: self._reaching(along(name, way, self.layers, METHODS["prototypes"]))
            for name, way in zip(ways, vectors, strict=True)
        }

    def _ends(self) -> dict[str, tuple[Prototype, Prototype]]:
        """Prototypes of both ends of every slider, named by slider and end."""
        origin = self.listener.generator.w_avg.mean(0)
        found = {}
        for m in self.meanings:
            groups = m.exemplars(self.codec.samples / self.codec.sample_rate, self.codec.sample_rate)
            low, high = (
                Prototype(f"{m.name}: {end}", self._centre(sounds, origin), f"{len(sounds)} exemplars")
                for end, sounds in zip(m.ends, groups, strict=True)
            )
            found[m.name] = low, high
        return found

    def _centre(self, sounds: Sequence[np.ndarray], origin: Tensor) -> Tensor:
        return centre_of_group(place(self.encoder, self.codec, sounds), origin)


def _slider(meaning: Meaning, best: str, tried: dict[str, tuple[Direction, dict[str, Line]]]) -> dict[str, Any]:
    """A slider in the report: figures of all methods, and the curve of the best one."""
    own = tried[best][1][meaning.descriptor]
    return {
        "descriptor": meaning.descriptor,
        "unit": DESCRIPTORS[meaning.descriptor].unit,
        "ends": list(meaning.ends),
        "method": best,
        "methods": {
            method: {
                "layers": list(d.layers),
                "scale": _short(d.scale),
                "step": _short(d.calibration.step if d.calibration else 0.0),
                "r": {name: _short(line.r) for name, line in found.items()},
                "slope": {name: _short(line.slope) for name, line in found.items()},
            }
            for method, (d, found) in tried.items()
        },
        "curve": {key: [_short(y) for y in getattr(own, key)] for key in ("middle", "low", "high")},
    }


def _short(value: float) -> float:
    return float(f"{value:.3g}")


def _still(folder: Path, card: Card) -> Card:
    """The card as it is now: others may have measured meanwhile. Raises CheckpointError where its generator is new."""
    now, name = load_card(folder), "generator.safetensors"
    if now.files[name] != card.files[name]:
        raise CheckpointError(f"another generator was published in {folder} meanwhile: measure that one")
    return now


def _install(folder: Path, card: Card, found: Semantics) -> None:
    """Writes a copy of the checkpoint with the sliders in it, and puts it in the place of the old one.

    Semantic directions come first; those that it had of the same names are replaced, all others stay.
    """
    try:
        with rewriting(folder) as staged:
            card = _still(folder, card)
            new = {d.name for d in found.directions}
            stored = load_file(folder / "directions.safetensors")["directions"]
            kept = [(d, v) for d, v in zip(card.directions, stored, strict=True) if d["name"] not in new]
            vectors = torch.stack([*(d.vector for d in found.directions), *(v for _, v in kept)])
            save_file({"directions": vectors}, staged / "directions.safetensors")
            places = torch.stack([p.vector for p in found.prototypes])
            save_file({"prototypes": places}, staged / "prototypes.safetensors")
            card = replace(
                card,
                directions=(*(d.describe() for d in found.directions), *(d for d, _ in kept)),
                prototypes=tuple(p.describe() for p in found.prototypes),
                metrics=card.metrics | {"semantic": found.report},
                files={p.name: sha256(p) for p in sorted(staged.glob("*.safetensors"))},
            )
            write_text(staged / CARD, json.dumps(card.to_dict(), indent=1) + "\n")
            write_text(staged / "README.md", readme(card, curve=(staged / CURVES).is_file()))
    except (OSError, SafetensorError, ValueError) as error:
        raise CheckpointError(
            f"{folder} could not be rewritten ({error}): free some disk space or restore it; it is as it was"
        ) from error
