"""`python -m sonoform VERB`: as `python -m synth VERB`, under the name that was installed."""

import sys

from synth.cli.command import main

if __name__ == "__main__":
    sys.exit(main())
