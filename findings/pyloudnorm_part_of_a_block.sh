#!/usr/bin/env bash
# pyloudnorm 0.2.0, numpy 2.4.6, scipy 1.17.1.
# Guess: a steady tone reads the same loudness whatever its length, from one gating block (400 ms) on, and 997 Hz at
#   full scale in one channel reads -3.01 LKFS, as ITU-R BS.1770-4 says.
# Seen: blocks are counted by rounding, so one that is more than half a step (50 ms) full is measured and divided by its
#   whole length: .46 s reads .22 LU less than .44 s (BS.1770-4 leaves such a block out). And the default filters read
#   -3.05 at 48 kHz: their high-pass is divided by a0 above the line too. filter_class="DeMan" reads -3.01.
# What helps: filters of the class DeMan, and cutting a sound to whole steps of 100 ms before it is measured.
# Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet pyloudnorm==0.2.0 numpy==2.4.6 scipy==1.17.1
"$folder/env/bin/python" - <<'PYTHON'
import numpy as np
import pyloudnorm

RATE = 48000
tone = np.sin(2.0 * np.pi * 997.0 * np.arange(2 * RATE) / RATE)
read = {}
for filters in ("K-weighting", "DeMan"):
    meter = pyloudnorm.Meter(RATE, filter_class=filters)
    read[filters] = [float(meter.integrated_loudness(tone[: round(RATE * s)])) for s in (2.0, 0.44, 0.46)]
    print(filters, *(f"{loudness:.3f}" for loudness in read[filters]))
    whole, without, within = read[filters]
    assert abs(without - whole) < 0.005, "a part of a block that is less than half a step full is left out"
    assert 0.2 < without - within < 0.24, "one that is more than half full is counted as a whole one"
assert abs(read["K-weighting"][0] + 3.052) < 0.002
assert abs(read["DeMan"][0] + 3.010) < 0.002
PYTHON
