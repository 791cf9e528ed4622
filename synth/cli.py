"""The command line: `python -m synth VERB`, also installed as `sonoform`.

Exit codes: 0 done, 1 stopped by something unforeseen, 2 wrong input (one line on stderr says what to do).
Heavy modules are imported by the verb that needs them, so `--help` and `models` answer at once.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from synth import cli_service
from synth.control.budget import USUAL_STEPS, Budget, spend
from synth.errors import SonoformError
from synth.patch import PHASES

FORMATS = ("wav", "flac", "ogg")


class Parser(argparse.ArgumentParser):
    """Its complaints are one line, like all others."""

    def error(self, message: str) -> NoReturn:
        raise SonoformError(f"{message} (see {self.prog} --help)")


def main(arguments: Sequence[str] | None = None) -> int:
    # Beside other programs, threads that wait by spinning take each other's turns. Read when torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        options = parser().parse_args(arguments)
        options.run(options)
    except SonoformError as error:
        print(f"sonoform: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("sonoform: stopped", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"sonoform: {error.strerror or error}: {error.filename or 'check disk space'}", file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    root = Parser(prog="sonoform", description="GANs of sound: render, train, publish, serve.")
    verbs = root.add_subparsers(metavar="VERB", required=True)
    for add in (
        _models,
        _render,
        _resynth,
        _encode,
        _prepare,
        _survey,
        _train,
        _train_encoder,
        _publish,
        _evaluate,
        _directions,
        _bench,
        _serve,
        _infer,
        _api,
        _report,
    ):
        add(verbs)
    return root


def _verb(verbs: Any, name: str, run: Any, text: str, *, report: bool = False) -> argparse.ArgumentParser:
    p: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)
    p.set_defaults(run=run)
    if report:
        p.add_argument("--json", action="store_true", help="print the report as JSON")
    return p


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 up, not {text}")
    return value


def _positive(text: str) -> float:
    value = float(text)
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number above 0, not {text}")
    return value


def _weight(text: str) -> float:
    value = float(text)
    if not 0.0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number from 0 up, not {text}")
    return value


def _show(options: argparse.Namespace, report: Any, lines: list[str]) -> None:
    print(json.dumps(report) if options.json else "\n".join(lines))


# -- models ------------------------------------------------------------------------------------------------------


def _models(verbs: Any) -> None:
    _verb(verbs, "models", run_models, "List the models there are.", report=True)


def run_models(options: argparse.Namespace) -> None:
    from synth.checkpoint import catalogue

    cards = catalogue().values()
    lines = [f"{c.id}\t{c.duration:.2f} s, {c.sample_rate} Hz\t{', '.join(c.categories)}" for c in cards]
    _show(options, [c.to_dict() for c in cards], lines or ["no models: publish one, or set SONOFORM_CHECKPOINTS"])


# -- render ------------------------------------------------------------------------------------------------------


def _render(verbs: Any) -> None:
    p = _verb(verbs, "render", run_render, "Render sounds to files.", report=True)
    p.add_argument("--model", help="model id (default: the patch's, or hits_scratches)")
    p.add_argument("--category", help="category (default: the model's first)")
    p.add_argument("--seed", type=int, help="first seed (default 0)")
    p.add_argument("--count", type=_count, default=1, help="how many sounds, of consecutive seeds (default 1)")
    p.add_argument("--patch", type=Path, help="JSON file, or a sound with an embedded patch, to start from")
    p.add_argument("--psi", type=float, help="truncation, 0..2")
    p.add_argument("--set", nargs="+", default=[], metavar="NAME=VALUE", dest="sliders", help="sliders, -5..5")
    p.add_argument("--phase", help=f"one of {', '.join(PHASES)}")
    p.add_argument("--lufs", type=float, help="integrated loudness, -60..0")
    p.add_argument("--format", choices=FORMATS, default="wav")
    p.add_argument("--device", default="auto", help="auto, cpu or cuda")
    p.add_argument("--out", type=Path, required=True, help="folder to write into")


def run_render(options: argparse.Namespace) -> None:
    from dataclasses import replace

    from synth.loading import load

    base = _patch(options)
    instrument = load(base.model, options.device)
    options.out.mkdir(parents=True, exist_ok=True)
    category = base.category or next(iter(instrument.card.categories), None)
    report = []
    for seed in range(base.seed, base.seed + options.count):
        sound = instrument.render(replace(base, category=category, seed=seed))
        path = options.out / f"{'-'.join(filter(None, (base.model, category, str(seed))))}.{options.format}"
        sound.save(path)
        report.append(str(path))
    _show(options, report, report)


def _patch(options: argparse.Namespace) -> Any:
    """The patch of --patch, or the default one, with what the other options change."""
    from synth.patch import Patch
    from synth.sound import Sound

    base = Patch()
    if options.patch is not None:
        if options.patch.suffix == ".json":
            try:
                base = Patch.from_json(options.patch.read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError) as error:
                raise SonoformError(f"{options.patch} cannot be read as a patch: name a JSON file") from error
        else:
            embedded = Sound.load(options.patch).patch
            if embedded is None:
                raise SonoformError(f"{options.patch} has no patch embedded: name a file that Sonoform exported")
            base = embedded
    named = {k: getattr(options, k) for k in ("model", "category", "seed", "psi", "phase", "lufs")}
    changes = {k: v for k, v in named.items() if v is not None}
    return Patch.from_json(base.to_dict() | changes | {"sliders": dict(base.sliders) | _sliders(options.sliders)})


def _sliders(pairs: Sequence[str]) -> dict[str, float]:
    sliders = {}
    for pair in pairs:
        name, equals, value = pair.rpartition("=")
        try:
            sliders[name] = float(value)
        except ValueError:
            equals = ""
        if not equals or not name:
            raise SonoformError(f"--set takes NAME=NUMBER, such as 'Dim 1=1.5', not {pair!r}")
    return sliders


# -- resynth -----------------------------------------------------------------------------------------------------


def _resynth(verbs: Any) -> None:
    p = _verb(verbs, "resynth", run_resynth, "Analyse a recording and put it back together.", report=True)
    p.add_argument("input", type=Path, metavar="IN")
    p.add_argument("output", type=Path, metavar="OUT")
    p.add_argument("--codec", default="GaussianLogSTFT", help="GaussianLogSTFT, LogMel, MelDecibels or Waveform")
    p.add_argument("--phase", default="pghi+gl", help=f"one of {', '.join(PHASES)}")


def run_resynth(options: argparse.Namespace) -> None:
    from synth.resynth import resynthesise
    from synth.sound import Sound

    sound, convergence = resynthesise(Sound.load(options.input), options.codec, options.phase)
    sound.save(options.output)
    report = {"file": str(options.output), "spectral_convergence_db": round(convergence, 2)}
    _show(options, report, [f"{options.output}: spectral convergence {convergence:.1f} dB"])


# -- encode ------------------------------------------------------------------------------------------------------


def _encode(verbs: Any) -> None:
    text = "Print a patch (JSON) that makes about the same sound as a recording, for render --patch or POST /infer."
    p = _verb(verbs, "encode", run_encode, text)
    p.add_argument("input", type=Path, metavar="IN", help="a WAV, FLAC, OGG or MP3 file of up to half an hour")
    p.add_argument("--model", required=True)
    p.add_argument("--category", help="category (default: the one that fits best)")
    p.add_argument("--start", type=_weight, metavar="S", help="where the part begins, s (default: where it is loudest)")
    p.add_argument("--steps", type=_steps, default=USUAL_STEPS, help=f"of a search, 0 for none (default {USUAL_STEPS})")
    p.add_argument("--device", default="auto", help="auto, cpu or cuda")


def _steps(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"must be a whole number from 0 up, not {text}")
    return value


def run_encode(options: argparse.Namespace) -> None:
    from synth.audio.part import chosen
    from synth.audio.recordings import read_recording
    from synth.style import StyleInstrument

    try:
        recording = read_recording(str(options.input), options.input.read_bytes())
    except OSError as error:
        raise SonoformError(f"{options.input} cannot be opened ({error.strerror}): check the path") from error
    instrument = StyleInstrument.load(options.model, options.device)
    part = chosen(recording, options.start, instrument.card.duration)
    patch = instrument.match(part, options.category)
    if options.steps:
        step = spend(Budget(steps=options.steps), instrument.refine(patch, part))
        patch = replace(patch, latent=tuple(step.ws.flatten().tolist()))
    print(patch.to_json())


# -- prepare -----------------------------------------------------------------------------------------------------


def _prepare(verbs: Any) -> None:
    p = _verb(verbs, "prepare", run_prepare, "Cut long recordings into the clips of a training folder.", report=True)
    p.add_argument("input", type=Path, metavar="IN", help="a recording, or a folder of them (sub-folders: categories)")
    p.add_argument("--seconds", type=_positive, required=True, help="length of a clip")
    p.add_argument("--out", type=Path, required=True, help="folder to make; it must be new or empty")
    p.add_argument("--mode", default="fixed", help="fixed: one clip after the other; onsets: one for each sound")
    p.add_argument("--overlap", type=_weight, default=0.0, help="fixed: share of a clip that the next repeats, 0..0.9")
    p.add_argument("--gap", type=_positive, help="onsets: least seconds from one to the next (default SECONDS / 4)")
    p.add_argument("--silence", type=_positive, default=40.0, help="dB below the loud parts to drop (default 40)")
    p.add_argument("--category", help="one category for all recordings (default: as the sub-folders are named)")


def run_prepare(options: argparse.Namespace) -> None:
    from synth.training.cutting import Cutting
    from synth.training.prepare import prepare

    cutting = Cutting(options.seconds, options.mode, options.overlap, options.gap, options.silence)
    with _bar("preparing") as bar:
        made = prepare(options.input, options.out, cutting, options.category, bar)
    lines = [f"{name}: {n['train']} clips, {n['valid']} more held out" for name, n in made.clips.items()]
    lines += [f"{made.recordings} recordings, {made.seconds_kept:.1f} s kept, {made.seconds_dropped:.1f} s dropped"]
    lines += [f"warning: {text}" for text in made.warnings]
    _show(options, made.to_dict(), [*lines, f"prepared {made.folder}"])


@contextmanager
def _bar(title: str) -> Iterator[Callable[[float, str], None]]:
    """A progress bar on stderr, where that is a terminal; it is told the part done, 0..1, and what is at hand."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn(title), BarColumn(), TimeRemainingColumn(), TextColumn("{task.fields[at]}", markup=False))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(title, total=1.0, at="")
        yield lambda part, at: progress.update(task, completed=part, at=at)


