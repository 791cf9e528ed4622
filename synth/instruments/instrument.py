"""An instrument: a loaded checkpoint that turns patches into sounds.

What all families share is here; `style.py` and `plain.py` beside it add what their generators can do, and `loading.py`
finds which of them a model is.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from synth.audio.codecs import Codec
from synth.audio.loudness import fades, normalise
from synth.checkpoint.store import Card
from synth.directions.direction import draw_z
from synth.errors import PatchError, SonoformError
from synth.latents.between import slerp
from synth.latents.variations import scattered
from synth.patch.factors import spelled
from synth.patch.patch import Patch
from synth.pool import in_order
from synth.sound.sound import Sound


class Instrument(ABC):
    """A generator with its card and its codec.

    Several threads may make sounds at once; what changes an instrument may not meet them.
    """

    card: Card
    codec: Codec

    @torch.inference_mode()
    def render(self, patch: Patch) -> Sound:
        """The sound of a patch, of 1 channel or, where it has a width, 2; `loop` is set where it loops.

        Raises PatchError for a category or direction that the model does not have, and for what it cannot be asked.
        """
        patch = self.spelled(patch)
        with one_thread():
            return self._finished(self._played(patch), patch)

    @torch.inference_mode()
    def draft(self, patch: Patch) -> Sound:
        """The sound of a patch by the quickest way to a phase, for a control that still moves.

        Where that is not what the patch says, it carries none. Raises as `render`.
        """
        quick = replace(patch, phase=self.quickest)
        sound = self.render(quick)
        return sound if quick == patch else replace(sound, patch=None)

    def renders(self, patches: Iterable[Patch], threads: int = 1) -> Iterator[Sound]:
        """The sounds of many patches, in their order, as `render` makes each, on so many threads; raises as it does."""
        return in_order(self.render, patches, threads)

    def settled(self, patch: Patch) -> Patch:
        """The patch with its prototype and its sliders in its latent, where the model has such. Raises PatchError."""
        return patch

    def endless(self, patch: Patch) -> Iterator[Sound]:
        """Successive blocks of a scene that goes on without end, in constant memory; raises PatchError for a model of
        single events, and for one whose sounds cannot go on."""
        raise PatchError("model", f"{self.card.id} makes sounds that end: choose a model of scenes, as environmental")

    @property
    @abstractmethod
    def quickest(self) -> str:
        """The phase method that takes the least time."""

    @abstractmethod
    def _played(self, patch: Patch) -> np.ndarray:
        """Samples (channels, n) of a patch before loudness and fades; raises PatchError."""

    def _finished(self, samples: np.ndarray, patch: Patch) -> Sound:
        rate = self.codec.sample_rate
        samples = normalise(samples, rate, patch.lufs)
        if patch.loop:  # which fades would interrupt each time
            return Sound(samples, rate, patch, loop=(0, samples.shape[1]))
        return Sound(fades(samples, rate, patch.fade_in, patch.fade_out), rate, patch)

    @abstractmethod
    def synthesise(self, patch: Patch) -> Tensor:
        """The codec tensor of a patch, (1, *codec.shape), on the CPU; raises PatchError."""

    @property
    @abstractmethod
    def z_dim(self) -> int:
        """Size of z, which the generator starts from."""

    @property
    def slider_names(self) -> tuple[str, ...]:
        """What the sliders of this model are called, those that a person named among them."""
        return tuple(str(direction["name"]) for direction in self.card.directions)

    def spelled(self, patch: Patch) -> Patch:
        """The patch with its sliders as this model spells them: they may be given in any case."""
        names = {name: spelled(name, self.slider_names) for name in patch.sliders}
        if all(name == own for name, own in names.items()):
            return patch
        if len(set(names.values())) < len(names):
            raise PatchError("sliders", f"{', '.join(names)}: one slider is named twice; name it once")
        return replace(patch, sliders={own: patch.sliders[name] for name, own in names.items()})

    # -- around a z, and between two ----------------------------------------------------------------------------------

    def varied(self, patch: Patch, scale: float, count: int, seed: int) -> list[Patch]:
        """`count` patches around a patch whose z gets a random draw, times `scale`, added: all else is alike.

        At 0.05 the difference is subtle, at 0.1 to 0.3 it is heard, from there on sounds are others. The first ones are
        the same for every count. Raises PatchError for a patch that has no z.
        """
        z = scattered(self._z(patch), scale, count, seed)
        return [replace(patch, latent=tuple(near.tolist())) for near in z]

    def around(self, patch: Patch, distance: float, count: int, seed: int) -> list[Patch]:
        """`count` patches about as far from a patch as `distance` says, in whatever space the model has. Raises as
        `varied`."""
        return self.varied(patch, distance, count, seed)

    def between(self, a: Patch, b: Patch, steps: int = 10) -> list[Patch]:
        """Patches from a to b in even steps on the sphere of z, both ends among them; all but z is that of a.

        Raises PatchError for patches that have no z, and for fewer than two steps.
        """
        if steps < 2:
            raise PatchError("steps", "must be 2 or more: both ends are among them")
        ends = self._z(a), self._z(b)
        places = [slerp(*ends, i / (steps - 1)) for i in range(steps)]
        return [replace(a, latent=tuple(z[0].tolist())) for z in places]

    def _z(self, patch: Patch) -> Tensor:
        """z (1, z_dim) of a patch, before its truncation; raises PatchError where its latent is none."""
        if patch.latent is None:
            return draw_z(patch.seed, self.z_dim)
        if len(patch.latent) != self.z_dim:
            raise PatchError("latent", "is not one of z, and this takes a sound that is drawn: choose a seed")
        return torch.tensor([patch.latent])

    def _category(self, patch: Patch) -> int:
        names = self.card.categories
        if patch.category is None:
            return 0
        if patch.category not in names:
            known = f"use {', '.join(names)}" if names else "it takes none, leave it out"
            raise PatchError("category", f"{patch.category!r} is unknown to {self.card.id}: {known}")
        return names.index(patch.category)


class _OneThread:
    """How many are inside `one_thread`, and what the count was before: the count is the process's, and several models
    may be played at once."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._inside, self._before = 0, 1

    def enter(self) -> None:
        with self._changing:
            if not self._inside:
                self._before = torch.get_num_threads()
            self._inside += 1
            torch.set_num_threads(1)

    def leave(self) -> None:
        with self._changing:
            self._inside -= 1
            if not self._inside:
                torch.set_num_threads(self._before)


_ONE_THREAD = _OneThread()


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch on one thread of the CPU: how a sum is shared out among threads changes its last bits, and phase
    reconstruction makes those audible in a difference; a single sound is as quick on one.
    """
    _ONE_THREAD.enter()
    try:
        yield
    finally:
        _ONE_THREAD.leave()


def choose_device(name: str) -> torch.device:
    """ "auto" is CUDA where there is one, else the CPU."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise SonoformError(f"there is no device {name!r} on this machine: use auto or cpu") from error
    return device
