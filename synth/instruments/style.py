"""The instrument of a StyleGAN2: all that its latent space W allows."""

from __future__ import annotations

from pathlib import Path

from synth.checkpoint.families import SPACE, can
from synth.checkpoint.store import Card, find, verify
from synth.errors import CheckpointError
from synth.instruments.charted import Charted
from synth.instruments.filling import Filling
from synth.instruments.instrument import choose_device
from synth.instruments.matching import Matching
from synth.instruments.stored import stored


class StyleInstrument(Matching, Filling, Charted):
    """A StyleGAN2 generator with its codec, directions, prototypes and encoder."""

    @classmethod
    def load(cls, model: str | Path, device: str = "auto", card: Card | None = None) -> StyleInstrument:
        """Loads a model by id, or from a checkpoint folder; card: where it was read already. Raises CheckpointError if
        anything is amiss, and where the model has no latent space W."""
        folder = Path(model) if isinstance(model, Path) else find(model)
        card = verify(folder, card)
        if not can(card.family, SPACE):
            raise CheckpointError(f"{card.id} has no latent space W: choose a model of the family stylegan2")
        found = stored(folder, card)
        generator = found.generator.to(choose_device(device))
        loaded = cls(card, generator, found.codec, found.directions, found.prototypes, folder)
        loaded.read_own()
        return loaded
