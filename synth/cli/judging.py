"""`listen`: blind listening tests, made, listed, and counted.

Heavy modules are imported by the verb that needs them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from synth.cli.options import count, show, steps, verb
from synth.errors import ListeningError

SOURCE = "model:ID, model:ID/CATEGORY, presets:ID, a folder, or a file"


def add_listen(verbs: Any) -> None:
    text = "Blind listening tests: A or B, ABX, ratings."
    p = verbs.add_parser("listen", help=text, description=text)
    under = p.add_subparsers(metavar="VERB", required=True)
    p = verb(under, "new", run_new, "Make a test; the page Listen has its link.", report=True)
    p.add_argument("name", metavar="NAME", help="of its folder: small letters, digits, - and _")
    p.add_argument("--kind", choices=("ab", "abx", "mushra"), default="ab", help="(default ab)")
    p.add_argument("--set", action="append", default=[], dest="sets", metavar="NAME=SOURCE", help=SOURCE)
    p.add_argument("--reference", metavar="SOURCE", help="of ratings: also hidden among the sounds, with an anchor")
    p.add_argument("--trials", type=count, default=12, help="sounds of each set, at most (default 12)")
    p.add_argument("--seed", type=steps, default=0, help="of the models' sounds and of all orders (default 0)")
    p.add_argument("--title", default="", help="shown to listeners")
    p.add_argument("--question", default="", help="shown to listeners")
    p.add_argument("--device", default="auto", help="auto, cpu or cuda")
    verb(under, "list", run_list, "List the tests and who answered.", report=True)
    p = verb(under, "results", run_results, "What listeners said, with confidence intervals.", report=True)
    p.add_argument("name", metavar="NAME")
    p.add_argument("--out", type=Path, metavar="CSV", help="also write the figures into a file")
    p.add_argument("--answers", type=Path, metavar="CSV", help="also write every answer into a file")


def run_new(options: argparse.Namespace) -> None:
    from functools import lru_cache, partial

    from synth.instruments.loading import load
    from synth.judging.listening_test import create
    from synth.judging.sets import gathered

    source = lru_cache(partial(load, device=options.device))
    wanted = {"count": options.trials, "seed": options.seed, "load": source}
    sets = [gathered(name, place, **wanted) for name, place in map(_named, options.sets)]
    reference = gathered("reference", options.reference, **wanted) if options.reference else None
    told = {"title": options.title, "question": options.question, "reference": reference, "seed": options.seed}
    made = create(options.name, options.kind, sets, **told)
    lines = [f"{made.folder}: {len(made.trials)} trials; listeners open /listen?test={made.name} of the web app"]
    show(options, {"folder": str(made.folder), "trials": len(made.trials)}, lines)


def _named(text: str) -> tuple[str, str]:
    name, equals, source = text.partition("=")
    if not (name and equals and source):
        raise ListeningError(f"--set {text} is no NAME=SOURCE: the source is {SOURCE}")
    return name, source


def run_list(options: argparse.Namespace) -> None:
    from synth.judging.answering import everybody
    from synth.judging.listening_test import every

    told = [
        {"name": t.name, "kind": t.kind, "trials": len(t.trials), "listeners": len(everybody(t)[0])} for t in every()
    ]
    lines = ["{name}\t{kind}\t{trials} trials\t{listeners} listeners".format(**one) for one in told]
    show(options, told, lines or ["no tests: make one with listen new"])


def run_results(options: argparse.Namespace) -> None:
    import sys
    from dataclasses import asdict

    from synth.judging.answering import everybody
    from synth.judging.listening_test import find
    from synth.judging.verdicts import answers_csv, left_out, results_csv, verdicts
    from synth.storage import write_text

    test = find(options.name)
    answers, faults = everybody(test)
    for fault in faults:
        print(f"left out: {fault}", file=sys.stderr)
    for path, written in ((options.out, results_csv), (options.answers, answers_csv)):
        if path:
            write_text(path.absolute(), written(test, answers))
    found = verdicts(test, answers)
    lines = [f"{v.what}\t{v.figure:.3g} ({v.low:.3g} to {v.high:.3g}), n = {v.n}{_chance(v.p)}" for v in found]
    lines += (
        [f"left out, as they do not hear the reference: {', '.join(gone)}"] if (gone := left_out(test, answers)) else []
    )
    show(options, [asdict(verdict) for verdict in found], lines or ["nobody has answered yet"])


def _chance(p: float | None) -> str:
    return "" if p is None else f", p = {p:.2g}"
