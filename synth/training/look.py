"""`python -m synth.training.look`: what the web app asks about sounds, in a process of its own.

look FOLDER --seconds S --rate R prints a survey as JSON; look ZIP --unpack FOLDER unpacks an archive.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from synth.errors import SonoformError
from synth.training.archive import unpack
from synth.training.survey import survey


def main(arguments: Sequence[str] | None = None) -> int:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("source", type=Path)
    p.add_argument("--seconds", type=float, default=2.048)
    p.add_argument("--rate", type=int, default=16000)
    p.add_argument("--unpack", type=Path, metavar="FOLDER")
    options = p.parse_args(arguments)
    try:
        if options.unpack:
            unpack(options.source, options.unpack)
        else:
            print(json.dumps(survey(options.source, options.rate, options.seconds).to_dict()))
    except SonoformError as error:
        print(f"sonoform: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
