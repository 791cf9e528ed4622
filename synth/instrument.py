"""An instrument: a loaded checkpoint that turns patches into sounds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from synth.audio.codecs import GaussianLogSTFT, from_settings
from synth.audio.loudness import fades, normalise
from synth.checkpoint import Card, find, verify
from synth.control.latent import Direction, bend, draw_z
from synth.errors import CheckpointError, PatchError, SonoformError
from synth.models.stylegan2 import Generator, GeneratorConfig, Noise, draw_noise
from synth.patch import Patch
from synth.sound import Sound

# Texture noise is drawn from its own stream, so that the same seed gives z and noise that are independent.
NOISE_STREAM = 0x5EED


class Instrument:
    """A generator with its codec and directions. Not thread-safe: callers hold a lock around `render`."""

    def __init__(self, card: Card, generator: Generator, codec: GaussianLogSTFT, directions: tuple[Direction, ...]):
        self.card = card
        self.generator = generator.eval().requires_grad_(False)
        self.codec = codec
        self.directions = directions
        self._by_name = {d.name: d for d in directions}

    @classmethod
    def load(cls, model: str | Path, device: str = "auto") -> Instrument:
        """Loads a model by id, or from a checkpoint folder; raises CheckpointError if anything is amiss."""
        folder = Path(model) if isinstance(model, Path) else find(model)
        card = verify(folder)
        try:
            generator = Generator(GeneratorConfig.from_dict(card.network))
            weights = load_file(folder / "generator.safetensors")
            generator.load_state_dict({k: v.float() for k, v in weights.items()})
            vectors = load_file(folder / "directions.safetensors")["directions"]
            codec = from_settings(card.codec)
            if not isinstance(codec, GaussianLogSTFT):
                raise ValueError(f"{card.family} works on GaussianLogSTFT")
            directions = tuple(
                Direction(d["name"], v, d["scale"], tuple(d["layers"]), d["provenance"])
                for d, v in zip(card.directions, vectors, strict=True)
            )
        except (KeyError, TypeError, ValueError, RuntimeError, OSError, SafetensorError) as error:
            raise CheckpointError(f"{folder} does not hold what its card says: restore it") from error
        return cls(card, generator.to(choose_device(device)), codec, directions)

    @property
    def device(self) -> torch.device:
        return self.generator.w_avg.device

    @torch.inference_mode()
    def render(self, patch: Patch) -> Sound:
        """The sound of a patch, (1, n) samples; raises PatchError for a category or direction it does not have."""
        with one_thread():
            tensor = self.synthesise(patch)
            samples = self.codec.decode(tensor[0], method=patch.phase, seed=patch.seed)[None]
        rate = self.codec.sample_rate
        samples = fades(normalise(samples, rate, patch.lufs), rate, patch.fade_in, patch.fade_out)
        return Sound(samples, rate, patch)

    def synthesise(self, patch: Patch) -> Tensor:
        """The codec tensor of a patch, (1, 1, F, T), on the CPU."""
        ws = bend(self.latent(patch), patch.sliders, self._by_name)
        rng = torch.Generator().manual_seed(patch.seed ^ NOISE_STREAM)
        drawn = draw_noise(self.generator.config, self.codec.stft, 1, rng)
        noise = Noise(drawn.texture.to(self.device), drawn.strokes.to(self.device))
        # In float32 everywhere: bfloat16, which some processors have, is one more way for machines to differ.
        return self.generator(ws, noise).cpu()

    def latent(self, patch: Patch) -> Tensor:
        """The w+ that a patch starts from, (1, num_ws, w_dim), before its sliders."""
        g = self.generator
        category = torch.tensor([self._category(patch)], device=self.device)
        if patch.latent is None:
            w = g.mapping(draw_z(patch.seed, g.config.z_dim).to(self.device), category)
        else:
            given = torch.tensor(patch.latent, device=self.device).unsqueeze(0)
            sizes = {"z": g.config.z_dim, "w": g.config.w_dim, "w+": g.config.num_ws * g.config.w_dim}
            if given.numel() == sizes["w+"]:
                return given.view(1, g.config.num_ws, g.config.w_dim)
            if given.numel() not in sizes.values():
                known = ", ".join(f"{n} for {name}" for name, n in sizes.items())
                raise PatchError("latent", f"{given.numel()} numbers do not fit this model: it takes {known}")
            w = g.mapping(given, category) if given.numel() == sizes["z"] else given
        return g.broadcast(g.truncate(w, category, patch.psi))

    def _category(self, patch: Patch) -> int:
        names = self.card.categories
        if patch.category is None:
            return 0
        if patch.category not in names:
            raise PatchError("category", f"{patch.category!r} is unknown to {self.card.id}: use {', '.join(names)}")
        return names.index(patch.category)


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch on one thread of the CPU: how a sum is shared out among threads changes its last bits, and phase
    reconstruction makes those audible in a difference; a single sound is as quick on one.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


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
