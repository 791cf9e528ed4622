"""`python -m synth VERB`: see synth.cli.command."""

import sys

from synth.cli.command import main

if __name__ == "__main__":
    sys.exit(main())
