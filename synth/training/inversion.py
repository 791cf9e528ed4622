"""What one step of an encoder's training does, with the generator frozen. No files, no clocks.

Half of a batch are recordings, half are sounds of the generator whose w is known, and of many the encoder sees a part.
Recordings teach it by what its w+ makes of them (e4e, Tov et al. 2021, arXiv 2102.02766, without its discriminator): a
Gaussian likelihood and pooled L1 of the spectrogram, and LPIPS now and then. Generated sounds teach it their w. Offsets
are kept small on both. Where profiles alone make what the whole networks make, a first part of the budget trains those:
they are cheap.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from synth.models.encoder import Inverter
from synth.models.layers import autocast
from synth.models.perceptual import Perceptual
from synth.models.stylegan2 import RAYLEIGH_DB, Generator, draw_noise
from synth.training import losses
from synth.training.dataset import BatchSampler
from synth.training.learner import Losses
from synth.training.masks import draw_masks
from synth.training.presets import TrainConfig

# Where the whole networks and their profiles differ by less than this, profiles are worth training alone.
OUTLINE_DB = 0.5
MAX_SKIPPED = 5


@dataclass(frozen=True)
class InversionConfig:
    """Settings of an encoder's training. Batches are of 2 or more.

    outline_part: share of the budget for profiles alone, where they suffice. encoder_share: the rate of what the warm
    start has taught, beside 1 for the new parts. whole: share of clips shown unmasked. hidden_weight: what an unknown
    bin counts for, beside 1 for a known one. Losses of w are in units of the variance of drawn latents.
    perceptual_weight 0 does without LPIPS; else it sees perceptual_items recordings every perceptual_interval steps,
    weighted so that the average over steps is as if it saw some at each.
    """

    batch: int = 8
    outline_batch: int = 32
    outline_part: float = 0.7
    outline_rate: float = 1e-3
    rate: float = 3e-4
    encoder_share: float = 0.1
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
        begun = list(inverter.encoder.parameters())
        new = [p for name, p in inverter.named_parameters() if not name.startswith("encoder.")]
        # What the warm start has taught moves slowly, or it would be unlearnt while the new parts are still noise.
        groups = [{"params": begun, "share": settings.encoder_share}, {"params": new, "share": 1.0}]
        self.optimiser = torch.optim.Adam(groups, betas=(0.9, 0.99), fused=True)
        self.rng = torch.Generator(self.device).manual_seed(settings.seed)
        self.seen = Seen()
        self.spread = self._spread()
        self.outline_suffices = self._outline_suffices()

    def phase(self, part: float) -> str:
        """Name of the phase when `part` of the budget, 0..1, is spent."""
        return "outline" if self.outline_suffices and part < self.settings.outline_part else "whole"

    def step(self, part: float) -> Losses:
        """One batch; returns its losses by name. One whose loss or gradient is not a number teaches nothing.

        Raises FloatingPointError when MAX_SKIPPED of them come in a row.
        """
        outline = self.phase(part) == "outline"
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
    def _generated(self, count: int, outline: bool) -> tuple[Tensor, Tensor]:
        """Codec tensors (B, 1, R, R) of sounds drawn as training draws them, and their w (B, w_dim)."""
        category = self.sampler.categories(count, self.rng)
        z = torch.randn(count, self.model.generator.z_dim, generator=self.rng, device=self.device)
        w = self.generator.mapping(z, category)
        mean, gate = self._synthesise(self.generator.broadcast(w), outline)
        return self._read_back(self._textured(mean, gate)), w

    def _read_back(self, x: Tensor) -> Tensor:
        """A generated tensor as the codec would read its sound: the loudest bin at 1, none below the floor."""
        codec = self.model.codec
        return codec.scale(codec.magnitude(x)[..., :-1, :]).unsqueeze(-3)

    def _synthesise(self, ws: Tensor, outline: bool) -> tuple[Tensor, Tensor]:
        """Mean and gate of w+, each (B, 1, R, R)."""
        if outline:
            mean, gate = self.generator.synthesis.outline(ws[:, -1])
        else:
            g = self.model.generator
            shape = (len(ws), len(g.widths), 2, g.resolution // g.fold)
            strokes = torch.randn(shape, generator=self.rng, device=self.device)
            mean, gate = self.generator.synthesis(ws, strokes)
        return mean.float(), gate.float()

    def _textured(self, mean: Tensor, gate: Tensor) -> Tensor:
        texture = draw_noise(self.model.generator, self.model.codec.stft, len(mean), self.rng).texture
        return self.generator.compose(mean, gate, texture)

    # -- losses --------------------------------------------------------------------------------------------------

    def _losses(self, batch: int, outline: bool) -> tuple[Tensor, Losses]:
        c = self.settings
        half = batch // 2
        recorded = self._recorded(batch - half)
        generated, known_w = self._generated(half, outline)
        mask = draw_masks(batch, recorded.shape[-1], self.rng, c.whole)
        with autocast(self.device):
            w, offsets = (self.inverter.outline if outline else self.inverter)(torch.cat([recorded, generated]), mask)
            ws = self.generator.broadcast(w) + offsets
            mean, gate = self._synthesise(ws[:-half], outline)
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
        """Negative log-likelihood of x per bin, as in the reconstruction of the warm start, by weight (B, 1, R, R)."""
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
            group["lr"] = rate * group["share"]
        self.optimiser.step()
        return True

    def _rate(self, part: float, outline: bool) -> float:
        """Within each phase a cosine from the first rate to a fiftieth of it."""
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
        return max(self.generator.mapping(z, category).var(0).mean().item(), 1e-6)

    @torch.no_grad()
    def _outline_suffices(self, count: int = 8) -> bool:
        """Whether profiles alone, of encoder and generator, make of recordings what the whole networks make."""
        x = self.model.codec.encode(self.sampler.samples[:count].float() / 32767.0)
        (w, offsets), (outline_w, outline_offsets) = self.inverter(x), self.inverter.outline(x)
        g = self.model.generator
        strokes = torch.zeros(len(x), len(g.widths), 2, g.resolution // g.fold, device=self.device)
        whole, _ = self.generator.synthesis(self.generator.broadcast(w) + offsets, strokes)
        outline, _ = self.generator.synthesis.outline(outline_w + outline_offsets[:, -1])
        return (whole - outline).square().mean().sqrt().item() * g.half_range_db < OUTLINE_DB
