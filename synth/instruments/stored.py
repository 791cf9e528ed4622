"""What the files of a checkpoint hold: networks, codecs, directions, prototypes, of the sizes that the card says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor

from synth.audio.codecs import Codec, GaussianLogSTFT, from_settings
from synth.audio.descriptors import DESCRIPTORS
from synth.checkpoint.card import GENERATOR, Card
from synth.checkpoint.named_directions import Own
from synth.checkpoint.named_directions import read as read_own
from synth.checkpoint.store import MISFIT
from synth.directions.calibration import Calibration
from synth.directions.direction import Direction
from synth.directions.prototypes import Prototype
from synth.errors import CheckpointError
from synth.models.registry import FAMILIES, PlainGenerator
from synth.models.stylegan2 import Generator, GeneratorConfig
from synth.models.weights import Sized, read_weights


@dataclass(frozen=True)
class Style:
    """What a checkpoint of a StyleGAN2 holds, on the CPU."""

    generator: Generator
    codec: GaussianLogSTFT
    directions: tuple[Direction, ...]
    prototypes: tuple[Prototype, ...]


def stored(folder: Path, card: Card) -> Style:
    """Of a StyleGAN2; raises CheckpointError where files and card do not fit."""
    with fitting(folder):
        with Sized(folder / GENERATOR):
            generator = Generator(GeneratorConfig.from_dict(card.network))
        generator.load_state_dict(read_weights(folder / GENERATOR))
        codec = from_settings(card.codec)
        if not isinstance(codec, GaussianLogSTFT):
            raise ValueError(f"{card.family} works on GaussianLogSTFT")
        vectors = _rows(folder, "directions", generator)
        directions = tuple(
            Direction(d["name"], v, d["scale"], tuple(d["layers"]), d["provenance"], calibration=_calibration(d))
            for d, v in zip(card.directions, vectors, strict=True)
        )
        return Style(generator, codec, directions, _prototypes(folder, card, generator))


def stored_plain(folder: Path, card: Card) -> tuple[PlainGenerator, Codec]:
    """Of a plain family, on the CPU; raises CheckpointError where files and card do not fit."""
    with fitting(folder):
        with Sized(folder / GENERATOR):
            generator = FAMILIES[card.family].build(card.network)
        generator.load_state_dict(read_weights(folder / GENERATOR))
        return generator, from_settings(card.codec)


def named(folder: Path, card: Card, config: GeneratorConfig) -> tuple[Direction, ...]:
    """The directions that a person named, as they are on the disk now; raises CheckpointError."""
    found = read_own(folder, card.files.get(GENERATOR, ""))
    for own in found:
        if len(own.vector) != config.w_dim or own.layers[1] >= config.num_ws:
            raise CheckpointError(f"the direction {own.name!r} is not one of {card.id}: delete it")
    return tuple(map(_unpacked, found))


@contextmanager
def fitting(folder: Path) -> Iterator[None]:
    """Turns what a file that does not fit its card raises into one CheckpointError."""
    try:
        yield
    except (KeyError, TypeError, ValueError, RuntimeError, OSError, SafetensorError) as error:
        raise CheckpointError(f"{folder} {MISFIT}") from error


def _unpacked(own: Own) -> Direction:
    return Direction(own.name, torch.tensor(own.vector), own.scale, own.layers, own.provenance)


def _calibration(described: Mapping[str, Any]) -> Calibration | None:
    """What a card says of a direction's; raises KeyError, TypeError or ValueError for what is none."""
    if not (values := described.get("calibration")):
        return None
    if values["descriptor"] not in DESCRIPTORS:
        raise ValueError(f"{values['descriptor']} is no descriptor")
    return Calibration(values["descriptor"], float(values["step"]))


def _prototypes(folder: Path, card: Card, generator: Generator) -> tuple[Prototype, ...]:
    """Those of a checkpoint; none where it was published before there were any."""
    if not card.prototypes:
        return ()
    vectors = _rows(folder, "prototypes", generator)
    return tuple(Prototype(p["name"], v, p["provenance"]) for p, v in zip(card.prototypes, vectors, strict=True))


def _rows(folder: Path, name: str, generator: Generator) -> Tensor:
    """Vectors (n, w_dim) of the file of this name; raises ValueError if they are of a W of another size."""
    vectors = read_weights(folder / f"{name}.safetensors")[name]
    if vectors.shape[1:] != (generator.config.w_dim,):
        raise ValueError(f"{name} of another model")
    return vectors
