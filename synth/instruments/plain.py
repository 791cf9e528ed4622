"""The instrument of a plain GAN, whose generator goes from z, and a category where it has them, to the codec tensor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from synth.audio.codecs import Codec
from synth.audio.phase import searched
from synth.checkpoint.families import CATEGORY, PLAIN, can
from synth.checkpoint.store import Card, find, verify
from synth.errors import CheckpointError, PatchError
from synth.instruments.instrument import Instrument, choose_device
from synth.instruments.rendering import trimmed
from synth.instruments.stored import stored_plain
from synth.models.registry import PlainGenerator
from synth.patch.patch import Patch


class PlainInstrument(Instrument):
    """A generator of one of the plain families, with its codec."""

    def __init__(self, card: Card, generator: PlainGenerator, codec: Codec):
        self.card = card
        self.generator = generator.eval().requires_grad_(False)
        self.codec = codec

    @classmethod
    def load(cls, model: str | Path, device: str = "auto", card: Card | None = None) -> PlainInstrument:
        """Loads a model by id, or from a checkpoint folder; card: where it was read already. Raises CheckpointError if
        anything is amiss."""
        folder = Path(model) if isinstance(model, Path) else find(model)
        card = verify(folder, card)
        if card.family not in PLAIN:
            raise CheckpointError(f"{card.id} is no plain GAN: choose a model of {', '.join(PLAIN)}")
        generator, codec = stored_plain(folder, card)
        return cls(card, generator.to(choose_device(device)), codec)

    @property
    def z_dim(self) -> int:
        return self.generator.config.z_dim

    def synthesise(self, patch: Patch) -> Tensor:
        """Truncation shrinks z: at psi 0 every sound is that of the middle of the Gaussian. Raises PatchError."""
        self._refuse_what_needs_w(patch)
        label = torch.tensor([self._category(patch)])
        device = next(self.generator.parameters()).device
        found: Tensor = self.generator((patch.psi * self._z(patch)).to(device), label.to(device)).float().cpu()
        return found

    @property
    def quickest(self) -> str:
        return "pghi"

    def _played(self, patch: Patch) -> np.ndarray:
        self._refuse_what_needs_maps(patch)
        tensor = self.synthesise(patch)
        samples = self.codec.decode(tensor[0], method=searched(patch.phase), seed=patch.seed)[None]
        starts = self.card.one_shot if patch.start is None else patch.start
        return trimmed(samples, self.codec.sample_rate, patch, starts)

    def _refuse_what_needs_maps(self, patch: Patch) -> None:
        for name in ("pitch", "stretch", "attacks", "width", "loop", "residual", "strokes", "lanes"):
            if getattr(patch, name) != getattr(Patch, name):
                raise PatchError(name, f"is not for {self.card.id}, which has no maps to bend: leave it as it was")

    def _refuse_what_needs_w(self, patch: Patch) -> None:
        for name, asked in (("sliders", patch.sliders), ("prototype", patch.prototype)):
            if asked:
                raise PatchError(name, f"{self.card.id} has none, as it has no latent space W: leave them out")
        if patch.category is not None and not can(self.card.family, CATEGORY):
            raise PatchError("category", f"{self.card.id} takes none: leave it out")
