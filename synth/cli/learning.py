"""`train`, `train-encoder`: a run.

Heavy modules are imported by the verb that needs them.
"""

from __future__ import annotations

import argparse
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from synth.cli.options import count, positive, verb, weight
from synth.errors import SonoformError

# -- train ------------------------------------------------------------------------------------------------------------


def add_train(verbs: Any) -> None:
    p = verb(verbs, "train", run_train, "Train a generator on a folder of recordings, one sub-folder a category.")
    p.add_argument("--preset", help="settings to start from (default hits_scratches)")
    p.add_argument("--data", type=Path, help="folder of recordings; with --resume: where they are now")
    p.add_argument("--out", type=Path, required=True, help="run folder, e.g. runs/mine")
    p.add_argument("--minutes", type=positive, help="stop after so many minutes of this session")
    p.add_argument("--kimg", type=positive, help="stop at so many thousand images")
    p.add_argument("--resume", action="store_true", help="go on with the run in --out, exactly where it stopped")
    p.add_argument("--yamnet", type=Path, help="YAMNet weights (safetensors): scores in its space")
    p.add_argument("--start", type=Path, help="checkpoint folder to begin with, for the same categories or others")
    p.add_argument("--set", nargs="+", default=[], metavar="NAME=VALUE", dest="settings", help="settings of the preset")
    p.add_argument("--threads", type=count, help="CPU threads (default: all cores)")
    p.add_argument("--device", default="auto", help="auto, cpu or cuda")
    p.add_argument("--check", action="store_true", help="say what is wrong with --preset, --set and --data, and end")


def run_train(options: argparse.Namespace) -> None:
    if options.check:
        _check(options)
    else:
        _run(options)


def _check(options: argparse.Namespace) -> None:
    """Raises SonoformError for what a new run would end with at its start."""
    from synth.recipes.presets import override, preset
    from synth.recordings.dataset import scan

    config = override(preset(options.preset or "hits_scratches"), options.settings)
    if options.data is not None:
        scan(options.data, config.codec.sample_rate)


def _run(options: argparse.Namespace) -> None:
    import torch

    from synth.cli.progress import Bar
    from synth.instruments.instrument import choose_device
    from synth.runs.run import Run
    from synth.training.parallel import join, leave
    from synth.training.trainer import Budget, Trainer

    if options.minutes is None and options.kimg is None:
        raise SonoformError("say when to stop: add --minutes M or --kimg K")
    if options.threads:
        torch.set_num_threads(options.threads)
    team, device = join(choose_device(options.device))
    run = _run_of(options) if team.leads else None
    team.wait()  # for the leader to have made the run
    run = run or Run.open(options.out)
    with run.lock() if team.leads else nullcontext(), Bar() if team.leads else nullcontext(_silent) as report:
        trainer = Trainer(run, device=device, yamnet=options.yamnet, report=report, team=team)
        if options.start:
            trainer.start_from(options.start)
        trainer.resume()
        trainer.train(Budget(options.minutes, options.kimg))
    leave()


def _run_of(options: argparse.Namespace) -> Any:
    """The run that is begun or taken up, under the settings asked for."""
    from synth.recipes.presets import TrainConfig, override, preset
    from synth.runs.run import Run
    from synth.training.projectors import preferred
    from synth.training.start import settings_of

    if options.resume:
        if options.preset or options.start:
            raise SonoformError("a resumed run keeps its preset and its start: leave out --preset and --start")
        run = Run.open(options.out)
        with run.lock():
            run.change(options.settings, options.data)
        return run
    if options.data is None:
        raise SonoformError("name the folder of recordings: add --data DIR")
    from_start = options.start and not options.preset
    config = settings_of(options.start) if from_start else preset(options.preset or "hits_scratches")
    if isinstance(config, TrainConfig):
        config = replace(config, projector=preferred(config.codec, options.yamnet))
    return Run.create(options.out, override(config, options.settings), options.data)


def _silent(_line: dict[str, Any]) -> None:
    """The report of those who do not lead."""


# -- train-encoder ----------------------------------------------------------------------------------------------------


def add_train_encoder(verbs: Any) -> None:
    p = verb(verbs, "train-encoder", run_train_encoder, "Train the encoder of a run: recordings -> latents.")
    p.add_argument("run_folder", type=Path, metavar="RUN")
    p.add_argument("--start", type=Path, help="a checkpoint folder, whose generator counts instead of the run's best")
    p.add_argument(
        "--data",
        type=Path,
        help="with --start: the recordings that it was trained on; with --resume: where they are now",
    )
    p.add_argument("--minutes-in-all", type=positive, help="stop after so many minutes, earlier sessions included")
    p.add_argument("--kimg", type=positive, help="stop at so many thousand images")
    p.add_argument("--resume", action="store_true", help="go on with the encoder in RUN, exactly where it stopped")
    p.add_argument("--perceptual", type=weight, metavar="W", help="weight of LPIPS; 0 does without it")
    p.add_argument("--install", type=Path, metavar="CHECKPOINT", help="put the encoder into this checkpoint when done")
    p.add_argument("--threads", type=count, help="CPU threads (default: all cores)")
    p.add_argument("--device", default="auto", help="auto, cpu or cuda")


def run_train_encoder(options: argparse.Namespace) -> None:
    import torch

    from synth.cli.progress import Bar
    from synth.instruments.instrument import choose_device
    from synth.runs.run import Run
    from synth.training.encoder_trainer import EncoderTrainer, begun_encoder, encoder_run, replace_encoder
    from synth.training.trainer import Budget

    if options.minutes_in_all is None and options.kimg is None:
        raise SonoformError("say when to stop: add --minutes-in-all M or --kimg K")
    if options.resume and (options.start or options.perceptual is not None):
        raise SonoformError("a resumed encoder keeps its generator and weights: leave out --start and --perceptual")
    if not options.resume and (options.start is None) != (options.data is None):
        raise SonoformError("--start and --data go together: a checkpoint, and the recordings it was trained on")
    if options.threads:
        torch.set_num_threads(options.threads)
    device = choose_device(options.device)
    run = Run(options.run_folder)
    parts = None if options.resume else _encoder_parts(options, run)
    with (encoder_run(run) if parts else begun_encoder(run)).lock(), Bar() as bar:
        if parts:
            trainer = EncoderTrainer.begin(run, *parts, device=device, report=bar)
        else:
            trainer = EncoderTrainer.resume(run, device=device, report=bar, data=options.data)
        if not trainer.train(Budget(options.minutes_in_all, options.kimg)):
            print(f"stopped: train-encoder {run.folder} --resume goes on")
            return
        figures = trainer.figures()
    if options.install:
        replace_encoder(options.install, run)
    print("\n".join(f"{name:20} {value}" for name, value in figures.items()))


def _encoder_parts(options: argparse.Namespace, run: Any) -> tuple[Any, Any]:
    """What a new encoder is trained against, and its settings."""
    from synth.training.encoder_learner import InversionConfig
    from synth.training.encoder_trainer import Frozen

    settings = {} if options.perceptual is None else {"perceptual_weight": options.perceptual}
    if options.start:
        return Frozen.of_checkpoint(options.start, options.data), InversionConfig(**settings)
    return Frozen.of_run(run), InversionConfig(**settings)
