"""`library`: sounds that were kept, listed, searched, taken out, taken in and checked.

Heavy modules are imported by the verb that needs them.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from synth import paths
from synth.choices import EXPORT_RATES, SUBTYPES
from synth.cli.options import count, show, verb

SHOWN = 50


def add_library(verbs: Any) -> None:
    p = verbs.add_parser("library", help="Sounds that were kept.", description="Sounds that were kept.")
    under = p.add_subparsers(metavar="VERB", required=True)
    _listing(verb(under, "list", run_list, "List the sounds that were kept.", report=True))
    p = verb(under, "search", run_list, "Find sounds by words, or by a sound that they are like.", report=True)
    p.add_argument("words", nargs="*", metavar="WORD", help="in names, tags, notes, categories, or what sliders say")
    _listing(p)
    p = verb(under, "export", run_export, "Write sounds into a zip: a list of them, and their files.", report=True)
    p.add_argument("words", nargs="*", metavar="WORD", help="of those that are taken (default: all)")
    p.add_argument("--format", choices=SUBTYPES, help="of the files, with UCS names (default: none, only the list)")
    rates = ", ".join(map(str, EXPORT_RATES))
    p.add_argument("--rate", type=int, help=f"Hz of the files: {rates} (default: the models')")
    p.add_argument("--device", default="auto", help="auto, cpu or cuda")
    p.add_argument("--out", type=Path, required=True, metavar="ZIP")
    p = verb(under, "import", run_import, "Keep the sounds of zips, patches, saved sounds, folders.", report=True)
    p.add_argument("inputs", nargs="+", type=Path, metavar="IN")
    verb(under, "check", run_check, "Read all of the library, and say whether it is whole.", report=True)


def _listing(p: argparse.ArgumentParser) -> None:
    p.add_argument("--history", action="store_true", help="the last sounds that were heard, kept or not")
    p.add_argument("--sort", default="newest", help="newest, oldest, name, stars or category")
    p.add_argument("--limit", type=count, default=SHOWN, help=f"how many (default {SHOWN})")


def run_list(options: argparse.Namespace) -> None:
    from synth.library.finding import Wanted
    from synth.library.library import library

    words = " ".join(getattr(options, "words", []))
    wanted = Wanted(words, "heard" if options.history else "kept", sort=options.sort)
    entries = library().find(wanted, options.limit)
    _show(options, entries)


def _show(options: argparse.Namespace, entries: Sequence[Any]) -> None:
    from synth.library.carrying import described

    lines = [f"{e.name}\t{'*' * e.stars}\t{e.model}, {e.category}\t{', '.join(e.tags)}" for e in entries]
    none = "no sounds: keep some with the heart, the key K or `sonoform library import`"
    show(options, [described(entry) for entry in entries], lines or [none])


def run_export(options: argparse.Namespace) -> None:
    from functools import lru_cache, partial

    from synth.errors import LibraryError
    from synth.instruments.loading import load
    from synth.library.carrying import files
    from synth.library.finding import Wanted
    from synth.library.library import library
    from synth.sound.formats import sound_file
    from synth.zips import write_zip

    entries = library().find(Wanted(" ".join(options.words)))
    if not entries:
        raise LibraryError("there are no such sounds: leave out some words, or keep sounds first")
    source = lru_cache(partial(load, device=options.device))
    with sound_file(options.out) as fresh:
        write_zip(fresh, files(entries, source, options.format, options.rate))
    show(options, {"file": str(options.out), "sounds": len(entries)}, [f"{options.out}: {len(entries)} sounds"])


def run_import(options: argparse.Namespace) -> None:
    import sys

    from synth.library.carrying import take
    from synth.library.library import library

    taken = 0
    for path in options.inputs:
        some, faults = take(library(), path)
        taken += some
        for fault in faults:
            print(f"left out: {fault}", file=sys.stderr)
    show(options, {"sounds": taken}, [f"{taken} sounds"])


def run_check(options: argparse.Namespace) -> None:
    from synth.library.finding import SCOPES, Wanted
    from synth.library.library import library

    library().database.check()
    counts = {scope: library().count(Wanted(scope=scope)) for scope in SCOPES}
    told = ", ".join(f"{number} {scope}" for scope, number in counts.items())
    show(options, {"file": str(paths.library()), **counts}, [f"{paths.library()} is whole: {told}"])