# -- survey ------------------------------------------------------------------------------------------------------


def _survey(verbs: Any) -> None:
    p = _verb(verbs, "survey", run_survey, "Look at a folder or zip of recordings before training.", report=True)
    p.add_argument("input", type=Path, metavar="IN", help="a folder with one sub-folder per category, or a zip of one")
    p.add_argument("--preset", default="hits_scratches", help="for the length and rate (default hits_scratches)")
    p.add_argument("--unpack", type=Path, metavar="DIR", help="keep what a zip holds in this new folder")


def run_survey(options: argparse.Namespace) -> None:
    import tempfile

    from synth.training.archive import unpack
    from synth.training.presets import preset
    from synth.training.survey import survey

    codec = preset(options.preset).codec
    if options.unpack and options.input.is_dir():
        raise SonoformError(f"{options.input} is a folder, not a zip: leave out --unpack")
    with tempfile.TemporaryDirectory() as temporary, _bar("listening") as bar:
        folder = options.input
        if folder.is_file():
            folder = unpack(folder, options.unpack or Path(temporary) / folder.stem)
        found = survey(folder, codec.sample_rate, codec.samples / codec.sample_rate, bar)
    _show(options, found.to_dict(), _survey_lines(found))


def _survey_lines(found: Any) -> list[str]:
    """A survey as a table, the files and the sentences."""
    from synth.training.tables import table

    rows = [[name, c.clips, f"{c.seconds:.1f}"] for name, c in found.categories.items()]
    lines = table(["category", "clips", "seconds"], [*rows, ["all", found.clips, f"{found.seconds:.1f}"]])
    files = [f"{n} {kind}" for kind, n in found.formats.items()] + [f"{n} at {r} Hz" for r, n in found.rates.items()]
    lines += [f"files: {', '.join(files)}"] if files else []
    return [*lines, *(f"cannot train: {t}" for t in found.blocking), *(f"warning: {t}" for t in found.warnings)]


