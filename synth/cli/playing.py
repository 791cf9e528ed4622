"""`models`, `render`, `resynth`, `encode`, `bench`: what plays a model or a codec.

Heavy modules are imported by the verb that needs them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from synth import paths
from synth.choices import EXPORT_RATES, INSTRUMENT, PHASES, SEARCHES, SUBTYPES, USUAL_STEPS
from synth.cli.options import count, show, steps, tell, verb, weight
from synth.errors import SonoformError
from synth.latents.budget import Budget, spend

NO_MODELS = "no models in {}: take some in with `sonoform models --install PATH`, or publish a run"

# -- models -----------------------------------------------------------------------------------------------------------


def add_models(verbs: Any) -> None:
    p = verb(verbs, "models", run_models, "List the models there are.", report=True)
    p.add_argument("--install", type=Path, metavar="PATH", help="first take in those of this folder, or zip of one")


def run_models(options: argparse.Namespace) -> None:
    from synth.checkpoint.store import catalogue

    if options.install:
        from synth.checkpoint.installing import install_models

        install_models(options.install)
    cards = catalogue().values()
    lines = [f"{c.id}\t{c.duration:.2f} s, {c.sample_rate} Hz\t{', '.join(c.categories)}" for c in cards]
    show(options, [c.to_dict() for c in cards], lines or [NO_MODELS.format(paths.models())])


# -- render -----------------------------------------------------------------------------------------------------------


def add_render(verbs: Any) -> None:
    p = verb(verbs, "render", run_render, "Render sounds to files.", report=True)
    p.add_argument("--model", help=f"model id (default: the patch's, or {INSTRUMENT.model})")
    p.add_argument("--category", help="category (default: the model's first)")
    p.add_argument("--seed", type=int, help=f"first seed (default {INSTRUMENT.seed})")
    p.add_argument("--count", type=count, default=1, help="how many sounds, of consecutive seeds (default 1)")
    p.add_argument("--patch", type=Path, help="JSON file, or a sound with an embedded patch, to start from")
    p.add_argument("--psi", type=float, help="truncation, 0..2")
    p.add_argument("--set", nargs="+", default=[], metavar="NAME=VALUE", dest="sliders", help="sliders, -5..5")
    p.add_argument("--phase", help=f"one of {', '.join(PHASES)}")
    p.add_argument("--lufs", type=float, help=f"integrated loudness, -60..0 (default {INSTRUMENT.lufs:g})")
    _controls(p)
    p.add_argument("--seconds", type=float, help="of a scene that goes on, in constant memory (wav, flac)")
    p.add_argument("--format", choices=SUBTYPES, default="wav")
    p.add_argument(
        "--rate", type=int, help=f"Hz of the files: {', '.join(map(str, EXPORT_RATES))} (default: the model's)"
    )
    p.add_argument("--device", default="auto", help="auto, cpu or cuda")
    p.add_argument("--out", type=Path, required=True, help="folder to write into")


CONTROLS = ("pitch", "stretch", "attacks", "length", "start", "end", "width", "loop")


def _controls(p: argparse.ArgumentParser) -> None:
    """Options of the decoder; what is not given is the patch's."""
    yes_no: Any = {"action": argparse.BooleanOptionalAction, "default": None}
    p.add_argument("--pitch", type=float, help="semitones, -24..24")
    p.add_argument("--stretch", type=float, help="times as long at the same pitch, 0.25..4")
    p.add_argument("--attacks", help="stretching leaves attacks as they are", **yes_no)
    p.add_argument("--length", type=float, help="seconds, 0.05..60 (default: as the model learnt)")
    p.add_argument("--start", help="begin 2 ms before the onset (default: what the model's kind asks for)", **yes_no)
    p.add_argument("--end", help="end where it has fallen by 60 dB", **yes_no)
    p.add_argument("--width", type=float, help="of the stereo image, 0..1")
    p.add_argument("--loop", help="let the end run into the beginning", **yes_no)


def run_render(options: argparse.Namespace) -> None:
    from synth.instruments.loading import load

    base = _patch(options)
    instrument = load(base.model, options.device)
    options.out.mkdir(parents=True, exist_ok=True)
    category = base.category or next(iter(instrument.card.categories), None)
    patches = [replace(base, category=category, seed=base.seed + i) for i in range(options.count)]
    paths = [options.out / f"{_named(patch)}.{options.format}" for patch in patches]
    write = _render if options.seconds is None else _render_on
    write(instrument, patches, paths, options)
    show(options, [str(path) for path in paths], [str(path) for path in paths])


