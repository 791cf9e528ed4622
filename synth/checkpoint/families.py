"""The families of generators, and what a model of each can do. No torch: pages ask before a model is loaded."""

from __future__ import annotations

from dataclasses import dataclass

CATEGORY = "category"  # sounds of a category that is asked for
SPACE = "W"  # a latent space W: sliders, prototypes, morphs, matches, transfers


@dataclass(frozen=True)
class Family:
    """A kind of generator: its name in words, and its abilities."""

    title: str
    abilities: frozenset[str] = frozenset()


FAMILIES = {
    "stylegan2": Family("StyleGAN2", frozenset({CATEGORY, SPACE})),
    "cgan": Family("Conditional GAN", frozenset({CATEGORY})),
    "wgan": Family("WGAN-GP"),
    "soundgan": Family("SoundGan"),
    "waveform": Family("Waveform"),
}
PLAIN = tuple(name for name, family in FAMILIES.items() if SPACE not in family.abilities)


def can(family: str, ability: str) -> bool:
    """Whether models of a family have an ability; a family that this version does not know has none."""
    return family in FAMILIES and ability in FAMILIES[family].abilities
