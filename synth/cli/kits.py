"""`kit`: sounds on the keys of a sampler.

Heavy modules are imported by the verb that needs them.
"""

from __future__ import annotations

import argparse
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from synth.choices import INSTRUMENT, KIT_FORMATS
from synth.cli.options import show, verb


def add_kit(verbs: Any) -> None:
    text = "Render a kit of up to 16 pads, with velocity layers and round robins, for a sampler."
    p = verb(verbs, "kit", run_kit, text, report=True)
    p.add_argument("--pads", type=Path, required=True, metavar="KIT.TOML", help="what is on the pads: see docs/kits.md")
    p.add_argument("--model", default=INSTRUMENT.model, help=f"of pads that name none (default {INSTRUMENT.model})")
    p.add_argument("--format", choices=KIT_FORMATS, default=KIT_FORMATS[0])
    p.add_argument("--device", default="auto", help="auto, cpu or cuda")
    p.add_argument("--out", type=Path, required=True, help="folder to write into, new or empty")


def run_kit(options: argparse.Namespace) -> None:
    from synth.checkpoint.store import catalogue
    from synth.instruments.loading import load
    from synth.kits.export import write_kit
    from synth.kits.kit_file import fitted, read_kit
    from synth.patch.patch import Patch
    from synth.pool import cores

    kit = fitted(read_kit(options.pads, Patch(model=options.model)), catalogue())
    source = lru_cache(partial(load, device=options.device))
    names = write_kit(kit, source, options.format, options.out, threads=cores())
    report = {"folder": str(options.out), "files": names}
    show(options, report, [f"{options.out}: {len(names)} files"])
