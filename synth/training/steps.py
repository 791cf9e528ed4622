"""What one training step does, phase by phase. No files, no clocks: networks and a batch in, losses out.

Phases, by images seen: `outline` (the profiles of encoder and synthesis alone, as a VAE: cheap, and they find spectra
and envelopes within minutes), `reconstruct` (all of both as a VAE), then the prior is fitted (the mapping network is
brought to where the encoded clips lie), `discriminate` (discriminator alone), `adversarial` (everything).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from synth.models.discriminators import Discriminator, ProjectedDiscriminator
from synth.models.encoder import Encoder
from synth.models.layers import autocast
from synth.models.stylegan2 import RAYLEIGH_DB, Generator, Noise, draw_noise
from synth.training import losses
from synth.training.augment import Augment, adapt
from synth.training.dataset import BatchSampler
from synth.training.presets import TrainConfig
from synth.training.projectors import CHANNELS, Projector

Losses = dict[str, float]


class Networks(nn.Module):
    """Generator, its moving average, discriminator, encoder, and the latent bank of the training clips."""

    average: Generator
    bank: Tensor  # (clips, w_dim)

    def __init__(self, config: TrainConfig, clips: int):
        super().__init__()
        g = config.generator
        self.generator = Generator(g)
        self.average = copy.deepcopy(self.generator).requires_grad_(False)
        self.generator.synthesis.levels[: config.freeze].requires_grad_(False)
        self.discriminator = (
            Discriminator(g.categories, config.discriminator_widths, g.fold)
            if config.projector == "none"
            else ProjectedDiscriminator(CHANNELS[config.projector], g.categories)
        )
        self.encoder = Encoder(g.w_dim, config.encoder_widths, g.fold)
        # The latest encoding of every training clip: what the prior is matched to, category by category.
        self.register_buffer("bank", torch.zeros(clips, g.w_dim))


@dataclass
class Progress:
    """What a run knows of itself besides its weights."""

    seen: int = 0
    steps: int = 0
    augment: float = 0.0
    real_sign: float = 0.0
    prior_fitted: bool = False


class Learner:
    """Networks, optimisers and random state of a run; `step` advances them by one batch."""

    def __init__(self, config: TrainConfig, sampler: BatchSampler, projector: Projector, device: torch.device):
        torch.manual_seed(config.seed)
        self.config = config
        self.sampler = sampler
        self.projector = projector
        self.device = device
        self.networks = Networks(config, len(sampler.labels)).to(device)
        self.augment = Augment()
        self.progress = Progress()
        self.rng = torch.Generator(device).manual_seed(config.seed)
        self.optimisers = self._optimisers()

    def _optimisers(self) -> dict[str, torch.optim.Adam]:
        n = self.networks
        parts: dict[str, tuple[list[nn.Parameter], float]] = {
            "synthesis": ([*n.generator.synthesis.parameters(), *n.encoder.parameters()], 0.5),
            "mapping": ([*n.generator.mapping.parameters()], 0.5),
            "discriminator": ([*n.discriminator.parameters()], 0.0),
        }
        # Fused: with ten million weights and small batches, Adam's passes over memory cost a third of a step otherwise.
        return {k: torch.optim.Adam(p, betas=(beta, 0.99), fused=True) for k, (p, beta) in parts.items()}

    @property
    def phase(self) -> str:
        """Name of the current phase, by images seen."""
        c, end = self.config, 0.0
        for name, kimg in (
            ("outline", c.outline_kimg),
            ("reconstruct", c.reconstruction_kimg),
            ("discriminate", c.discriminator_kimg),
        ):
            end += kimg
            if self.progress.seen < round(1000.0 * end):
                return name
        return "adversarial"

    def step(self) -> Losses:
        """One batch of the current phase; returns its losses by name."""
        phase, c = self.phase, self.config
        batch = {"outline": c.outline_batch, "reconstruct": c.reconstruction_batch}.get(phase, c.batch)
        if phase in ("outline", "reconstruct"):
            out = self._reconstruct(batch, outline=phase == "outline")
        else:
            if not self.progress.prior_fitted:
                self.fit_prior()
            out = self._play(train_generator=phase == "adversarial")
        self.progress.seen += batch
        self.progress.steps += 1
        self._average(batch)
        return out

    def state(self) -> dict[str, Any]:
        """Everything that an exact resume needs."""
        return {
            "networks": self.networks.state_dict(),
            "optimisers": {k: o.state_dict() for k, o in self.optimisers.items()},
            "progress": asdict(self.progress),
            "rng": self.rng.get_state(),
        }

    def load(self, state: dict[str, Any]) -> None:
        self.networks.load_state_dict(state["networks"])
        for k, optimiser in self.optimisers.items():
            optimiser.load_state_dict(state["optimisers"][k])
        self.progress = Progress(**state["progress"])
        self.rng.set_state(state["rng"].cpu())

    # -- reconstruction ------------------------------------------------------------------------------------------

    def _real(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        samples, labels, index = self.sampler.real(count, self.rng)
        return self.config.codec.encode(samples), labels, index

    def _encode(self, x: Tensor, index: Tensor, encoder: Callable[..., tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
        """Codec tensor -> sampled w and its KL divergence; the bank remembers the means."""
        mean, log_variance = encoder(x)
        self.networks.bank[index] = mean.detach().float()
        noise = torch.randn(mean.shape, generator=self.rng, device=self.device)
        return mean + noise * (0.5 * log_variance).exp(), losses.kl_divergence(mean, log_variance)

    def _reconstruction_loss(self, x: Tensor, mean: Tensor, gate: Tensor) -> tuple[Tensor, Losses]:
        c = self.config
        variance = (gate * (RAYLEIGH_DB / c.generator.half_range_db)).square() + c.min_spread**2
        nll = losses.gaussian_nll(x, mean, variance)
        l1 = losses.multiscale_l1(x, mean)
        return c.nll_weight * nll + l1, {"nll": nll.item(), "l1": l1.item(), "gate": gate.mean().item()}

    def _reconstruct(self, batch: int, outline: bool) -> Losses:
        c, n = self.config, self.networks
        x, _, index = self._real(batch)
        with autocast(self.device):
            w, kl = self._encode(x, index, n.encoder.outline if outline else n.encoder)
            if outline:
                mean, gate = n.generator.synthesis.outline(w)
            else:
                noise = self._noise(batch)
                mean, gate = n.generator.synthesis(n.generator.broadcast(w), noise.strokes)
        loss, out = self._reconstruction_loss(x, mean, gate)
        if self._matches_features and not outline:
            fake = n.generator.compose(mean, gate, noise.texture)
            matching = losses.feature_distance(self.projector(fake), self.projector(x))
            loss = loss + c.feature_weight * matching
            out["features"] = matching.item()
        self._descend("synthesis", loss + c.kl_weight * kl, self._rate(outline))
        return out | {"kl": kl.item(), "reconstruction": loss.item()}

    @property
    def _matches_features(self) -> bool:
        return self.config.projector != "none" and self.config.feature_weight > 0.0

    def _rate(self, outline: bool) -> float:
        """Each part of the warm start falls by a cosine to a tenth of its first rate, ready for what comes next."""
        c, seen = self.config, self.progress.seen / 1000.0
        peak, part = (
            (c.outline_rate, seen / max(c.outline_kimg, 1e-9))
            if outline
            else (c.reconstruction_rate, (seen - c.outline_kimg) / max(c.reconstruction_kimg, 1e-9))
        )
        return peak * (0.55 + 0.45 * math.cos(math.pi * min(part, 1.0)))

    def begin_at_reconstruction(self) -> None:
        """For weights of a model of other sounds: the outline is there, and the whole adapts from it."""
        self.progress.seen = round(1000.0 * self.config.outline_kimg)

    def skip_warm_start(self, seen: int, discriminator: bool) -> None:
        """For weights of a model that has seen so many images: on with adversarial training.

        Without a trained discriminator that one learns alone first.
        """
        c, p = self.config, self.progress
        begun = round(1000.0 * (c.outline_kimg + c.reconstruction_kimg))
        trained = round(1000.0 * (c.outline_kimg + c.reconstruction_kimg + c.discriminator_kimg))
        p.seen = max(seen, trained) if discriminator else begun
        p.prior_fitted = True
        self._refresh_bank()

    # -- prior ---------------------------------------------------------------------------------------------------

    def fit_prior(self) -> None:
        """Fills the bank with fresh encodings and brings the mapping network's output to it."""
        self._refresh_bank()
        c = self.config
        for step in range(c.prior_steps):
            rate = c.prior_rate * (0.505 + 0.495 * math.cos(math.pi * step / c.prior_steps))
            self._descend("mapping", self._prior_loss(), rate)
        self.networks.average.mapping.load_state_dict(self.networks.generator.mapping.state_dict())
        self.progress.prior_fitted = True
        self._track_centres(decay=0.0)

    @torch.no_grad()
    def _refresh_bank(self) -> None:
        for index in torch.arange(len(self.sampler.labels), device=self.device).split(32):
            samples = self.sampler.samples[index].float() / 32767.0
            with autocast(self.device):
                self.networks.bank[index] = self.networks.encoder(self.config.codec.encode(samples))[0].float()

    def _prior_loss(self) -> Tensor:
        """Energy distance between the mapping's output and the encoded clips of one category drawn at random."""
        c, n = self.config, self.networks
        category = self.sampler.categories(1, self.rng)
        members = (self.sampler.labels == category).nonzero().squeeze(1)
        if len(members) < 2:
            members = members.repeat(2)
        chosen = torch.randperm(len(members), generator=self.rng, device=self.device)[: c.prior_batch]
        z = self._z(c.prior_batch)
        w = n.generator.mapping(z, category.expand(len(z)))
        distance = losses.energy_distance(w, n.bank[members[chosen]])
        return distance + c.range_weight * self._excess(w[: c.batch])

    def _excess(self, w: Tensor) -> Tensor:
        """How far the outlines of w (B, w_dim) rise above 1, the loudest that a codec tensor of a recording can be."""
        mean, _ = self.networks.generator.synthesis.outline(w)
        return torch.relu(mean - 1.0).square().mean()

    def _z(self, count: int) -> Tensor:
        return torch.randn(count, self.config.generator.z_dim, generator=self.rng, device=self.device)

    def _noise(self, count: int) -> Noise:
        return draw_noise(self.config.generator, self.config.codec.stft, count, self.rng)

    @torch.no_grad()
    def _track_centres(self, decay: float) -> None:
        """Moves w_avg, the centre that truncation pulls to, toward the mean w of each category."""
        g = self.networks.average
        categories = torch.arange(self.config.generator.categories, device=self.device)
        for category in categories:
            w = g.mapping(self._z(64), category.expand(64)).mean(0)
            g.w_avg[category] = decay * g.w_avg[category] + (1.0 - decay) * w

    # -- adversarial ---------------------------------------------------------------------------------------------

    def _play(self, train_generator: bool) -> Losses:
        """Half of the fakes are reconstructions of this batch's real sounds, half come from the prior."""
        c, n = self.config, self.networks
        x, labels, index = self._real(c.batch)
        half = c.batch // 2
        labels_fake = torch.cat([labels[:half], self.sampler.categories(c.batch - half, self.rng)])
        noise = self._noise(c.batch)
        with torch.set_grad_enabled(train_generator), autocast(self.device):
            w_real, kl = self._encode(x[:half], index[:half], n.encoder)
            w_prior = n.generator.mapping(self._z(c.batch - half), labels_fake[half:])
            ws = n.generator.broadcast(torch.cat([w_real, w_prior]))
            mean, gate = n.generator.synthesis(ws, noise.strokes)
            fake = n.generator.compose(mean, gate, noise.texture).clamp(-1.0, 1.0)
        # The same draw of augmentations for both, so that features of a sound and of its reconstruction compare.
        twin = self.rng.clone_state()
        real_maps = self._look(x, self.rng)
        with torch.set_grad_enabled(train_generator):
            fake_maps = self._look(fake, twin)
        out: Losses = {}
        if train_generator:
            loss, out = self._reconstruction_loss(x[:half], mean[:half], gate[:half])
            if self._matches_features:
                matching = losses.feature_distance([m[:half] for m in fake_maps], [m[:half] for m in real_maps])
                loss = loss + c.feature_weight * matching
                out["features"] = matching.item()
            out |= self._teach_generator(loss + c.kl_weight * kl, fake_maps, labels_fake) | {"kl": kl.item()}
        out |= self._teach_discriminator(x, real_maps, labels, [m.detach() for m in fake_maps], labels_fake)
        return out

    def _look(self, x: Tensor, rng: torch.Generator) -> list[Tensor]:
        """What the discriminator sees of codec tensors: augmented, through the projector, in float32."""
        return self.projector(self.augment(x, self.progress.augment, rng))

    def _teach_generator(self, loss: Tensor, fake_maps: list[Tensor], labels: Tensor) -> Losses:
        """One step on the reconstruction's `loss` plus what the discriminator and the prior ask for."""
        c, n = self.config, self.networks
        n.discriminator.requires_grad_(False)
        with autocast(self.device):
            adversarial = losses.generator_loss(n.discriminator(fake_maps, labels))
        n.discriminator.requires_grad_(True)
        prior = self._prior_loss()
        loss = loss + c.adversarial_weight * adversarial + c.prior_weight * prior
        self._descend("mapping", loss, c.generator_rate, also="synthesis")
        return {"generator": adversarial.item(), "prior": prior.item()}

    def _teach_discriminator(
        self, x: Tensor, real_maps: list[Tensor], labels: Tensor, fake_maps: list[Tensor], labels_fake: Tensor
    ) -> Losses:
        c, n = self.config, self.networks
        with autocast(self.device):
            real_logits = n.discriminator(real_maps, labels)
            fake_logits = n.discriminator(fake_maps, labels_fake)
        loss = losses.discriminator_loss(real_logits, fake_logits)
        out = {"discriminator": loss.item(), "real": real_logits.mean().item(), "fake": fake_logits.mean().item()}
        # The heads on a frozen network are held smooth by spectral normalisation instead.
        if c.projector == "none" and self.progress.steps % c.r1_interval == 0:
            penalty = losses.r1_penalty(n.discriminator, x, labels)
            loss = loss + penalty * (0.5 * c.r1_gamma * c.r1_interval)
            out["r1"] = penalty.item()
        self._descend("discriminator", loss, c.discriminator_rate)
        self._adapt(real_logits)
        return out

    def _adapt(self, real_logits: Tensor) -> None:
        c, p = self.config, self.progress
        p.real_sign = 0.98 * p.real_sign + 0.02 * real_logits.detach().sign().mean().item()
        p.augment = adapt(p.augment, p.real_sign, c.batch, target=c.augment_target, kimg=c.augment_kimg)

    # -- common --------------------------------------------------------------------------------------------------

    def _descend(self, name: str, loss: Tensor, rate: float, also: str | None = None) -> None:
        chosen = [self.optimisers[k] for k in (name, also) if k]
        for optimiser in chosen:
            optimiser.zero_grad(set_to_none=True)
        loss.backward()
        for optimiser in chosen:
            for group in optimiser.param_groups:
                group["lr"] = rate
            optimiser.step()

    @torch.no_grad()
    def _average(self, batch: int) -> None:
        """Exponential moving average of the generator with ramp-up (Karras et al. 2020)."""
        half_life = min(self.config.ema_kimg * 1000.0, max(0.05 * self.progress.seen, batch))
        weight = 1.0 - 0.5 ** (batch / half_life)
        live, average = self.networks.generator, self.networks.average
        torch._foreach_lerp_(list(average.parameters()), list(live.parameters()), weight)
        if self.progress.prior_fitted and self.progress.steps % 16 == 0:
            self._track_centres(decay=0.9)
