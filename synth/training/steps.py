"""What one training step does, phase by phase. No files, no clocks: networks and a batch in, losses out.

Phases, by images seen: `outline` (the profiles of encoder and synthesis alone, as a VAE: cheap, and they find spectra
and envelopes within minutes), `reconstruct` (all of both as a VAE), then the prior is arranged around the encoded
clips, `discriminate` (discriminator alone), `adversarial` (everything).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from synth.models.discriminators import Discriminator, ProjectedDiscriminator
from synth.models.encoder import Encoder
from synth.models.layers import autocast
from synth.models.mapping import Mapping
from synth.models.stylegan2 import RAYLEIGH_DB, Generator, Noise, draw_noise
from synth.training import losses
from synth.training.augment import Augment, adapt
from synth.training.averaging import half_life_weight
from synth.training.dataset import BatchSampler
from synth.training.learner import BaseLearner, Losses, Progress
from synth.training.parallel import ALONE, Team
from synth.training.presets import TrainConfig
from synth.training.projectors import CELL, CHANNELS, Projector


class Networks(nn.Module):
    """Generator, its moving average, discriminator and encoder.

    The mapping is one and the same in generator and average; its codes are the latest encodings of the training clips.
    """

    average: Generator

    def __init__(self, config: TrainConfig):
        super().__init__()
        g = config.generator
        self.generator = Generator(g)
        self.average = copy.deepcopy(self.generator).requires_grad_(False)
        self.average.mapping = self.generator.mapping
        self.generator.synthesis.levels[: config.freeze].requires_grad_(False)
        self.discriminator = (
            Discriminator(g.categories, config.discriminator_widths, g.fold)
            if config.projector == "none"
            else ProjectedDiscriminator((CELL**2, *CHANNELS[config.projector]), g.categories)
        )
        self.encoder = Encoder(g.w_dim, config.encoder_widths, g.fold)

    def forward(self, objective: Callable[[], tuple[Tensor, Losses]]) -> tuple[Tensor, Losses]:
        """Computes an objective on these networks; called through DistributedDataParallel, gradients are averaged."""
        return objective()


class Learner(BaseLearner):
    """Networks, optimisers and random state of a run; `step` advances them by one batch.

    Batches are of one process: a team of N sees N times as many images a step.
    """

    networks: Networks

    def __init__(
        self,
        config: TrainConfig,
        sampler: BatchSampler,
        projector: Projector,
        device: torch.device,
        team: Team = ALONE,
    ):
        torch.manual_seed(config.seed)
        self.config = config
        self.sampler = sampler
        self.projector = projector
        self.device = device
        self.team = team
        self.networks = Networks(config).to(device)
        self.mapping.labels.copy_(sampler.labels)
        self.averaging = team.wrap(self.networks)
        self.augment = Augment(team)
        self.progress = Progress()
        self.rng = torch.Generator(device).manual_seed(config.seed)
        self.optimisers = self._optimisers()

    def _optimisers(self) -> dict[str, torch.optim.Adam]:
        n = self.networks
        parts: dict[str, tuple[list[nn.Parameter], float]] = {
            "synthesis": ([*n.generator.synthesis.parameters(), *n.encoder.parameters()], 0.5),
            "discriminator": ([*n.discriminator.parameters()], 0.0),
        }
        # Fused: with ten million weights and small batches, Adam's passes over memory cost a third of a step otherwise.
        return {k: torch.optim.Adam(p, betas=(beta, 0.99), fused=True) for k, (p, beta) in parts.items()}

    @property
    def mapping(self) -> Mapping:
        return self.networks.generator.mapping

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
        images = batch * self.team.size
        if phase in ("outline", "reconstruct"):
            out = self._reconstruct(batch, outline=phase == "outline")
        else:
            if not self.progress.prior_fitted:
                self.fit_prior()
            out = self._play(train_generator=phase == "adversarial")
        return self._ended(images, out)

    # -- reconstruction ------------------------------------------------------------------------------------------

    def _real(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        samples, labels, index = map(self.team.part, self.sampler.real(count * self.team.size, self.rng))
        return self.config.codec.encode(samples), labels, index

    def _encode(self, x: Tensor, index: Tensor, encoder: Callable[..., tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
        """Codec tensor -> sampled w and its KL divergence; the prior remembers the means."""
        mean, log_variance = encoder(x)
        self.mapping.codes[self.team.gather(index)] = self.team.gather(mean.detach().float())
        noise = self._normal(len(mean), mean.shape[1])
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

        def objective() -> tuple[Tensor, Losses]:
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
                twin = self.rng.clone_state()
                matching, out["features"] = self._match(self.projector(fake, self.rng), self.projector(x, twin))
                loss = loss + matching
            return loss + c.kl_weight * kl, out | {"kl": kl.item(), "reconstruction": loss.item()}

        return self._descend(objective, self._rate(outline), "synthesis")

    def _match(self, fake: list[Tensor], real: list[Tensor]) -> tuple[Tensor, float]:
        """Feature matching: the weighted loss, and the bare distance."""
        distance = losses.feature_distance(fake, real, self.team.mean(losses.feature_scales(real)))
        return self.config.feature_weight * distance, distance.item()

    @property
    def _projects(self) -> bool:
        return self.config.projector != "none"

    @property
    def _matches_features(self) -> bool:
        return self._projects and self.config.feature_weight > 0.0

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
        """For weights of a model that has seen so many images: on with adversarial training, from a prior of its own.

        Without a trained discriminator that one learns alone first.
        """
        c, p = self.config, self.progress
        begun = round(1000.0 * (c.outline_kimg + c.reconstruction_kimg))
        trained = round(1000.0 * (c.outline_kimg + c.reconstruction_kimg + c.discriminator_kimg))
        p.seen = max(seen, trained) if discriminator else begun
        self.fit_prior()

    # -- prior ---------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def fit_prior(self) -> None:
        """Encodes all training clips anew and arranges the prior around them."""
        for index in torch.arange(len(self.sampler.labels), device=self.device).split(32):
            samples = self.sampler.samples[index].float() / 32767.0
            with autocast(self.device):
                self.mapping.codes[index] = self.networks.encoder(self.config.codec.encode(samples))[0].float()
        self.mapping.arrange(self.rng)
        self._centre()
        self.progress.prior_fitted = True

    def _normal(self, count: int, size: int) -> Tensor:
        """N(0, 1), (count, size)."""
        return self.team.part(torch.randn(count * self.team.size, size, generator=self.rng, device=self.device))

    def _noise(self, count: int) -> Noise:
        whole = draw_noise(self.config.generator, self.config.codec.stft, count * self.team.size, self.rng)
        return Noise(self.team.part(whole.texture), self.team.part(whole.strokes))

    def _centre(self) -> None:
        """w_avg, the centre that truncation pulls to, is the mean code of each category."""
        self.networks.average.w_avg.copy_(self.mapping.centres(self.config.generator.categories))

    # -- adversarial ---------------------------------------------------------------------------------------------

    def _play(self, train_generator: bool) -> Losses:
        """One batch of the game. Half of the fakes are reconstructions of its real sounds, half come from the prior."""
        x, labels, index = self._real(self.config.batch)
        half = len(x) // 2
        drawn = self.team.part(self.sampler.categories((len(x) - half) * self.team.size, self.rng))
        labels_fake = torch.cat([labels[:half], drawn])
        # The same draw of augmentations for both, so that features of a sound and of its reconstruction compare.
        twin = self.rng.clone_state()
        real = self._look(x, self.rng)
        seen: list[Tensor] = []

        def objective() -> tuple[Tensor, Losses]:
            fake, loss, out = self._fakes(x[:half], index[:half], drawn)
            seen[:] = self._look(fake, twin)
            if self._matches_features:
                matching, out["features"] = self._match([m[:half] for m in seen[1:]], [m[:half] for m in real[1:]])
                loss = loss + matching
            loss, judged = self._judged(loss, seen, labels_fake)
            return loss, out | judged

        if train_generator:
            self.networks.discriminator.requires_grad_(False)
            out = self._descend(objective, self.config.generator_rate, "synthesis")
            self.networks.discriminator.requires_grad_(True)
        else:
            with torch.no_grad():
                seen, out = self._look(self._fakes(x[:half], index[:half], drawn)[0], twin), {}
        return out | self._teach_discriminator(x, real, labels, [m.detach() for m in seen], labels_fake)

    def _fakes(self, x: Tensor, index: Tensor, drawn: Tensor) -> tuple[Tensor, Tensor, Losses]:
        """Reconstructions of x and sounds of the categories `drawn`, with the loss of the former."""
        c, n = self.config, self.networks
        noise = self._noise(len(x) + len(drawn))
        with autocast(self.device):
            w_real, kl = self._encode(x, index, n.encoder)
            w_prior = self.mapping(self._normal(len(drawn), c.generator.z_dim), drawn)
            ws = n.generator.broadcast(torch.cat([w_real, w_prior]))
            # Profiles learn where there is a recording to compare with. Taught by a discriminator alone, which sees one
            # sound at a time, they draw the same clicks at the same moments into every sound; convolutions cannot.
            mean, gate = n.generator.synthesis(ws, noise.strokes, settled=len(drawn))
            fake = n.generator.compose(mean, gate, noise.texture).clamp(-1.0, 1.0)
        loss, out = self._reconstruction_loss(x, mean[: len(x)], gate[: len(x)])
        return fake, loss + c.kl_weight * kl, out | {"kl": kl.item()}

    def _look(self, x: Tensor, rng: torch.Generator) -> list[Tensor]:
        """What the discriminator sees of codec tensors, augmented: cells of the tensor, then a projector's maps."""
        x = self.augment(x, self.progress.augment, rng)
        maps = self.projector(x, rng)
        return [F.pixel_unshuffle(x, CELL), *maps] if self._projects else maps

    def _judged(self, loss: Tensor, fake: list[Tensor], labels: Tensor) -> tuple[Tensor, Losses]:
        """A generator's loss with what the discriminator asks for."""
        c = self.config
        with autocast(self.device):
            adversarial = losses.generator_loss(self.networks.discriminator(fake, labels))
        loss = loss + c.adversarial_weight * adversarial
        out = {"generator": adversarial.item()}
        if self._projects:
            category = self._category_loss(fake, labels)
            loss, out["category"] = loss + c.category_weight * category, category.item()
        return loss, out

    def _category_loss(self, maps: list[Tensor], labels: Tensor) -> Tensor:
        discriminator = cast(ProjectedDiscriminator, self.networks.discriminator)
        return losses.category_loss(discriminator.classify(maps), labels)

    def _teach_discriminator(
        self, x: Tensor, real: list[Tensor], labels: Tensor, fake: list[Tensor], labels_fake: Tensor
    ) -> Losses:
        c, n = self.config, self.networks
        signs: list[Tensor] = []

        def objective() -> tuple[Tensor, Losses]:
            with autocast(self.device):
                real_logits = n.discriminator(real, labels)
                fake_logits = n.discriminator(fake, labels_fake)
            signs.append(real_logits.detach().sign().mean())
            loss = losses.discriminator_loss(real_logits, fake_logits)
            out = {"discriminator": loss.item(), "real": real_logits.mean().item(), "fake": fake_logits.mean().item()}
            if self._projects:
                category = self._category_loss(real, labels)
                loss, out["category of real"] = loss + category, category.item()
            # The heads on a frozen network are held smooth by spectral normalisation instead.
            elif self.progress.steps % c.r1_interval == 0:
                penalty = losses.r1_penalty(n.discriminator, x, labels)
                loss = loss + penalty * (0.5 * c.r1_gamma * c.r1_interval)
                out["r1"] = penalty.item()
            return loss, out

        out = self._descend(objective, c.discriminator_rate, "discriminator")
        self._adapt(self.team.mean(signs[0]).item())
        return out

    def _adapt(self, sign: float) -> None:
        c, p = self.config, self.progress
        p.real_sign = 0.98 * p.real_sign + 0.02 * sign
        images = c.batch * self.team.size
        p.augment = adapt(p.augment, p.real_sign, images, target=c.augment_target, kimg=c.augment_kimg)

    # -- common --------------------------------------------------------------------------------------------------

    def _descend(self, objective: Callable[[], tuple[Tensor, Losses]], rate: float, *names: str) -> Losses:
        """One step of the optimisers `names` on an objective, its gradients averaged over the team."""
        loss, out = self.averaging(objective)
        self._update(loss, rate, *names)
        return cast(Losses, out)

    def _update(self, loss: Tensor, rate: float, *names: str) -> None:
        chosen = [self.optimisers[k] for k in names]
        for optimiser in chosen:
            optimiser.zero_grad(set_to_none=True)
        loss.backward()
        for optimiser in chosen:
            for group in optimiser.param_groups:
                group["lr"] = rate
            optimiser.step()

    @torch.no_grad()
    def _average(self, images: int) -> None:
        """Exponential moving average of the generator."""
        weight = half_life_weight(images, self.config.ema_kimg, self.progress.seen)
        live, average = self.networks.generator, self.networks.average
        torch._foreach_lerp_(list(average.parameters()), list(live.parameters()), weight)
        if self.progress.prior_fitted and self.progress.steps % 16 == 0:
            self._centre()
