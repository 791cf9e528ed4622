"""Training of a plain GAN: what one step does. No files, no clocks: networks and a batch in, losses out."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional as F

from synth.models.discriminators import ProjectedDiscriminator
from synth.models.layers import autocast
from synth.models.registry import FAMILIES
from synth.recipes.gan_presets import GanConfig
from synth.recordings.dataset import BatchSampler
from synth.training import losses
from synth.training.augment import Augment, adapt
from synth.training.averaging import half_life_weight
from synth.training.learner import BaseLearner, Losses, Objective, Progress, Trained
from synth.training.parallel import ALONE, Team
from synth.training.projectors import CELL, CHANNELS, Projector

# Loss of the discriminator on logits of real and generated sounds, and of the generator on those of its own.
PLAYERS: dict[str, tuple[Callable[[Tensor, Tensor], Tensor], Callable[[Tensor], Tensor]]] = {
    "bce": (losses.discriminator_loss, losses.generator_loss),
    "hinge": (losses.hinge_discriminator_loss, losses.hinge_generator_loss),
    "wgan-gp": (losses.wgan_discriminator_loss, losses.wgan_generator_loss),
}


class GanNetworks(Trained):
    """Generator, its moving average and discriminator."""

    def __init__(self, config: GanConfig):
        super().__init__()
        family = FAMILIES[config.family]
        self.generator = family.generator(config.network)
        self.average = copy.deepcopy(self.generator).requires_grad_(False)
        self.discriminator = (
            family.discriminator(config.network)
            if config.projector == "none"
            else ProjectedDiscriminator((CELL**2, *CHANNELS[config.projector]), config.categories)
        )


class GanLearner(BaseLearner[GanConfig]):
    """Networks, optimisers and random state of a run; `step` advances them by one batch of the generator."""

    networks: GanNetworks

    stage = "adversarial"

    def __init__(
        self,
        config: GanConfig,
        sampler: BatchSampler,
        projector: Projector,
        device: torch.device,
        team: Team = ALONE,
    ):
        super().__init__(config, sampler, device, team)
        self.projector = projector
        self.augment = Augment(team)
        self.progress = Progress(prior_fitted=True)
        betas = (config.beta1, config.beta2)
        players = {"generator": config.generator_rate, "discriminator": config.discriminator_rate}
        self.optimisers = {
            name: torch.optim.Adam(getattr(self.networks, name).parameters(), lr=rate, betas=betas, fused=True)
            for name, rate in players.items()
        }

    def _built(self) -> GanNetworks:
        return GanNetworks(self.config)

    def step(self) -> Losses:
        """As many batches for the discriminator as the configuration says, then one for the generator."""
        # Dropout and phase shuffles draw from the global state, which must go on exactly after a resume.
        torch.manual_seed(int(torch.randint(2**31, (), generator=self.rng, device=self.device)))
        self.networks.generator.train()
        out: Losses = {}
        for _ in range(self.config.d_steps):
            out |= self._teach_discriminator()
        out |= self._teach_generator()
        images = self.config.d_steps * self.config.batch * self.team.size
        return self._ended(images, out)

    # -- the two players -----------------------------------------------------------------------------------------

    def _teach_discriminator(self) -> Losses:
        c, n = self.config, self.networks
        samples, labels, _ = map(self.team.part, self.sampler.real(c.batch * self.team.size, self.rng))
        x, labels = c.codec.encode(samples), self._known(labels)
        with torch.no_grad():
            fake, fake_labels = self._fakes()
        looks = self._look(x), self._look(fake)

        def objective() -> tuple[Tensor, Losses]:
            with autocast(self.device):
                real_logits = n.discriminator(looks[0], labels)
                fake_logits = n.discriminator(looks[1], fake_labels)
            loss = PLAYERS[c.loss][0](real_logits, fake_logits)
            out = {"discriminator": loss.item(), "real": real_logits.mean().item(), "fake": fake_logits.mean().item()}
            if c.loss == "wgan-gp":
                penalty = losses.gradient_penalty(n.discriminator, x, fake, labels, self.rng)
                loss, out["penalty"] = loss + c.penalty_weight * penalty, penalty.item()
            return loss, out

        out = self._descend(objective, "discriminator")
        self._adapt(out["real"])
        return out

    def _teach_generator(self) -> Losses:
        c, n = self.config, self.networks
        n.discriminator.requires_grad_(False)

        def objective() -> tuple[Tensor, Losses]:
            with autocast(self.device):
                fake, labels = self._fakes()
                loss = PLAYERS[c.loss][1](n.discriminator(self._look(fake), labels))
            return loss, {"generator": loss.item()}

        out = self._descend(objective, "generator")
        n.discriminator.requires_grad_(True)
        return out

    def _fakes(self) -> tuple[Tensor, Tensor]:
        """Codec tensors of a batch of categories as frequent as among the clips, and these."""
        c, whole = self.config, self.config.batch * self.team.size
        labels = self._known(self.team.part(self.sampler.categories(whole, self.rng)))
        z = torch.randn(whole, c.network.z_dim, generator=self.rng, device=self.device)
        return self.networks.generator(self.team.part(z), labels), labels

    def _known(self, labels: Tensor) -> Tensor:
        """Labels as the networks know them: all alike where they know no categories."""
        return labels if self.config.categories > 1 else torch.zeros_like(labels)

    def _look(self, x: Tensor) -> Any:
        """What the discriminator sees of codec tensors: themselves, or cells of them and a projector's maps."""
        if self._augments:
            x = self.augment(x, self.progress.augment, self.rng)
        if self.config.projector == "none":
            return x
        return [F.pixel_unshuffle(x, CELL), *self.projector(x, self.rng)]

    @property
    def _augments(self) -> bool:
        return self.config.augment_target > 0.0

    def _adapt(self, real: float) -> None:
        """Augmentation grows while the discriminator is surer of real sounds than the target."""
        c, p = self.config, self.progress
        if not self._augments:
            return
        sign = 1.0 if real > 0.0 else -1.0
        p.real_sign = 0.98 * p.real_sign + 0.02 * self.team.mean(torch.tensor(sign)).item()
        images = c.batch * self.team.size
        p.augment = adapt(p.augment, p.real_sign, images, target=c.augment_target, kimg=c.augment_kimg)

    def _descend(self, objective: Objective, name: str) -> Losses:
        loss, out = self.averaging(objective)
        optimiser = self.optimisers[name]
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        return cast("Losses", out)

    @torch.no_grad()
    def _average(self, images: int) -> None:
        """Exponential moving average of the generator and of what its batch norms measured."""
        weight = half_life_weight(images, self.config.ema_kimg, self.progress.seen)
        kept_of = self.networks.average.state_dict()
        for name, live in self.networks.generator.state_dict().items():
            kept = kept_of[name]
            kept.lerp_(live, weight) if live.is_floating_point() else kept.copy_(live)
