"""The instrument of a plain GAN, whose generator goes from z, and a category where it has them, to the codec tensor."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from torch import Tensor

from synth.audio.codecs import Codec, from_settings
from synth.checkpoint import Card, find, verify
from synth.errors import CheckpointError, PatchError
from synth.families import CATEGORY, PLAIN, can
from synth.instrument import Instrument, choose_device
from synth.models.plain import FAMILIES, PlainGenerator
from synth.models.weights import read_weights
from synth.patch import Patch


class PlainInstrument(Instrument):
    """A generator of one of the plain families, with its codec."""

    def __init__(self, card: Card, generator: PlainGenerator, codec: Codec):
        self.card = card
        self.generator = generator.eval().requires_grad_(False)
        self.codec = codec

    @classmethod
    def load(cls, model: str | Path, device: str = "auto") -> PlainInstrument:
        """Loads a model by id, or from a checkpoint folder; raises CheckpointError if anything is amiss."""
        folder = Path(model) if isinstance(model, Path) else find(model)
        card = verify(folder)
        if card.family not in PLAIN:
            raise CheckpointError(f"{card.id} is no plain GAN: choose a model of {', '.join(PLAIN)}")
        try:
            generator = FAMILIES[card.family].build(card.network)
            generator.load_state_dict(read_weights(folder / "generator.safetensors"))
            codec = from_settings(card.codec)
        except (KeyError, TypeError, ValueError, RuntimeError, OSError, SafetensorError) as error:
            raise CheckpointError(f"{folder} does not hold what its card says: restore it") from error
        return cls(card, generator.to(choose_device(device)), codec)

    @property
    def z_dim(self) -> int:
        return self.generator.config.z_dim

    def synthesise(self, patch: Patch) -> Tensor:
        """Truncation shrinks z: at psi 0 every sound is that of the middle of the Gaussian. Raises PatchError."""
        self._refuse_what_needs_w(patch)
        label = torch.tensor([self._category(patch)])
        device = next(self.generator.parameters()).device
        return self.generator((patch.psi * self._z(patch)).to(device), label.to(device)).float().cpu()

    def _refuse_what_needs_w(self, patch: Patch) -> None:
        for name, asked in (("sliders", patch.sliders), ("prototype", patch.prototype)):
            if asked:
                raise PatchError(name, f"{self.card.id} has none, as it has no latent space W: leave them out")
        if patch.category is not None and not can(self.card.family, CATEGORY):
            raise PatchError("category", f"{self.card.id} takes none: leave it out")
