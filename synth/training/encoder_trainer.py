"""The training of an encoder on disk: `runs/NAME/encoder/`, for a run's own networks or a published checkpoint's.

`frozen/` holds what it is trained against, written once: a run may go on meanwhile without changing it. `state/` holds
everything an exact resume needs, and `metrics.jsonl` a line of mean losses every so many images.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from synth.checkpoint.store import CARD, Card, load_card, rewriting, sha256, verify
from synth.errors import CheckpointError, DataError, RunError
from synth.latents.inversion import encode
from synth.models.encoder import Inverter
from synth.models.perceptual import Perceptual
from synth.models.stylegan2 import Generator
from synth.models.weights import read_weights
from synth.recipes.gan_presets import GanConfig
from synth.recipes.presets import TrainConfig
from synth.recordings.dataset import BatchSampler, category_names, load_clips, scan
from synth.recordings.listing import digest
from synth.runs.run import Run
from synth.runs.state import has_state, load_state, save_state
from synth.scoring.reconstruction import likeness, make
from synth.training.encoder_learner import MAX_SKIPPED, InversionConfig, InversionLearner
from synth.training.stop import stop_on_signal
from synth.training.trainer import SAVE_SECONDS, Budget, Report, Tick, crossed

TICK_KIMG = 0.5
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Frozen:
    """What an encoder is trained against: settings, data, the generator's weights and those that the encoder begins
    from, an Encoder's or an Inverter's.
    """

    config: TrainConfig
    data: Path
    categories: tuple[str, ...]
    generator: Mapping[str, Tensor]
    encoder: Mapping[str, Tensor]
    digest: str = ""  # of the recordings, where it is known

    @classmethod
    def of_run(cls, run: Run) -> Frozen:
        """A run's best networks, or its newest where none were scored; raises RunError if there are none yet."""
        if not run.config_path.exists():
            raise RunError(f"{run.folder} holds no run: name one, or add --start CHECKPOINT --data DIR")
        config, data, categories = run.settings()
        if isinstance(config, GanConfig):
            raise RunError(f"{run.folder} trains a {config.family}, which has no latent space that sounds are put into")
        best, newest = load_state(run.best, CPU), load_state(run.state, CPU)
        if best is not None:
            networks = best["networks"]
        elif newest is not None and newest["learner"]["progress"]["prior_fitted"]:
            networks = newest["learner"]["networks"]
        else:
            raise RunError(
                f"{run.folder} cannot make sounds yet: train until the phase of statistics begins, then its encoder"
            )
        return cls(config, data, categories, _within(networks, "average."), _within(networks, "encoder."))

    @classmethod
    def of_checkpoint(cls, folder: Path, data: Path) -> Frozen:
        """A published model, with the recordings it was trained on; raises CheckpointError if it has no encoder."""
        card = verify(folder)
        try:
            config = TrainConfig.from_dict(card.training["settings"])
            generator, encoder = (read_weights(folder / f"{n}.safetensors") for n in ("generator", "encoder"))
        except (KeyError, OSError, SafetensorError) as error:
            raise CheckpointError(f"{folder} has no encoder to begin from: name another checkpoint") from error
        return cls(config, Path(data).resolve(), card.categories, generator, encoder)

    @classmethod
    def load(cls, folder: Path) -> Frozen:
        """Raises RunError if `folder` holds none."""
        saved = load_state(folder, CPU)
        if saved is None:
            raise RunError(f"{folder} holds nothing that an encoder was trained against: start without --resume")
        config = TrainConfig.from_dict(json.loads(saved["config"]))
        parts = (tuple(saved["categories"]), saved["generator"], saved["encoder"], saved.get("digest", ""))
        return cls(config, Path(saved["data"]), *parts)

    def save(self, folder: Path) -> None:
        saved = {
            "config": json.dumps(self.config.to_dict()),
            "data": str(self.data),
            "categories": list(self.categories),
            "generator": dict(self.generator),
            "encoder": dict(self.encoder),
            "digest": self.digest or digest(self.data, scan(self.data, self.config.codec.sample_rate)),
        }
        save_state(folder, saved)

    def moved(self, data: Path) -> Frozen:
        """The same, with its recordings in another folder; raises DataError where that holds others."""
        entries = scan(data, self.config.codec.sample_rate)
        known = self.digest == digest(data, entries) if self.digest else category_names(entries) == self.categories
        if not known or sum(e.split == "train" for e in entries) != self.config.clips:
            raise DataError(f"{data} does not hold the recordings of this encoder: name the folder that does")
        return replace(self, data=data.resolve())

    def networks(self) -> tuple[Generator, Inverter]:
        """The generator and an encoder that has learnt nothing new yet."""
        torch.manual_seed(self.config.seed)
        generator = Generator(self.config.generator)
        try:
            generator.load_state_dict(dict(self.generator))
            return generator, Inverter.build(self.encoder, self.config.codec.shape[1:], self.config.generator.num_ws)
        except (KeyError, RuntimeError) as error:
            raise RunError("these networks are of another version: train them anew, then their encoder") from error