def _named(patch: Any) -> str:
    return "-".join(filter(None, (patch.model, patch.category, str(patch.seed))))


def _render(instrument: Any, patches: list[Any], paths: list[Path], options: argparse.Namespace) -> None:
    """A file of each patch."""
    from synth.pool import cores

    sounds = instrument.renders(patches, threads=min(cores(), len(patches)))
    for sound, path in zip(sounds, paths, strict=True):
        sound.save(path, rate=options.rate)


def _render_on(instrument: Any, patches: list[Any], paths: list[Path], options: argparse.Namespace) -> None:
    """A file of each patch as a scene that goes on."""
    from synth.sound.stream import CROSSFADE, cut, exported, write

    for patch, path in zip(patches, paths, strict=True):
        blocks = cut(instrument.endless(patch), options.seconds, CROSSFADE)
        write(path, exported(blocks, options.rate), seconds=options.seconds)


def _patch(options: argparse.Namespace) -> Any:
    """The patch of --patch, or the default one, with what the other options change."""
    from synth.patch.patch import Patch
    from synth.sound.patch_file import read_patch

    base = Patch() if options.patch is None else read_patch(options.patch)
    named = {k: getattr(options, k) for k in ("model", "category", "seed", "psi", "phase", "lufs", *CONTROLS)}
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


# -- resynth ----------------------------------------------------------------------------------------------------------


def add_resynth(verbs: Any) -> None:
    p = verb(verbs, "resynth", run_resynth, "Analyse a recording and put it back together.", report=True)
    p.add_argument("input", type=Path, metavar="IN")
    p.add_argument("output", type=Path, metavar="OUT")
    p.add_argument("--codec", default="GaussianLogSTFT", help="GaussianLogSTFT, LogMel, MelDecibels or Waveform")
    p.add_argument("--phase", default="pghi+gl", help=f"one of {', '.join(SEARCHES)}")


def run_resynth(options: argparse.Namespace) -> None:
    from synth.sound.resynth import resynthesise
    from synth.sound.sound import Sound

    given = Sound.load(options.input)
    tell(given)
    sound, convergence = resynthesise(given, options.codec, options.phase)
    sound.save(options.output)
    report = {"file": str(options.output), "spectral_convergence_db": round(convergence, 2)}
    show(options, report, [f"{options.output}: spectral convergence {convergence:.1f} dB"])


# -- encode -----------------------------------------------------------------------------------------------------------


def add_encode(verbs: Any) -> None:
    text = "Print a patch (JSON) that makes about the same sound as a recording, for render --patch or POST /infer."
    p = verb(verbs, "encode", run_encode, text)
    p.add_argument("input", type=Path, metavar="IN", help="a WAV, FLAC, OGG or MP3 file of up to half an hour")
    p.add_argument("--model", required=True)
    p.add_argument("--category", help="category (default: the one that fits best)")
    p.add_argument("--start", type=weight, metavar="S", help="where the part begins, s (default: where it is loudest)")
    p.add_argument("--steps", type=steps, default=USUAL_STEPS, help=f"of a search, 0 for none (default {USUAL_STEPS})")
    p.add_argument("--keep", action="store_true", help="keep what the model cannot make, beside the latent")
    p.add_argument("--device", default="auto", help="auto, cpu or cuda")


def run_encode(options: argparse.Namespace) -> None:
    from synth.instruments.style import StyleInstrument
    from synth.sound.excerpt import chosen
    from synth.sound.pieces import read_recording

    recording = read_recording(str(options.input), options.input)
    tell(recording)
    instrument = StyleInstrument.load(options.model, options.device)
    part = chosen(recording, options.start, instrument.card.duration)
    patch = instrument.match(part, options.category)
    if options.steps:
        step = spend(Budget(steps=options.steps), instrument.refine(patch, part))
        patch = replace(patch, latent=tuple(step.ws.flatten().tolist()))
    if options.keep:
        patch = instrument.completed(patch, part)
    print(json.dumps(patch.to_dict(short=True)))


# -- bench ------------------------------------------------------------------------------------------------------------


def add_bench(verbs: Any) -> None:
    p = verb(verbs, "bench", run_bench, "Print this machine's latencies from patch to sound.", report=True)
    p.add_argument("--model", help="model id (default: the first)")
    p.add_argument("--count", type=count, default=30, help="renders to time (default 30)")
    p.add_argument("--device", default="auto")


def run_bench(options: argparse.Namespace) -> None:
    from synth.instruments.bench import latencies

    report = latencies(options.model, options.count, options.device)
    show(options, report, [f"{name:20} {value} ms" for name, value in report.items()])
