"""What one training step does, stage by stage. No files, no clocks: networks and a batch in, losses out.

Every recording has a code, a place in W that is learnt with the network (an auto-decoder: Bojanowski et al. 2018, arXiv
1707.05776; Park et al. 2019). Stages, by sounds seen: `outline` (codes and network make the recordings again, bin by
bin: cheap), `features` (the same as a frozen network hears it), then the prior is arranged around the codes, and
`statistics`: sounds drawn from the prior, between the recordings, are held to what recordings are like as a whole and
by category, anchored by recordings at their codes. An encoder learns the codes alongside.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from synth.audio.texture import noise_field
from synth.models.encoder import Encoder
from synth.models.layers import autocast
from synth.models.mapping import Mapping
from synth.models.stylegan2 import RAYLEIGH_DB, Generator
from synth.recipes.presets import TrainConfig
from synth.recordings.dataset import BatchSampler
from synth.training import losses
from synth.training.averaging import half_life_weight
from synth.training.codes import first_codes
from synth.training.learner import BaseLearner, Losses, Objective, Trained
from synth.training.line_loss import LineLoss
from synth.training.parallel import ALONE, Team
from synth.training.projectors import Projector
from synth.training.statistics import Statistics

CHUNK = 32  # recordings looked at in one go
RISING = 0.05  # part of a stage over which its rate rises
LAST_RATE = 0.1  # of the first one, at the end of a stage
CLIPPED = 2.0  # norm of a gradient at the most
ARRANGED = 1000  # sounds after which the prior is arranged anew around the codes, which move


class Networks(Trained):
    """Generator, its moving average and encoder. The mapping, and so the codes, are one and the same in both."""

    average: Generator

    def __init__(self, config: TrainConfig):
        super().__init__()
        self.generator = Generator(config.generator)
        self.average = copy.deepcopy(self.generator).requires_grad_(False)
        self.average.mapping = self.generator.mapping
        self.encoder = Encoder(config.codec.shape[1:], config.generator.w_dim, config.encoder_widths, config.fold)


class Learner(BaseLearner[TrainConfig]):
    """Networks, optimiser and random state of a run; `step` advances them by one batch."""

    networks: Networks

    def __init__(
        self,
        config: TrainConfig,
        sampler: BatchSampler,
        eyes: Sequence[Projector],
        device: torch.device,
        team: Team = ALONE,
    ):
        super().__init__(config, sampler, device, team)
        self.eyes = list(eyes)
        self.optimisers = {"all": self._optimiser()}
        self.statistics: list[Statistics] = []
        self.lines: LineLoss | None = None

    def _built(self) -> Networks:
        networks = Networks(self.config)
        mapping = networks.generator.mapping
        mapping.labels.copy_(self.sampler.labels)
        mapping.codes.data.copy_(first_codes(self._tensors(), self.config.generator.w_dim))
        return networks

    def _optimiser(self) -> torch.optim.Adam:
        n = self.networks
        groups = [
            {"params": [*n.generator.synthesis.parameters()], "share": 1.0},
            {"params": [n.generator.mapping.codes], "share": self.config.code_rate},
            {"params": [*n.encoder.parameters()], "share": self.config.encoder_rate},
        ]
        # Fused: with ten million weights and small batches, Adam's passes over memory cost a third of a step otherwise.
        return torch.optim.Adam(groups, betas=(0.9, 0.99), fused=True)

    @property
    def mapping(self) -> Mapping:
        return self.networks.generator.mapping

    @property
    def turn(self) -> int:
        """Which of the frozen networks looks at this step: they take turns, at the cost of one."""
        return self.progress.steps % len(self.eyes)

    @property
    def stage(self) -> str:
        """Name of the current stage, by sounds seen."""
        return self._place()[0]

    def _place(self) -> tuple[str, float]:
        """Stage, and how much of it is behind, 0..1; of the last, which has no end, 1."""
        c, seen = self.config, self.progress.seen / 1000.0
        for name, kimg in (("outline", c.outline_kimg), ("features", c.feature_kimg)):
            if seen < kimg:
                return name, seen / kimg
            seen -= kimg
        return "statistics", 1.0

    def step(self) -> Losses:
        """One batch of the current stage; returns its losses by name."""
        c, (stage, done) = self.config, self._place()
        if stage == "statistics":
            return self._ended(c.batch * self.team.size, self._drawn())
        batch = c.outline_batch if stage == "outline" else c.feature_batch
        peak = c.outline_rate if stage == "outline" else c.feature_rate
        falling = LAST_RATE + (1.0 - LAST_RATE) * 0.5 * (1.0 + math.cos(math.pi * done))
        rate = peak * falling * min(1.0, LAST_RATE + done / RISING)
        return self._ended(batch * self.team.size, self._repeated(batch, rate, features=stage == "features"))

    # -- recordings at their codes ---------------------------------------------------------------------------------

    def _tensors(self) -> Iterator[Tensor]:
        """Codec tensors of all recordings, in order, some at a time."""
        for samples in self.sampler.samples.split(CHUNK):
            yield self.config.codec.encode(samples.float() / 32767.0)

    @torch.no_grad()
    def take_codes(self, codes: Tensor | None) -> bool:
        """Begins with these codes (N, w_dim) where the network makes the recordings of them; else where the encoder
        puts the recordings. Returns whether it took them."""
        guesses = torch.cat([self.networks.encoder(x).float() for x in self._tensors()])
        if codes is not None and codes.shape == guesses.shape and self._missed(codes) < self._missed(guesses):
            self.mapping.codes.copy_(codes)
            return True
        self.mapping.codes.copy_(guesses)
        return False

    def _missed(self, codes: Tensor) -> float:
        """How far the network is from the first recordings, from codes of all."""
        x = next(self._tensors())
        return losses.multiscale_l1(x, self.networks.generator.synthesis(codes[: len(x), None].to(x))[0]).item()

    def go_on(self, seen: int) -> None:
        """Leaves what comes before statistics behind."""
        c = self.config
        self.progress.seen = max(seen, round(1000 * (c.outline_kimg + c.feature_kimg)))
        self.fit_prior()

    def _recorded(self, count: int) -> tuple[Tensor, Tensor]:
        """Codec tensors (B, 1, F, T) of some recordings, and which they are."""
        samples, _, index = map(self.team.part, self.sampler.real(count * self.team.size, self.rng))
        return self.config.codec.encode(samples), index

    def _at_codes(self, x: Tensor, index: Tensor) -> tuple[Tensor, Tensor, Tensor, Losses]:
        """What generator and codes make of recordings, as mean and gate; the loss, the encoder's own included."""
        c, n = self.config, self.networks
        codes = self.mapping.codes[index]
        with autocast(self.device):
            mean, gate = n.generator.synthesis(codes[:, None])
            guess = n.encoder.outline(x)
        variance = (gate * (RAYLEIGH_DB / c.generator.half_range_db)).square() + c.min_spread**2
        nll, l1 = losses.gaussian_nll(x, mean, variance), losses.multiscale_l1(x, mean)
        unit = self.mapping.codes.detach().square().mean()
        missed = (guess.float() - codes.detach()).square().mean() / unit
        loss = l1 + c.nll_weight * nll + c.code_weight * codes.square().sum(1).mean() + c.encoder_weight * missed
        out = {"nll": nll.item(), "l1": l1.item(), "gate": gate.mean().item(), "encoder": missed.item()}
        return mean, gate, loss, out

    def _repeated(self, batch: int, rate: float, features: bool) -> Losses:
        """A step on recordings at their codes, as they stand in the tensor and, with `features`, as they are heard."""
        x, index = self._recorded(batch)
        twin, eye = self.rng.clone_state(), self.eyes[self.turn]
        with torch.no_grad():
            maps = eye(x, self.rng) if features else []

        def objective() -> tuple[Tensor, Losses]:
            mean, gate, loss, out = self._at_codes(x, index)
            out["reconstruction"] = loss.item()
            if features:
                # The same random state: what the projector draws has to be alike for both.
                heard = eye(self._sounded(mean, gate), twin)
                apart = losses.feature_distance(heard, maps, self.team.mean(losses.feature_scales(maps)))
                loss, out["features"] = loss + self.config.feature_weight * apart, apart.item()
            return loss, out

        return self._descend(objective, rate)

    def _sounded(self, mean: Tensor, gate: Tensor) -> Tensor:
        """Codec tensors with a texture."""
        codec, g = self.config.codec, self.networks.generator
        whole = noise_field(codec.stft, len(mean) * self.team.size, mean.shape[-1], self.rng)
        return g.compose(mean, gate, self.team.part(whole)).clamp(-1.0, 1.0)

    # -- sounds between recordings ---------------------------------------------------------------------------------

    def _averages(self, eye: Projector, x: Tensor, rng: torch.Generator) -> list[Tensor]:
        """Features of codec tensors: means over the coarsest maps of a frozen network, (B, C) each."""
        return [m.float().mean((2, 3)) for m in eye(x, rng)[-self.config.statistics_maps :]]

    def _draw(self, count: int) -> tuple[Tensor, Tensor]:
        """w (B, w_dim) of the prior, and the categories (B,) that they were asked for."""
        labels = self.sampler.categories(count * self.team.size, self.rng)
        z = torch.randn(len(labels), self.config.generator.z_dim, generator=self.rng, device=self.device)
        labels = self.team.part(labels)
        return self.mapping(self.team.part(z), labels), labels

    def fit_prior(self) -> None:
        """Arranges the prior around the codes as they are."""
        self.mapping.arrange(self.rng)
        self._centre()
        self.progress.prior_fitted = True

    @torch.no_grad()
    def _usual_lines(self) -> LineLoss:
        """How far bins stand out in the recordings."""
        return LineLoss(x[:, 0] * self.config.generator.half_range_db for x in self._tensors())

    @torch.no_grad()
    def _surveyed(self, eye: Projector) -> Statistics:
        """What the recordings are like to a frozen network."""
        # A random state of its own, so that a resume, which comes here too, finds the same.
        rng = torch.Generator(self.device).manual_seed(self.config.seed)
        maps = [torch.cat(parts) for parts in zip(*(self._averages(eye, x, rng) for x in self._tensors()), strict=True)]
        sizes = [m.shape[1] for m in maps]
        return Statistics(torch.cat(maps, 1), self.sampler.labels, self.config.categories, self.config.queue, sizes)

    @torch.no_grad()
    def _fill(self, eye: Projector, statistics: Statistics) -> None:
        """The queue of drawn sounds, before the first step."""
        while not statistics.filled:
            w, labels = self._draw(CHUNK // self.team.size)
            sounded = self._sounded(*self.networks.generator.synthesis(w[:, None]))
            heard = torch.cat(self._averages(eye, sounded, self.rng), 1)
            statistics.push(self.team.gather(heard), self.team.gather(labels))

    def _drawn(self) -> Losses:
        """A step of statistics on drawn sounds, anchored by recordings at their codes."""
        c, n = self.config, self.networks
        if not self.progress.prior_fitted or self.progress.seen % ARRANGED < c.batch * self.team.size:
            self.fit_prior()
        if not self.statistics:
            self.statistics = [self._surveyed(eye) for eye in self.eyes]
            for each in zip(self.eyes, self.statistics, strict=True):
                self._fill(*each)
        if self.lines is None:
            self.lines = self._usual_lines()
        eye, statistics, lines = self.eyes[self.turn], self.statistics[self.turn], self.lines
        x, index = self._recorded(c.anchors)
        pushed: list[Tensor] = []
        shown: list[Tensor] = []

        def objective() -> tuple[Tensor, Losses]:
            w, labels = self._draw(c.batch - c.anchors)
            with autocast(self.device):
                mean, gate = n.generator.synthesis(w[:, None])
            heard = torch.cat(self._averages(eye, self._sounded(mean.float(), gate.float()), self.rng), 1)
            standing, now = lines(mean[:, 0].float() * c.generator.half_range_db)
            shown[:] = [now]
            pushed[:] = [self.team.gather(heard.detach()), self.team.gather(labels)]
            whole = pushed[0].clone()
            whole[self.team.rank :: self.team.size] = heard  # gradients reach this process's part
            frechet, pull, contrast = statistics.distances(whole, pushed[1])
            _, _, anchor, out = self._at_codes(x, index)
            # Gradients are averaged over the team, but each process holds only its own part of these.
            own = c.frechet_weight * frechet + c.category_weight * pull + c.contrast_weight * contrast
            own = own + c.line_weight / self.team.size * standing
            told = {"frechet": frechet.item() * len(whole) / c.queue, "category": pull.item()}
            told |= {"contrast": contrast.item(), "lines": standing.item()}
            return self.team.size * own + c.anchor_weight * anchor, out | told

        out = self._descend(objective, c.statistics_rate)
        statistics.push(*pushed)
        lines.remember(self.team.mean(*shown))
        return out

    # -- common --------------------------------------------------------------------------------------------------

    def _descend(self, objective: Objective, rate: float) -> Losses:
        """One step on an objective, its gradients averaged over the team."""
        optimiser = self.optimisers["all"]
        loss, out = self.averaging(objective)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.networks.generator.parameters(), CLIPPED)
        for group in optimiser.param_groups:
            group["lr"] = rate * group["share"]
        optimiser.step()
        return cast("Losses", out)

    def state(self) -> dict[str, Any]:
        drawn = {"statistics": [s.state() for s in self.statistics]} if self.statistics else {}
        return super().state() | drawn | ({"lines": self.lines.state()} if self.lines else {})

    def load(self, state: dict[str, Any]) -> None:
        super().load(state)
        self.statistics = [self._surveyed(eye) for eye in self.eyes] if "statistics" in state else []
        kept = state.get("statistics", [])
        for own, one in zip(self.statistics, [kept] if isinstance(kept, dict) else kept, strict=True):  # a dict: to 0.2
            own.load(one)
        self.lines = self._usual_lines() if "lines" in state else None
        if self.lines:
            self.lines.load(state["lines"])

    def _centre(self) -> None:
        """w_avg, the centre that truncation pulls to, is the mean code of each category."""
        self.networks.average.w_avg.copy_(self.mapping.centres(self.config.generator.categories))

    @torch.no_grad()
    def _average(self, images: int) -> None:
        """Exponential moving average of the generator."""
        weight = half_life_weight(images, self.config.ema_kimg, self.progress.seen)
        live, average = self.networks.generator.synthesis, self.networks.average.synthesis
        torch._foreach_lerp_(list(average.parameters()), list(live.parameters()), weight)
