"""`publish`, `evaluate`, `directions`, `presets`, `map`, `report`: what is made of a run.

Heavy modules are imported by the verb that needs them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from synth.cli.options import count, show, verb

# -- publish ----------------------------------------------------------------------------------------------------------


def add_publish(verbs: Any) -> None:
    p = verb(verbs, "publish", run_publish, "Turn a run into a checkpoint that every page lists.", report=True)
    p.add_argument("run_folder", type=Path, metavar="RUN")
    p.add_argument("--id", required=True, dest="model", help="model id, e.g. my_drums")
    p.add_argument("--title", help="name shown to people (default: from the id)")
    p.add_argument("--data", type=Path, help="where the recordings are now, if they or the run have moved")
    p.add_argument("--newest", action="store_true", help="the newest state instead of the best by FAD")
    p.add_argument("--yamnet", type=Path, help="YAMNet weights (safetensors), where the run was taught through them")
    p.add_argument("--bare", action="store_true", help="without the sliders Brightness, Rate and Sustain: quicker")


def run_publish(options: argparse.Namespace) -> None:
    from synth.checkpoint.families import SPACE, can
    from synth.checkpoint.store import load_card
    from synth.publishing.publish import publish
    from synth.publishing.sliders import own_sliders
    from synth.runs.run import Run

    run = Run.open(options.run_folder)
    if options.data:
        with run.lock():
            run.change([], options.data)
    folder = publish(run, options.model, title=options.title, newest=options.newest, yamnet=options.yamnet)
    if not options.bare and can(load_card(folder).family, SPACE):
        own_sliders(folder)
    show(options, {"folder": str(folder)}, [f"published to {folder}"])


# -- evaluate ---------------------------------------------------------------------------------------------------------


def add_evaluate(verbs: Any) -> None:
    p = verb(verbs, "evaluate", run_evaluate, "Score a model against the valid split of a data folder.", report=True)
    p.add_argument("--model", required=True)
    p.add_argument("--data", type=Path, required=True)
    p.add_argument("--count", type=count, default=512, help="sounds to draw (default 512)")
    p.add_argument("--yamnet", type=Path, help="YAMNet weights (safetensors), to score in its space too")
    p.add_argument("--quick", action="store_true", help="the model beside floor and ceiling, and no more")
    p.add_argument("--update-card", action="store_true", help="write the figures into the model's card")


def run_evaluate(options: argparse.Namespace) -> None:
    from synth.publishing.evaluate import evaluate
    from synth.publishing.tables import plain

    wanted = {"update": options.update_card, "quick": options.quick}
    report = evaluate(options.model, options.data, options.count, options.yamnet, **wanted)
    show(options, report, plain(report))


# -- directions -------------------------------------------------------------------------------------------------------


def add_directions(verbs: Any) -> None:
    text = "Find a model's semantic sliders in two ways, and measure how straight they are."
    p = verb(verbs, "directions", run_directions, text, report=True)
    p.add_argument("--model", required=True)
    p.add_argument("--count", type=count, default=64, help="seeds to measure on (default 64)")
    p.add_argument("--orthogonal", action="store_true", help="put the prototypes' directions at right angles")
    p.add_argument("--update-card", action="store_true", help="install the better of each slider in the model")


def run_directions(options: argparse.Namespace) -> None:
    from synth.publishing.sliders import semantic_directions
    from synth.publishing.tables import linearity

    report = semantic_directions(
        options.model, options.count, orthogonal=options.orthogonal, update=options.update_card
    )
    show(options, report, linearity(report))


# -- presets ----------------------------------------------------------------------------------------------------------


def add_presets(verbs: Any) -> None:
    text = "Find sounds to begin with, in each category of a model, and name them."
    p = verb(verbs, "presets", run_presets, text, report=True)
    p.add_argument("--model", required=True)
    p.add_argument("--data", type=Path, required=True, help="the recordings that it was trained on")
    p.add_argument("--yamnet", type=Path, help="YAMNet weights (safetensors), to listen by its space too")
    p.add_argument("--update-card", action="store_true", help="write them into the model's card")


def run_presets(options: argparse.Namespace) -> None:
    from synth.publishing.finding_presets import presets

    found = presets(options.model, options.data, options.yamnet, update=options.update_card)
    lines = [
        f"{category}: {', '.join('{name} ({seed})'.format(**one) for one in of)}" for category, of in found.items()
    ]
    show(options, found, lines)


# -- map ------------------------------------------------------------------------------------------------------------


def add_map(verbs: Any) -> None:
    text = "Lay a model's sounds and training clips out in the plane, for the page Map."
    p = verb(verbs, "map", run_map, text, report=True)
    p.add_argument("--model", required=True)
    p.add_argument("--data", type=Path, required=True, help="the recordings that it was trained on")
    p.add_argument("--points", type=count, default=5000, help="clips and drawn sounds in all (default 5000)")
    p.add_argument("--update-card", action="store_true", help="publish it with the model")


def run_map(options: argparse.Namespace) -> None:
    from synth.publishing.charting import chart

    made = chart(options.model, options.data, options.points, update=options.update_card)
    told = {"clips": len(made.clips), "drawn": len(made.seeds), "method": made.method}
    show(options, told, [f"{len(made.clips)} clips and {len(made.seeds)} drawn sounds, laid out by {made.method}"])


# -- report -----------------------------------------------------------------------------------------------------------


def add_report(verbs: Any) -> None:
    p = verb(verbs, "report", run_report, "Write RUN/report.html: curves, pictures, sounds, settings.", report=True)
    p.add_argument("run_folder", type=Path, metavar="RUN")


def run_report(options: argparse.Namespace) -> None:
    from synth.runs.report import write_report

    path = str(write_report(options.run_folder))
    show(options, {"file": path}, [path])