# -- train -------------------------------------------------------------------------------------------------------


def _train(verbs: Any) -> None:
    p = _verb(verbs, "train", run_train, "Train a generator on a folder of recordings, one sub-folder a category.")
    p.add_argument("--preset", help="settings to start from (default hits_scratches)")
    p.add_argument("--data", type=Path, help="folder of recordings")
    p.add_argument("--out", type=Path, required=True, help="run folder, e.g. runs/mine")
    p.add_argument("--minutes", type=_positive, help="stop after so many minutes of this session")
    p.add_argument("--kimg", type=_positive, help="stop at so many thousand images")
    p.add_argument("--resume", action="store_true", help="go on with the run in --out, exactly where it stopped")
    p.add_argument("--yamnet", type=Path, help="YAMNet weights (safetensors): scores in its space")
    p.add_argument("--start", type=Path, help="checkpoint folder to begin with, for the same categories or others")
    p.add_argument("--set", nargs="+", default=[], metavar="NAME=VALUE", dest="settings", help="settings of the preset")
    p.add_argument("--threads", type=_count, help="CPU threads (default: all cores)")
    p.add_argument("--device", default="auto", help="auto, cpu or cuda")


def run_train(options: argparse.Namespace) -> None:
    import torch

    from synth.instrument import choose_device
    from synth.training.parallel import join, leave
    from synth.training.progress import Bar
    from synth.training.run import Run
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
    from synth.training.presets import TrainConfig, override, preset
    from synth.training.projectors import preferred
    from synth.training.run import Run
    from synth.training.transfer import settings_of

    if options.resume:
        if options.preset or options.data or options.start:
            raise SonoformError("a resumed run keeps its preset and data: leave out --preset, --data and --start")
        run = Run.open(options.out)
        with run.lock():
            run.change(options.settings)
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


