"""What one step of an encoder's training does, with the generator frozen. No files, no clocks.

Half of a batch are recordings, half are sounds of the generator whose w is known, and of many the encoder sees a part.
Recordings teach it by what its w+ makes of them (e4e, Tov et al. 2021, arXiv 2102.02766, without its discriminator): a
Gaussian likelihood and pooled L1 of the spectrogram, and LPIPS now and then. Generated sounds teach it their w. Offsets
are kept small on both. Where the encoder's trunk says nothing yet, a first part of the budget trains its profiles
alone: they are cheap.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from synth.audio.texture import noise_field
from synth.models.encoder import Inverter
from synth.models.layers import autocast
from synth.models.perceptual import Perceptual
from synth.models.stylegan2 import RAYLEIGH_DB, Generator
from synth.recipes.presets import TrainConfig
from synth.recordings.dataset import BatchSampler
from synth.training import losses
from synth.training.learner import Losses
from synth.training.masks import draw_masks

# Where a trunk moves w by less than this part of the latents' spread, profiles are worth training alone.
SILENT = 0.1
MAX_SKIPPED = 5


@dataclass(frozen=True)
class InversionConfig:
    """Settings of an encoder's training. Batches are of 2 or more.

    jitter, semitones: largest delay in samples and change of speed of the recordings. outline_part: share of the budget
    for profiles alone, where they suffice. whole: share of clips shown unmasked. hidden_weight: what an unknown bin
    counts for, beside 1 for a known one. Losses of w are in units of the variance of drawn latents.
    perceptual_weight 0 does without LPIPS; else it sees perceptual_items recordings every perceptual_interval steps,
    weighted so that the average over steps is as if it saw some at each.
    """

    jitter: int = 256
    semitones: float = 1.0
    batch: int = 8
    outline_batch: int = 32
    outline_part: float = 0.7
    outline_rate: float = 1e-3
    rate: float = 3e-4
    whole: float = 0.5
    nll_weight: float = 0.2
    hidden_weight: float = 0.3
    latent_weight: float = 0.02
    offset_weight: float = 0.02
    perceptual_weight: float = 0.2
    perceptual_interval: int = 8
    perceptual_items: int = 2
    seed: int = 0


@dataclass
class Seen:
    """What a training knows of itself besides its weights."""

    images: int = 0
    steps: int = 0
    skipped: int = 0


class InversionLearner:
    """An encoder, its optimiser and random state; `step` advances them by one batch."""

    def __init__(
        self,
        settings: InversionConfig,
        model: TrainConfig,
        generator: Generator,
        inverter: Inverter,
        sampler: BatchSampler,
        perceptual: Perceptual | None,
    ):
        self.settings, self.model, self.sampler, self.perceptual = settings, model, sampler, perceptual
        self.device = sampler.samples.device
        self.generator = generator.to(self.device).requires_grad_(False).eval()
        self.inverter = inverter.to(self.device)
        self.optimiser = torch.optim.Adam(inverter.parameters(), betas=(0.9, 0.99), fused=True)
        self.rng = torch.Generator(self.device).manual_seed(settings.seed)
        self.seen = Seen()
        self.spread = self._spread()
        self.outline_suffices = self._outline_suffices()

    def stage(self, part: float) -> str:
        """Name of the stage when `part` of the budget, 0..1, is spent."""
        return "outline" if self.outline_suffices and part < self.settings.outline_part else "whole"

    def step(self, part: float) -> Losses:
        """One batch; returns its losses by name. One whose loss or gradient is not a number teaches nothing.

        Raises FloatingPointError when MAX_SKIPPED of them come in a row.
        """
        outline = self.stage(part) == "outline"
        batch = self.settings.outline_batch if outline else self.settings.batch
        loss, out = self._losses(batch, outline)
        if math.isfinite(loss.item()) and self._descend(loss, self._rate(part, outline)):
            self.seen.skipped = 0
        else:
            self.seen.skipped += 1
            out = {}
            if self.seen.skipped == MAX_SKIPPED:
                raise FloatingPointError
        self.seen.images += batch
        self.seen.steps += 1
        return out

    def state(self) -> dict[str, Any]:
        """Everything that an exact resume needs."""
        return {
            "inverter": self.inverter.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "seen": asdict(self.seen),
            "rng": self.rng.get_state(),
        }

    def load(self, state: dict[str, Any]) -> None:
        self.inverter.load_state_dict(state["inverter"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.seen = Seen(**state["seen"])
        self.rng.set_state(state["rng"].cpu())

    # -- batches -------------------------------------------------------------------------------------------------

    def _recorded(self, count: int) -> Tensor:
        return self.model.codec.encode(self.sampler.real(count, self.rng)[0])

    @torch.no_grad()
    def _generated(self, count: int) -> tuple[Tensor, Tensor]:
        """Codec tensors (B, 1, F, T) of sounds drawn as training draws them, and their w (B, w_dim)."""
        category = self.sampler.categories(count, self.rng)
        z = torch.randn(count, self.model.generator.z_dim, generator=self.rng, device=self.device)
        w = self.generator.mapping(z, category)
        mean, gate = self.generator.synthesis(w[:, None])
        return self._read_back(self._textured(mean, gate)), w

    def _read_back(self, x: Tensor) -> Tensor:
        """A generated tensor as the codec would read its sound: the loudest bin at 1, none below the floor."""
        codec = self.model.codec
        return codec.scale(codec.magnitude(x)[..., :-1, :]).unsqueeze(-3)

    def _textured(self, mean: Tensor, gate: Tensor) -> Tensor:
        texture = noise_field(self.model.codec.stft, len(mean), mean.shape[-1], self.rng)
        return self.generator.compose(mean, gate, texture)

    # -- losses --------------------------------------------------------------------------------------------------

    def _losses(self, batch: int, outline: bool) -> tuple[Tensor, Losses]:
        c = self.settings
        half = batch // 2
        recorded = self._recorded(batch - half)
        generated, known_w = self._generated(half)
        mask = draw_masks(batch, recorded.shape[-2:], self.rng, c.whole)
        with autocast(self.device):
            w, offsets = (self.inverter.outline if outline else self.inverter)(torch.cat([recorded, generated]), mask)
            ws = self.generator.broadcast(w) + offsets
            mean, gate = (of.float() for of in self.generator.synthesis(ws[:-half]))
        known = mask[:-half]
        weight = known + c.hidden_weight * (1.0 - known)
        parts = {
            "nll": c.nll_weight * self._likelihood(recorded, mean, gate, weight),
            "l1": losses.multiscale_l1(weight * recorded, weight * mean),
            "latent": c.latent_weight * (ws[-half:] - known_w[:, None]).square().mean() / self.spread,
            "offset": c.offset_weight * offsets.square().mean() / self.spread,
        }
        if self.perceptual is not None and self.seen.steps % c.perceptual_interval == 0:
            few = slice(0, min(c.perceptual_items, len(recorded)))
            distance = self.perceptual.distance(self._textured(mean[few], gate[few]), recorded[few]).mean()
            parts["perceptual"] = c.perceptual_weight * c.perceptual_interval * distance
        loss = torch.stack(list(parts.values())).sum()
        return loss, {k: v.item() for k, v in parts.items()}

    def _likelihood(self, x: Tensor, mean: Tensor, gate: Tensor, weight: Tensor) -> Tensor:
        """Negative log-likelihood of x per bin, as that of recordings at their codes, by weight (B, 1, F, T)."""
        variance = (gate * (RAYLEIGH_DB / self.model.generator.half_range_db)).square() + self.model.min_spread**2
        return 0.5 * (weight * ((x - mean).square() / variance + variance.log())).mean()

    def _descend(self, loss: Tensor, rate: float) -> bool:
        """One step against the gradient; False, and no step, where that is not a number."""
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        gradients = [p.grad for p in self.inverter.parameters() if p.grad is not None]
        if not torch.nn.utils.get_total_norm(gradients).isfinite():
            return False
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.step()
        return True

    def _rate(self, part: float, outline: bool) -> float:
        """Within each stage a cosine from the first rate to a fiftieth of it."""
        c = self.settings
        begun = c.outline_part if self.outline_suffices else 0.0
        if outline:
            peak, at = c.outline_rate, part / c.outline_part
        else:
            peak, at = c.rate, (part - begun) / max(1.0 - begun, 1e-9)
        return peak * (0.51 + 0.49 * math.cos(math.pi * min(at, 1.0)))

    # -- what the frozen networks are like -----------------------------------------------------------------------

    @torch.no_grad()
    def _spread(self, count: int = 32) -> float:
        """Variance of one number of a drawn w, all categories together."""
        g, rng = self.model.generator, torch.Generator().manual_seed(0)
        z = torch.randn(g.categories * count, g.z_dim, generator=rng).to(self.device)
        category = torch.arange(g.categories, device=self.device).repeat_interleave(count)
        found: float = max(self.generator.mapping(z, category).var(0).mean().item(), 1e-6)
        return found

    @torch.no_grad()
    def _outline_suffices(self, count: int = 8) -> bool:
        """Whether the encoder's profiles alone say of recordings what all of it says."""
        x = self.model.codec.encode(self.sampler.samples[:count].float() / 32767.0)
        apart = self.inverter(x)[0] - self.inverter.outline(x)[0]
        found: bool = apart.square().mean().item() < SILENT**2 * self.spread
        return found
