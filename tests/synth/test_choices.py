"""One table of defaults for both doors, and what it says of how they differ."""

from __future__ import annotations

import subprocess
import sys

from synth.choices import DIFFERENCE, INSTRUMENT, SERVICE
from synth.cli.command import parser
from synth.config import Config
from synth.patch.patch import Patch


def test_both_doors_take_their_defaults_from_the_table():
    assert (Patch().model, Patch().seed, Patch().lufs) == (INSTRUMENT.model, INSTRUMENT.seed, INSTRUMENT.lufs)
    played = Config().patch()
    assert (played["model"], played["lufs"]) == (SERVICE.model, SERVICE.lufs)
    assert "seed" not in played, "drawn anew each time"


def test_help_says_how_they_differ():
    verbs = next(action for action in parser()._actions if action.choices and "infer" in action.choices).choices
    assert {name for name, verb in verbs.items() if verb.epilog == DIFFERENCE} == {"infer", "api"}
    assert "plays soundgan, another seed each time, with its true peak at -1 dBTP" in DIFFERENCE


def test_help_is_told_without_the_heavy_half_of_the_library():
    code = "import synth.cli.command, sys; print([name for name in ('numpy', 'torch', 'rich') if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