# -- train-encoder -----------------------------------------------------------------------------------------------


def _train_encoder(verbs: Any) -> None:
    p = _verb(verbs, "train-encoder", run_train_encoder, "Train the encoder of a run: recordings -> latents.")
    p.add_argument("run_folder", type=Path, metavar="RUN")
    p.add_argument("--start", type=Path, help="a checkpoint folder, whose generator counts instead of the run's best")
    p.add_argument("--data", type=Path, help="with --start: the folder of recordings that it was trained on")
    p.add_argument("--minutes", type=_positive, help="stop after so many minutes, earlier sessions included")
    p.add_argument("--kimg", type=_positive, help="stop at so many thousand images")
    p.add_argument("--resume", action="store_true", help="go on with the encoder in RUN, exactly where it stopped")
    p.add_argument("--perceptual", type=_weight, metavar="W", help="weight of LPIPS; 0 does without it")
    p.add_argument("--install", type=Path, metavar="CHECKPOINT", help="put the encoder into this checkpoint when done")
    p.add_argument("--threads", type=_count, help="CPU threads (default: all cores)")
    p.add_argument("--device", default="auto", help="auto, cpu or cuda")


def run_train_encoder(options: argparse.Namespace) -> None:
    import torch

    from synth.instrument import choose_device
    from synth.training.encoder_run import EncoderTrainer, begun_encoder, encoder_run, replace_encoder
    from synth.training.progress import Bar
    from synth.training.run import Run
    from synth.training.trainer import Budget

    if options.minutes is None and options.kimg is None:
        raise SonoformError("say when to stop: add --minutes M or --kimg K")
    if options.resume and (options.start or options.data or options.perceptual is not None):
        raise SonoformError(
            "a resumed encoder keeps its generator, data and weights: leave out --start, --data and --perceptual"
        )
    if (options.start is None) != (options.data is None):
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
            trainer = EncoderTrainer.resume(run, device=device, report=bar)
        if not trainer.train(Budget(options.minutes, options.kimg)):
            print(f"stopped: train-encoder {run.folder} --resume goes on")
            return
        figures = trainer.figures()
    if options.install:
        replace_encoder(options.install, run)
    print("\n".join(f"{name:20} {value}" for name, value in figures.items()))


def _encoder_parts(options: argparse.Namespace, run: Any) -> tuple[Any, Any]:
    """What a new encoder is trained against, and its settings."""
    from synth.training.encoder_run import Frozen
    from synth.training.inversion import InversionConfig

    settings = {} if options.perceptual is None else {"perceptual_weight": options.perceptual}
    if options.start:
        return Frozen.of_checkpoint(options.start, options.data), InversionConfig(**settings)
    return Frozen.of_run(run), InversionConfig(**settings)


# -- publish -----------------------------------------------------------------------------------------------------


def _publish(verbs: Any) -> None:
    p = _verb(verbs, "publish", run_publish, "Turn a run into a checkpoint that every page lists.", report=True)
    p.add_argument("run_folder", type=Path, metavar="RUN")
    p.add_argument("--id", required=True, dest="model", help="model id, e.g. my_drums")
    p.add_argument("--title", help="name shown to people (default: from the id)")
    p.add_argument("--newest", action="store_true", help="the newest state instead of the best by FAD")


