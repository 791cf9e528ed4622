"""The number of the format of cards changes when the networks of a family do."""

from __future__ import annotations

import hashlib

import pytest
from torch import nn

from synth.checkpoint.card import FORMAT, OLDEST
from synth.models.registry import FAMILIES
from synth.models.stylegan2 import Generator, GeneratorConfig

# Family -> the first format whose networks are those of this version, and what their weights look like.
SEEN = {
    "stylegan2": (2, "3310e5a6c69a76bb"),
    "cgan": (1, "6fbd5d4b03eef13e"),
    "wgan": (1, "d6f9c936c604ccda"),
    "soundgan": (1, "b00c6ccd953940c1"),
    "waveform": (1, "075678577acbd3b0"),
}


def generator(family: str) -> nn.Module:
    if family == "stylegan2":
        sizes = {"hidden": 8, "bins": 8, "frames": 8, "rank": 4, "gate_rank": 2}
        return Generator(GeneratorConfig(categories=2, clips=4, z_dim=8, w_dim=8, **sizes))
    plain = FAMILIES[family]
    found: nn.Module = plain.build({"categories": 2, "z_dim": 8} | ({"scale": 1 / 64} if family == "wgan" else {}))
    return found


@pytest.mark.parametrize("family", SEEN)
def test_networks_are_those_of_their_format(family: str) -> None:
    shapes = sorted((name, tuple(of.shape)) for name, of in generator(family).state_dict().items())
    first, known = SEEN[family]
    assert hashlib.sha256(repr(shapes).encode()).hexdigest()[:16] == known, (
        f"the networks of {family} are others: raise FORMAT in synth/checkpoint/card.py, add to its OLDEST, and here"
    )
    assert OLDEST.get(family, 1) == first <= FORMAT