class EncoderTrainer:
    """Trains the encoder of a run until its budget is spent or it is asked to stop.

    The budget's minutes and images are those of the encoder's whole training, over all sessions: the rate falls by
    how much of it is spent.
    """

    def __init__(self, run: Run, frozen: Frozen, settings: InversionConfig, device: torch.device, report: Report):
        self.run, self.report, self.data = encoder_run(run), report, frozen.data
        self.settings = settings
        config = frozen.config
        if not frozen.data.is_dir():
            raise RunError(
                f"{frozen.data}, where the recordings were, is gone: add --data DIR to --resume to say where they are"
            )
        clips = load_clips(frozen.data, "train", config.codec.sample_rate, config.codec.samples)
        clips = clips.called(frozen.categories)
        if clips.categories != frozen.categories:
            raise DataError(f"{frozen.data} has other categories than the model: name the data it was trained on")
        sampler = BatchSampler(clips, device, config.balance, settings.jitter, settings.semitones)
        perceptual = Perceptual.load().to(device) if self.settings.perceptual_weight > 0 else None
        generator, inverter = frozen.networks()
        self.learner = InversionLearner(self.settings, config, generator, inverter, sampler, perceptual)
        self.seconds = 0.0
        self.tick = Tick()

    @classmethod
    def begin(
        cls, run: Run, frozen: Frozen, settings: InversionConfig, *, device: torch.device, report: Report = print
    ) -> EncoderTrainer:
        """A training from the start; raises RunError if the run holds one already."""
        own = encoder_run(run)
        if has_state(own.state):
            raise RunError(f"{own.folder} holds an encoder already: add --resume to go on, or delete that folder")
        trainer = cls(run, frozen, settings, device, report)
        frozen.save(own.folder / "frozen")
        trainer.save()
        return trainer

    @classmethod
    def resume(
        cls, run: Run, *, device: torch.device, report: Report = print, data: Path | None = None
    ) -> EncoderTrainer:
        """Goes on from the last good state, under the settings it began with; raises RunError if there is none.

        data: where the recordings are now, if they have moved; raises DataError where these are others.
        """
        own = begun_encoder(run)
        state = load_state(own.state, device)
        assert state is not None
        frozen = Frozen.load(own.folder / "frozen")
        if data is not None:
            frozen = frozen.moved(data)
            frozen.save(own.folder / "frozen")
        trainer = cls(run, frozen, InversionConfig(**state["settings"]), device, report)
        trainer.learner.load(state["learner"])
        trainer.seconds, trainer.tick = state["seconds"], Tick(state["tick"])
        own.forget_after(trainer.learner.seen.images)
        return trainer

    def save(self) -> None:
        state = {
            "settings": asdict(self.settings),
            "learner": self.learner.state(),
            "seconds": self.seconds,
            "tick": self.tick.sums,
        }
        save_state(self.run.state, state)

    def figures(self) -> dict[str, float]:
        """How well the valid split is made again, as `Likeness` has it."""
        learner, config = self.learner, self.learner.model
        clips = load_clips(self.data, "valid", config.codec.sample_rate, config.codec.samples)
        x = config.codec.encode(clips.waveforms().to(learner.device))
        ws = torch.cat([encode(learner.generator, learner.inverter, part) for part in x.split(16)])
        perceptual = learner.perceptual or Perceptual.load().to(learner.device)
        found = asdict(likeness(config, *make(learner.generator, config, ws, seed=0), x, perceptual))
        return {k: round(v, 4) for k, v in found.items()}

    def train(self, budget: Budget) -> bool:
        """Steps until the budget is spent or a SIGTERM or SIGINT arrives; saves, then returns whether it is spent."""
        with stop_on_signal() as asked:
            saved = time.monotonic()
            while not asked.is_set() and not budget.spent(self.seconds, self.learner.seen.images):
                self._step(budget)
                if time.monotonic() - saved > SAVE_SECONDS:
                    self.save()
                    saved = time.monotonic()
            self.save()
        return budget.spent(self.seconds, self.learner.seen.images)

    def _step(self, budget: Budget) -> None:
        begun, before = time.monotonic(), self.learner.seen.images
        part = budget.part(self.seconds, before, 0)
        try:
            self.tick.add(self.learner.step(part))
        except FloatingPointError as error:
            raise RunError(
                f"the encoder's loss was not a number {MAX_SKIPPED} times in a row: look for damaged recordings, then "
                "--resume; the last good state is kept"
            ) from error
        seconds = time.monotonic() - begun
        self.seconds += seconds
        seen = self.learner.seen.images
        if crossed(before, seen, TICK_KIMG):
            self._write_tick(part, (seen - before) / seconds)

    def _write_tick(self, part: float, images_per_second: float) -> None:
        line = {
            "step": self.learner.seen.steps,
            "seen": self.learner.seen.images,
            "phase": self.learner.stage(part),
            "images_per_second": round(images_per_second, 2),
            "wall_minutes": round(self.seconds / 60.0, 4),
            **{k: round(v, 5) for k, v in self.tick.means().items()},
        }
        self.tick = Tick()
        self.run.log(line)
        left = self.seconds * (1.0 - part) / part if part > 0 else None
        self.report(line | {"part": part, "seconds_left": left})