def run_publish(options: argparse.Namespace) -> None:
    from synth.training.publish import publish
    from synth.training.run import Run

    folder = publish(Run.open(options.run_folder), options.model, title=options.title, newest=options.newest)
    _show(options, {"folder": str(folder)}, [f"published to {folder}"])


# -- evaluate ----------------------------------------------------------------------------------------------------


def _evaluate(verbs: Any) -> None:
    p = _verb(verbs, "evaluate", run_evaluate, "Score a model against the valid split of a data folder.", report=True)
    p.add_argument("--model", required=True)
    p.add_argument("--data", type=Path, required=True)
    p.add_argument("--count", type=_count, default=512, help="sounds to draw (default 512)")
    p.add_argument("--yamnet", type=Path, help="YAMNet weights (safetensors), to score in its space too")
    p.add_argument("--update-card", action="store_true", help="write the figures into the model's card")


def run_evaluate(options: argparse.Namespace) -> None:
    from synth.training.evaluate import evaluate
    from synth.training.tables import plain

    report = evaluate(options.model, options.data, options.count, options.yamnet, update=options.update_card)
    _show(options, report, plain(report))


# -- directions --------------------------------------------------------------------------------------------------


def _directions(verbs: Any) -> None:
    text = "Find a model's semantic sliders in two ways, and measure how straight they are."
    p = _verb(verbs, "directions", run_directions, text, report=True)
    p.add_argument("--model", required=True)
    p.add_argument("--count", type=_count, default=64, help="seeds to measure on (default 64)")
    p.add_argument("--orthogonal", action="store_true", help="put the prototypes' directions at right angles")
    p.add_argument("--update-card", action="store_true", help="install the better of each slider in the model")


def run_directions(options: argparse.Namespace) -> None:
    from synth.training.semantic import semantic_directions
    from synth.training.tables import linearity

    report = semantic_directions(
        options.model, options.count, orthogonal=options.orthogonal, update=options.update_card
    )
    _show(options, report, linearity(report))


# -- bench -------------------------------------------------------------------------------------------------------


def _bench(verbs: Any) -> None:
    p = _verb(verbs, "bench", run_bench, "Print this machine's latencies from patch to sound.", report=True)
    p.add_argument("--model", help="model id (default: the first)")
    p.add_argument("--count", type=_count, default=30, help="renders to time (default 30)")
    p.add_argument("--device", default="auto")


def run_bench(options: argparse.Namespace) -> None:
    from synth.bench import latencies

    report = latencies(options.model, options.count, options.device)
    _show(options, report, [f"{name:20} {value} ms" for name, value in report.items()])


# -- serve -------------------------------------------------------------------------------------------------------


def _serve(verbs: Any) -> None:
    p = _verb(verbs, "serve", run_serve, "Start the web app with the HTTP API.")
    p.add_argument("--port", type=int, default=8501)
    p.add_argument("--address", default="127.0.0.1")


def run_serve(options: argparse.Namespace) -> None:
    import subprocess

    cli_service.check_port(options.address, options.port)
    launcher = Path(__file__).resolve().parent.parent / "streamlit_app.py"
    command = [sys.executable, "-m", "streamlit", "run", str(launcher)]
    command += ["--server.port", str(options.port), "--server.address", options.address]
    code = subprocess.run(command, check=False).returncode
    if code:
        raise SonoformError(f"the web app stopped with code {code}: see its last lines above")


# -- infer, api, report ------------------------------------------------------------------------------------------


def _infer(verbs: Any) -> None:
    cli_service.infer_options(_verb(verbs, "infer", run_infer, "Make one sound, of a new seed each time.", report=True))


def run_infer(options: argparse.Namespace) -> None:
    _show(options, *cli_service.infer(options))


def _api(verbs: Any) -> None:
    cli_service.api_options(
        _verb(verbs, "api", cli_service.run_api, "Start the web API: /infer /train /status /config.")
    )


def _report(verbs: Any) -> None:
    p = _verb(verbs, "report", run_report, "Write RUN/report.html: curves, pictures, sounds, settings.", report=True)
    p.add_argument("run_folder", type=Path, metavar="RUN")


def run_report(options: argparse.Namespace) -> None:
    _show(options, *cli_service.report(options))
