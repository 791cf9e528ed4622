"""`prepare`, `survey`: recordings, before a model learns from them.

Heavy modules are imported by the verb that needs them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from synth.cli.options import positive, show, verb, weight
from synth.errors import SonoformError

# -- prepare ----------------------------------------------------------------------------------------------------------


def add_prepare(verbs: Any) -> None:
    p = verb(verbs, "prepare", run_prepare, "Cut long recordings into the clips of a training folder.", report=True)
    p.add_argument("input", type=Path, metavar="IN", help="a recording, or a folder of them (sub-folders: categories)")
    p.add_argument("--seconds", type=positive, required=True, help="length of a clip")
    p.add_argument("--out", type=Path, required=True, help="folder to make; it must be new or empty")
    p.add_argument("--mode", default="fixed", help="fixed: one clip after the other; onsets: one for each sound")
    p.add_argument("--overlap", type=weight, default=0.0, help="fixed: share of a clip that the next repeats, 0..0.9")
    p.add_argument("--gap", type=positive, help="onsets: least seconds from one to the next (default SECONDS / 4)")
    p.add_argument("--silence", type=positive, default=40.0, help="dB below the loud parts to drop (default 40)")
    p.add_argument("--category", help="one category for all recordings (default: as the sub-folders are named)")


def run_prepare(options: argparse.Namespace) -> None:
    from synth.cli.progress import part_done
    from synth.recordings.cutting import Cutting
    from synth.recordings.prepare import prepare

    cutting = Cutting(options.seconds, options.mode, options.overlap, options.gap, options.silence)
    with part_done("preparing") as bar:
        made = prepare(options.input, options.out, cutting, options.category, bar)
    lines = [f"{name}: {n['train']} clips, {n['valid']} more held out" for name, n in made.clips.items()]
    lines += [f"{made.recordings} recordings, {made.seconds_kept:.1f} s kept, {made.seconds_dropped:.1f} s dropped"]
    lines += [f"warning: {text}" for text in made.warnings]
    show(options, made.to_dict(), [*lines, f"prepared {made.folder}"])


# -- survey -----------------------------------------------------------------------------------------------------------


def add_survey(verbs: Any) -> None:
    p = verb(verbs, "survey", run_survey, "Look at a folder or zip of recordings before training.", report=True)
    p.add_argument("input", type=Path, metavar="IN", help="a folder with one sub-folder per category, or a zip of one")
    p.add_argument("--preset", default="hits_scratches", help="for the length and rate (default hits_scratches)")
    p.add_argument("--unpack", type=Path, metavar="DIR", help="keep what a zip holds in this new folder")


def run_survey(options: argparse.Namespace) -> None:
    import tempfile

    from synth.cli.progress import part_done
    from synth.recipes.presets import preset
    from synth.recordings.archive import unpack
    from synth.recordings.survey import survey

    codec = preset(options.preset).codec
    if options.unpack and options.input.is_dir():
        raise SonoformError(f"{options.input} is a folder, not a zip: leave out --unpack")
    with tempfile.TemporaryDirectory() as temporary, part_done("listening") as bar:
        folder = options.input
        if folder.is_file():
            folder = unpack(folder, options.unpack or Path(temporary) / folder.stem)
        found = survey(folder, codec.sample_rate, codec.samples / codec.sample_rate, bar)
    show(options, found.to_dict(), _survey_lines(found))


def _survey_lines(found: Any) -> list[str]:
    """A survey as a table, the files and the sentences."""
    from synth.publishing.tables import table

    rows = [[name, c.clips, f"{c.seconds:.1f}"] for name, c in found.categories.items()]
    lines = table(["category", "clips", "seconds"], [*rows, ["all", found.clips, f"{found.seconds:.1f}"]])
    files = [f"{n} {kind}" for kind, n in found.formats.items()] + [f"{n} at {r} Hz" for r, n in found.rates.items()]
    lines += [f"files: {', '.join(files)}"] if files else []
    return [*lines, *(f"cannot train: {t}" for t in found.blocking), *(f"warning: {t}" for t in found.warnings)]
