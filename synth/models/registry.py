"""The families of plain GANs: z, and a category where they have them, to a codec tensor, without a latent space W."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from torch import nn

from synth.models import cgan, soundgan, waveform, wgan


class PlainConfig(Protocol):
    """Sizes of both networks of a family."""

    @property
    def categories(self) -> int: ...

    @property
    def z_dim(self) -> int: ...

    def to_dict(self) -> dict[str, Any]: ...


class PlainGenerator(nn.Module):
    """What all generators of plain families are like: z (B, z_dim), labels (B,) -> codec tensors (B, *shape)."""

    config: PlainConfig


@dataclass(frozen=True)
class Plain:
    """A family: how its sizes are read, and its two networks of these sizes."""

    sizes: Callable[[dict[str, Any]], PlainConfig]
    generator: Callable[[Any], nn.Module]
    discriminator: Callable[[Any], nn.Module]

    def build(self, settings: dict[str, Any]) -> Any:
        """A generator of the sizes that a card tells; raises ValueError for unknown ones."""
        return self.generator(self.sizes(settings))


FAMILIES = {
    "cgan": Plain(cgan.CGANConfig.from_dict, cgan.Generator, cgan.Discriminator),
    "wgan": Plain(wgan.WGANConfig.from_dict, wgan.Generator, wgan.Discriminator),
    "soundgan": Plain(soundgan.SoundGANConfig.from_dict, soundgan.Generator, soundgan.Discriminator),
    "waveform": Plain(waveform.WaveformConfig.from_dict, waveform.Generator, waveform.Discriminator),
}
