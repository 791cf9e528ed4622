"""An instrument: a loaded checkpoint that turns patches into sounds.

What all families share is here; `synth/style.py` and `synth/plain.py` add what their generators can do, and
`synth/loading.py` finds which of them a model is.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from synth.audio.codecs import Codec
from synth.audio.loudness import fades, normalise
from synth.checkpoint import Card
from synth.control.latent import draw_z
from synth.control.morph import slerp
from synth.control.variations import scattered
from synth.errors import PatchError, SonoformError
from synth.patch import Patch
from synth.sound import Sound


class Instrument(ABC):
    """A generator with its card and its codec. Not thread-safe: callers hold a lock around `render`."""

    card: Card
    codec: Codec

    @torch.inference_mode()
    def render(self, patch: Patch) -> Sound:
        """The sound of a patch, (1, n) samples; raises PatchError for a category or direction it does not have."""
        return Sound(self._samples(patch, patch.phase), self.codec.sample_rate, patch)

    @torch.inference_mode()
    def draft(self, patch: Patch) -> Sound:
        """The sound of a patch in half the time, for a control that still moves: its phase is found by PGHI alone.

        It is not what the patch says, so it carries none. Raises as `render`.
        """
        return Sound(self._samples(patch, "pghi"), self.codec.sample_rate)

    def _samples(self, patch: Patch, method: str) -> np.ndarray:
        with one_thread():
            tensor = self.synthesise(patch)
            samples = self.codec.decode(tensor[0], method=method, seed=patch.seed)[None]
        rate = self.codec.sample_rate
        return fades(normalise(samples, rate, patch.lufs), rate, patch.fade_in, patch.fade_out)

    @abstractmethod
    def synthesise(self, patch: Patch) -> Tensor:
        """The codec tensor of a patch, (1, *codec.shape), on the CPU; raises PatchError."""

    @property
    @abstractmethod
    def z_dim(self) -> int:
        """Size of z, which the generator starts from."""

    # -- around a z, and between two ----------------------------------------------------------------------------------

    def varied(self, patch: Patch, scale: float, count: int, seed: int) -> list[Patch]:
        """`count` patches around a patch whose z gets a random draw, times `scale`, added: all else is alike.

        At 0.05 the difference is subtle, at 0.1 to 0.3 it is heard, from there on sounds are others. The first ones are
        the same for every count. Raises PatchError for a patch that has no z.
        """
        z = scattered(self._z(patch), scale, count, seed)
        return [replace(patch, latent=tuple(near.tolist())) for near in z]

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
