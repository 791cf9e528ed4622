#!/usr/bin/env bash
# aisfx 0.1.2 (without its own pins, which ask for librosa 0.9.2 and numpy 1.23.0), librosa 0.11.0, numpy 2.4.6, torch 2.13.0.
# Guess: `main(..., spectrogram_type="librosa")` cuts a sound into blocks of 100 frames of time, as the default, Essentia,
#   does, so that a longer file has more embeddings.
# Seen: librosa's spectrogram comes as (96 bands, frames), and `blocking` cuts its first axis: whatever the length, there
#   is one block, of 96 bands and four rows of zeros, with time where the network expects bands. Transposed first, 10 s
#   are 7 blocks and 30 s are 24.
# What helps: handing `blocking` the spectrogram as (frames, bands).
# Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --no-deps aisfx==0.1.2
"$folder/env/bin/pip" install --quiet torch==2.13.0
"$folder/env/bin/pip" install --quiet librosa==0.11.0 numpy==2.4.6 soundfile==0.14.0 tqdm==4.67.1
cd "$folder"
"$folder/env/bin/python" - <<'PYTHON'
import numpy as np
import soundfile
from aisfx.preprocessing import blocking
from aisfx.spectrogram.spectrogram_librosa import compute_spectrogram

RATE, WINDOW, HOP, BANDS = 44100, 2048, 1024, 96
FRAMES, EVERY = 100, 50  # of an embedding, and from one to the next

for seconds in (10, 30):
    noise = 0.1 * np.random.default_rng(seconds).standard_normal(seconds * RATE)
    soundfile.write("noise.wav", noise, RATE)
    found = compute_spectrogram("noise.wav", RATE, WINDOW, HOP, BANDS, 0.0, RATE / 2)
    cut, turned = blocking(found, FRAMES, EVERY, True), blocking(found.T, FRAMES, EVERY, True)
    print(f"{seconds} s: spectrogram {found.shape}, blocks {cut.shape}; of its transpose {turned.shape}")
    assert found.shape[0] == BANDS and cut.shape == (1, FRAMES, found.shape[1])
    assert not cut[0, BANDS:].any(), "rows of zeros"
    assert len(turned) == (found.shape[1] - FRAMES) // EVERY + 1
PYTHON