def encoder_run(run: Run) -> Run:
    """Where a run keeps its encoder: paths of the same names, one folder down."""
    own = Run(run.folder / "encoder")
    own.folder.mkdir(parents=True, exist_ok=True)
    return own


def begun_encoder(run: Run) -> Run:
    """The same of a run whose encoder is in training already; raises RunError if it is not."""
    if not has_state(run.folder / "encoder" / "state"):
        raise RunError(f"{run.folder} holds no encoder in training: start without --resume")
    return encoder_run(run)


def trained_encoder(run: Run, generator: Mapping[str, Tensor]) -> dict[str, Tensor] | None:
    """Weights of the Inverter trained in `run` against exactly these of a generator; None if there is none."""
    own = run.folder / "encoder"
    state, frozen = load_state(own / "state", CPU), load_state(own / "frozen", CPU)
    if state is None or frozen is None or not _same(frozen["generator"], generator):
        return None
    weights: dict[str, Tensor] = state["learner"]["inverter"]
    return weights


def replace_encoder(folder: Path, run: Run) -> Card:
    """Puts the encoder trained in `run` into a published checkpoint; the rest, its figures too, stays as it is.

    Raises RunError if the run has no encoder for the checkpoint's generator, or the disk is full.
    """
    verify(folder)
    weights = trained_encoder(run, read_weights(folder / "generator.safetensors"))
    if weights is None:
        raise RunError(f"{run.folder} holds no encoder of this version of {folder}: train one with --start {folder}")
    try:
        with rewriting(folder) as staged:
            save_file({k: v.half().contiguous() for k, v in weights.items()}, staged / "encoder.safetensors")
            card = load_card(folder)
            files = dict(card.files) | {"encoder.safetensors": sha256(staged / "encoder.safetensors")}
            card = replace(card, files=files)
            (staged / CARD).write_text(json.dumps(card.to_dict(), indent=1) + "\n", encoding="utf-8")
    except (OSError, SafetensorError) as error:
        raise RunError(f"{folder} could not be rewritten ({error}): free some disk space; it is as it was") from error
    return card


def _within(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}


def _same(a: Mapping[str, Tensor], b: Mapping[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k].cpu().float(), b[k].cpu().float()) for k in a)
