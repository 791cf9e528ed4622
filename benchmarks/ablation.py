"""What each part of the training recipe is worth: variants at equal CPU time, from the same warm start and seed.

    python -m benchmarks.ablation --data DIR --yamnet FILE [--outline-kimg 20] [--cpu-minutes 3] [--warm-start FILE]
                                  [--only NAME ...]

One warm start (profiles alone, as a variational autoencoder) serves every variant whose profiles have the same sizes;
then each trains for the same CPU time of one thread, measured by the process clock so that a busy machine does not
change the result. Scores are of sounds drawn from the prior, on the valid split, in two embedding spaces: through one
of them some variants have learned, the other is new to all.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from synth.training.dataset import BatchSampler, Clips, load_clips
from synth.training.embedders import load_embedder
from synth.training.metrics import Yardstick
from synth.training.presets import TrainConfig, preset
from synth.training.projectors import load_projector
from synth.training.snapshot import as_frequent, generate, to_sounds
from synth.training.steps import Learner

CPU = torch.device("cpu")
SEED = 4242

# Each differs from RECIPE in what its name says. "phase" is where training goes on from the warm start.
RECIPE: dict[str, Any] = {
    "phase": "adversarial",
    "projector": "yamnet",
    "adversarial_weight": 0.1,
    "category_weight": 0.1,
    "feature_weight": 1.0,
}
VARIANTS: dict[str, dict[str, Any]] = {
    "warm start alone": {"phase": "none"},
    "plain: discriminator from scratch": {"projector": "none"},
    "plain, R1 x 10": {"projector": "none", "r1_gamma": 10.0},
    "plain, R1 / 10": {"projector": "none", "r1_gamma": 0.1},
    "plain, R1 every 4 steps": {"projector": "none", "r1_interval": 4},
    "heads on YAMNet, no feature matching": {"feature_weight": 0.0},
    "heads on AlexNet, no feature matching": {"projector": "alexnet", "feature_weight": 0.0},
    "heads on YAMNet, feature matching (the recipe)": {},
    "heads on AlexNet, feature matching": {"projector": "alexnet"},
    "reconstruction alone": {"phase": "reconstruct", "projector": "none"},
    "reconstruction, features of YAMNet": {"phase": "reconstruct"},
    "reconstruction, features of AlexNet": {"phase": "reconstruct", "projector": "alexnet"},
    "feature matching x 3": {"feature_weight": 3.0},
    "no loss of the category": {"category_weight": 0.0},
    "adversarial weight x 3": {"adversarial_weight": 0.3},
    "generator rate x 2": {"generator_rate": 2e-3},
    "generator rate / 2": {"generator_rate": 5e-4},
    "discriminator rate / 4": {"discriminator_rate": 2.5e-4},
    "batch 4": {"batch": 4},
    "batch 16": {"batch": 16},
    "natural sampling": {"balance": 0.0},
    "fully balanced sampling": {"balance": 1.0},
    "no augmentation": {"augment_target": 1.1},
    "augmentation at a fixed 0.2": {"augment_start": 0.2, "augment_kimg": 1e9},
    "strong augmentation from the start": {"augment_start": 0.4},
    "wider (256-256-256-128-96)": {"widths": (256, 256, 256, 128, 96)},
    "narrower (128-128-96-64-48)": {"widths": (128, 128, 96, 64, 48)},
}


class Bench:
    """Data, yardsticks and the warm start, made once."""

    def __init__(self, data: Path, yamnet: Path, kimg: float, minutes: float, sounds: int, kept: Path | None = None):
        self.yamnet, self.kimg, self.minutes, self.sounds = yamnet, kimg, minutes, sounds
        self.base = replace(preset("hits_scratches"), outline_kimg=kimg)
        codec = self.base.codec
        self.train, self.valid = (load_clips(data, s, codec.sample_rate, codec.samples) for s in ("train", "valid"))
        sizes = {"categories": len(self.train.categories), "clips": len(self.train.labels)}
        self.base = replace(self.base, generator=replace(self.base.generator, **sizes))
        self.yardsticks = [
            Yardstick.of(load_embedder(weights), self.train, self.valid, codec.sample_rate)
            for weights in (yamnet, None)
        ]
        self.warm = torch.load(kept) if kept and kept.exists() else self._warm_start()
        if kept:
            torch.save(self.warm, kept)

    def learner(self, config: TrainConfig) -> Learner:
        clips: Clips = self.train
        sampler = BatchSampler(clips, CPU, config.balance, config.jitter, config.semitones)
        return Learner(config, sampler, load_projector(config.projector, config.codec, self.yamnet, CPU), CPU)

    def _warm_start(self) -> dict[str, torch.Tensor]:
        learner = self.learner(replace(self.base, projector="none"))
        while learner.phase == "outline":
            learner.step()
        learner.fit_prior()
        return copy.deepcopy(learner.networks.state_dict())

    def run(self, name: str, changes: dict[str, Any]) -> str:
        settings = RECIPE | changes
        phase = settings.pop("phase")
        start = settings.pop("augment_start", 0.0)
        widths = settings.pop("widths", self.base.generator.widths)
        config = replace(self.base, generator=replace(self.base.generator, widths=widths), **settings)
        # Every variant stays in its phase for as long as it lasts.
        config = replace(config, reconstruction_kimg=1e6 if phase == "reconstruct" else 0.0)
        learner = self.learner(config)
        self._take_warm_start(learner)
        learner.progress.augment = start
        begun, seen = time.process_time(), learner.progress.seen
        while phase != "none" and time.process_time() - begun < 60.0 * self.minutes:
            learner.step()
        if phase == "reconstruct":
            learner.fit_prior()
        return self._row(name, learner, learner.progress.seen - seen)

    def _take_warm_start(self, learner: Learner) -> None:
        own = learner.networks.state_dict()
        # What has other sizes (convolutions, discriminator) has not been trained by the warm start: it begins anew.
        same = {k: v for k, v in self.warm.items() if k in own and own[k].shape == v.shape}
        learner.networks.load_state_dict(own | same)
        learner.progress.seen = round(1000.0 * self.kimg)
        learner.progress.prior_fitted = True

    def _row(self, name: str, learner: Learner, seen: int) -> str:
        labels = as_frequent(self.valid.labels, self.sounds)
        average = learner.networks.average
        sounds = to_sounds(learner.config, generate(average, learner.config, labels, SEED))
        scores = [y.score(sounds, labels.numpy()) for y in self.yardsticks]
        figures = [f"{s.fad:.2f} | {s.hit_rate:.2f}" for s in scores]
        return f"| {name} | {seen / 1000:.1f} | {' | '.join(figures)} |"


def main(argv: list[str] | None = None, report: Callable[[str], None] = print) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--yamnet", type=Path, required=True)
    parser.add_argument("--outline-kimg", type=float, default=20.0)
    parser.add_argument("--cpu-minutes", type=float, default=3.0)
    parser.add_argument("--sounds", type=int, default=256)
    parser.add_argument("--warm-start", type=Path, help="keep the warm start here, and take it from here if it exists")
    parser.add_argument("--only", nargs="+", choices=sorted(VARIANTS), help="these variants instead of all")
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    bench = Bench(
        options.data, options.yamnet, options.outline_kimg, options.cpu_minutes, options.sounds, options.warm_start
    )
    report("| variant | thousand images | FAD-YAMNet | hit rate | FAD-AlexNet | hit rate |\n|---|---|---|---|---|---|")
    for name in options.only or VARIANTS:
        report(bench.run(name, VARIANTS[name]))


if __name__ == "__main__":
    main()
